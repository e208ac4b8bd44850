#!/usr/bin/env bash
# Sees to it that commands are there: packaging/need.sh COMMAND:DEBIAN-PACKAGE…
#
# Installs what is missing with apt-get, as root or by sudo, and starts none of it. What could not
# be installed is said on standard error; it is the caller's to skip, so this never fails.
set -euo pipefail

missing=()
packages=()
for pair in "$@"; do
    if ! PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null; then
        missing+=("${pair%%:*}")
        packages+=("${pair#*:}")
    fi
done
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null || ! ${as_root[@]+"${as_root[@]}"} true 2>/dev/null; then
    echo "NOT INSTALLED (no apt-get, or not root): ${missing[*]}" >&2
    exit 0
fi

echo "installing ${packages[*]}"
# Debian starts a server when its package is installed, unless this program says no.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | ${as_root[@]+"${as_root[@]}"} tee "$policy" >/dev/null
    ${as_root[@]+"${as_root[@]}"} chmod 755 "$policy"
    trap '${as_root[@]+"${as_root[@]}"} rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt() {
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=120 "$@" </dev/null >"$log" 2>&1
}
log=$(mktemp)
apt update || true
for at in "${!packages[@]}"; do
    if ! apt install -y --no-install-recommends "${packages[at]}"; then
        echo "NOT INSTALLED (apt-get install ${packages[at]} failed): ${missing[at]}" >&2
        tail -n 3 "$log" >&2
    fi
done
rm -f "$log"
