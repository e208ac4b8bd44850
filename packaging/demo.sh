#!/usr/bin/env bash
# Shows it at work: builds, starts a supervisor in a folder of its own, adds the examples, kills
# one and watches it come back. Leaves the supervisor running, unless --stop-after is given.
set -euo pipefail
cd "$(dirname "$0")/.."

stop_after=false
case "${1:-}" in
"") ;;
--stop-after) stop_after=true ;;
*)
    echo "usage: packaging/demo.sh [--stop-after]" >&2
    exit 2
    ;;
esac

base="${TMPDIR:-/tmp}/supervisord-demo-$(id -u)"
target="${CARGO_TARGET_DIR:-target}/release"

bold=''
plain=''
if [ -t 1 ]; then
    bold=$'\033[1m'
    plain=$'\033[0m'
fi
step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
fail() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}
svcctl() { "$base/bin/svcctl" --base "$base" "$@"; }
show() {
    printf '$ svcctl %s\n' "$*"
    svcctl "$@"
}

# Succeeds as soon as the command does, tried for about ten seconds.
eventually() {
    local left=100
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.1
    done
}

# The first port from the given one on that nobody answers on.
free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        port=$((port + 10))
    done
    echo "$port"
}

health() {
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'GET /health HTTP/1.0\r\n\r\n' >&3
    tail -n 1 <&3
    exec 3<&-
}
healthy() { [[ "$(health "$1" 2>/dev/null)" == ok* ]]; }

# The demo's folder is ours alone: in a folder everyone may write to, a name proves nothing.
fresh_folder() {
    if [ -L "$base" ] || { [ -e "$base" ] && [ ! -O "$base" ]; }; then
        fail "$base is not yours; set TMPDIR to a folder that is"
    fi
    if [ -e "$base" ]; then
        [ -e "$base/this-is-the-demo" ] || fail "$base is not the demo's; move it away"
        if svcctl ping >/dev/null 2>&1; then
            svcctl shutdown >/dev/null
        fi
        rm -rf "$base"
    fi
    (umask 077 && mkdir -p "$base/bin" "$base/examples")
    touch "$base/this-is-the-demo"
}

# Copies a definition of examples/ with the demo's folder and a free port in it.
fill_in() {
    local name=$1 usual=$2 port=$3
    sed -e "s|/opt/examples|$base/examples|g" -e "s|<string>$usual</string>|<string>$port</string>|" \
        "examples/$name.plist" >"$base/examples/$name.plist"
}

step "Building (the first time takes a minute or two)"
cargo build --quiet --release -p supervisord -p svcctl -p rust-http
fresh_folder
cp "$target/supervisord" "$target/svcctl" "$base/bin/"
cp "$target/rust-http" examples/heartbeat.sh "$base/examples/"
go_is_there=false
if command -v go >/dev/null; then
    if (cd examples/go-http && GOPROXY=off CGO_ENABLED=0 GOFLAGS=-mod=mod \
        go build -o "$base/examples/go-http" .); then
        go_is_there=true
    else
        echo "go could not build its example; the demo goes on without it"
    fi
else
    echo "go is not installed; the demo goes on without the Go example"
fi

step "Starting a supervisor below $base"
"$base/bin/supervisord" --base "$base" --daemonize
show ping

step "Adding the examples"
my_port=$(free_port 8080)
rust_port=$(free_port 8082)
fill_in my-service 8080 "$my_port"
fill_in rust-http 8082 "$rust_port"
fill_in script - -
examples=("$base/examples/my-service.plist" "$base/examples/rust-http.plist" "$base/examples/script.plist")
if $go_is_there; then
    go_port=$(free_port 8081)
    fill_in go-http 8081 "$go_port"
    examples+=("$base/examples/go-http.plist")
fi
for example in "${examples[@]}"; do
    show add "$example"
done
show add sleeper -- sleep infinity

step "What runs"
show list
ports=("$my_port" "$rust_port")
if $go_is_there; then ports+=("$go_port"); fi
for port in "${ports[@]}"; do
    eventually healthy "$port" || fail "nobody answers on port $port"
    echo "http://127.0.0.1:$port/health says: $(health "$port")"
done

step "Killing one"
before=$(svcctl list | awk '$3 == "rust-http" { print $1 }')
echo "$ kill -9 $before"
kill -9 "$before"
came_back() {
    local now
    now=$(svcctl list | awk '$3 == "rust-http" { print $1 }')
    [[ "$now" =~ ^[0-9]+$ ]] && [ "$now" != "$before" ]
}
eventually came_back || fail "rust-http did not come back"
show list
after=$(svcctl list | awk '$3 == "rust-http" { print $1 }')
echo "rust-http was pid $before and is pid $after; Status -9 tells how its last run ended."
eventually healthy "$rust_port" || fail "rust-http came back but does not answer"

if $stop_after; then
    step "Ending"
    show shutdown
    if svcctl ping >/dev/null 2>&1; then fail "the supervisor is still there"; fi
    rm -rf "$base"
    exit 0
fi

step "Try next"
cat <<END
    export PATH="$base/bin:\$PATH" SUPERVISORD_BASE="$base"
    svcctl status rust-http
    svcctl logs -f heartbeat
    svcctl stop sleeper         # it stays down, also over a restart of supervisord
    svcctl list --json
    svcctl shutdown             # ends every service and the supervisor
END
