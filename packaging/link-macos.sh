#!/usr/bin/env bash
# Links for macOS where there is no Mac: packaging/link-macos.sh TARGET... builds the programs for
# each target with zig's linker, which pip has. It proves that they link, not that they run.
#
# Exits with 77 and the reason where zig can't be had.
set -euo pipefail
cd "$(dirname "$0")/.."

zig=$PWD/${CARGO_TARGET_DIR:-target}/zig
python=$zig/bin/python
if ! "$python" -c 'import ziglang' 2>/dev/null; then
    if ! said=$( (python3 -m venv "$zig" && "$zig/bin/pip" install --quiet ziglang) 2>&1); then
        printf 'zig can not be had: %s\n' "$(tail -n 1 <<<"$said")"
        exit 77
    fi
fi

for target in "$@"; do
    linker=$zig/link-$target
    # Nothing of ours calls iconv, and zig has no stub of it.
    cat >"$linker" <<END
#!/usr/bin/env bash
words=()
for word in "\$@"; do [ "\$word" = -liconv ] || words+=("\$word"); done
exec '$python' -m ziglang cc -target ${target%%-*}-macos "\${words[@]}"
END
    chmod +x "$linker"
    variable=CARGO_TARGET_$(tr 'a-z-' 'A-Z_' <<<"$target")_LINKER
    # There is no SDK; any folder keeps the compiler from looking for one.
    env "$variable=$linker" SDKROOT="$zig" cargo build --quiet --target "$target" -p supervisord -p svcctl
    for program in supervisord svcctl; do
        built=${CARGO_TARGET_DIR:-target}/$target/debug/$program
        # The magic of a 64-bit Mach-O.
        [ "$(od -An -tx4 -N4 "$built" | tr -d ' ')" = feedfacf ]
    done
done
