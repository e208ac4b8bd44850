#!/usr/bin/env bash
# Runs the tests that hold for Windows, under wine: tests/wine/test.sh [ARGUMENTS OF THE TEST BINARY]
#
# In a prefix of its own below target/, whose processes are all ended with it. What wine can't show
# is listed in WINDOWS.md. SKIPPED, and why, is said where wine or the cross compiler is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=x86_64-pc-windows-gnu

skip() {
    echo "SKIPPED everything on Windows: $1" >&2
    exit 0
}
for command in wine wineserver x86_64-w64-mingw32-gcc; do
    command -v "$command" >/dev/null || skip "there is no $command"
done

export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$PWD/tests/wine/run.sh
export WINEPREFIX=$PWD/${CARGO_TARGET_DIR:-target}/wine
# Nothing can be built from under wine.
export SVC_BUILT=1

cargo build --quiet --target "$target" --workspace --bins
cargo test --quiet --target "$target" --no-run -p protocol -p supervisord -p tests
cargo test --quiet --target "$target" --no-run -p svcctl --bins --test offline

trap 'wineserver --kill || true' EXIT
# Wine's services end with its last program: one stays, so that they are there for all tests.
tests/wine/run.sh "target/$target/debug/puppet.exe" &

cargo test --quiet --target "$target" -p protocol --lib
# What is written for systemd and its like has paths that are none here.
cargo test --quiet --target "$target" -p supervisord --lib -- --skip registration
# The manual is checked where it is written.
cargo test --quiet --target "$target" -p svcctl --bins --test offline -- --skip manual
# Not by exec, which would forget to end wine.
timeout --kill-after=10 "${WINE_TESTS_TIME:-480}" \
    cargo test --quiet --target "$target" -p tests --test scenarios -- "$@"
