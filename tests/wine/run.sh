#!/usr/bin/env bash
# Runs a Windows program under wine: tests/wine/run.sh PROGRAM.exe ARGUMENTS…
#
# In a prefix of its own (WINEPREFIX, or target/wine), so that nothing of the user's is touched.
# The first call makes the prefix, which takes some seconds. It is cargo's runner for the target
# x86_64-pc-windows-gnu; see tests/wine/test.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export WINEPREFIX=${WINEPREFIX:-$here/../../target/wine} WINEDEBUG=${WINEDEBUG:--all}
# No browser, no .NET, no menus: nothing here has a window.
export WINEDLLOVERRIDES=${WINEDLLOVERRIDES:-mscoree,mshtml,winemenubuilder.exe=}
mkdir -p "$WINEPREFIX"
WINEPREFIX=$(cd "$WINEPREFIX" && pwd)

dll=$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll
if [ ! -e "$dll" ]; then
    exec 9>"$WINEPREFIX/.making"
    flock 9
    if [ ! -e "$dll" ]; then
        wineboot --update >/dev/null 2>&1 9>&- || true
        wineserver --wait 9>&-
        x86_64-w64-mingw32-gcc -O2 -shared -o "$dll.new" "$here/bcryptprimitives.c" -ladvapi32
        mv "$dll.new" "$dll"
    fi
    exec 9>&-
fi

# Debian's wrapper complains that 32-bit programs won't run.
noise='wine32 is missing|multiarch needs|dpkg --add-architecture|apt-get install wine32'
exec wine "$@" 2> >(grep --line-buffered -vE "$noise" >&2)
