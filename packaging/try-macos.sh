#!/usr/bin/env bash
# Tries supervisord on a Mac: builds it, registers one of your own with launchd under a name and a
# folder of its own, lets it run, crash, be upgraded and go, and says what held. Run it in a terminal
# on the Mac's own screen (ssh has no place for agents); nothing of it stays.
#
#   packaging/try-macos.sh           your own launchd
#   sudo packaging/try-macos.sh      the machine's
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

name=supervisord-try
base=$(mktemp -d /tmp/supervisord-try.XXXXXX) || exit 1
base=$(cd "$base" && pwd -P)
bin=$base/bin
if [ "$(id -u)" -eq 0 ]; then
    scope=--system
    domain=system
    list=/Library/LaunchDaemons/$name.plist
else
    scope=--user
    domain=gui/$(id -u)
    list=$HOME/Library/LaunchAgents/$name.plist
fi

passed=0
failed=0
step() { printf '\n%s\n' "$*"; }
check() { # WHAT COMMAND...
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then
        passed=$((passed + 1))
        echo "  pass  $what"
    else
        failed=$((failed + 1))
        echo "  FAIL  $what: $*"
        printf '%s\n' "$said" | sed 's/^/        /'
    fi
}
registered() { "$bin/supervisord" "$1" "$scope" --name "$name" --base "$base/sv" "${@:2}"; }
svcctl() { "$bin/svcctl" --base "$base/sv" "$@"; }

# Succeeds as soon as the command does, tried for about 30 seconds.
eventually() {
    local left=150
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.2
    done
}
fails() { ! "$@"; }
exits_with() { # CODE COMMAND...
    local code=$1
    shift
    "$@"
    [ $? -eq "$code" ]
}
says() { # TEXT COMMAND...
    local text=$1 said
    shift
    said=$("$@" 2>&1)
    echo "$said"
    [[ $said == *"$text"* ]]
}
daemon() { launchctl print "$domain/$name" | awk '$1 == "pid" { print $3; exit }'; }
pid_of() { svcctl list | awk -v label="$1" '$3 == label { print $1 }'; }
same() { [ -n "$1" ] && [ "$1" = "$2" ]; }
is_another() { # PID: the daemon is there, and is not that one
    local now
    now=$(daemon)
    [ -n "$now" ] && [ "$now" != "$1" ] && svcctl ping
}
clean_up() {
    [ ! -e "$list" ] || registered remove >/dev/null 2>&1
    rm -rf "$base"
}
trap clean_up EXIT

if ! command -v launchctl >/dev/null; then
    echo "try-macos: there is no launchctl; this is for a Mac" >&2
    exit 2
fi

step "Building (the first time takes a minute or two)"
if ! cargo build --quiet --release -p supervisord -p svcctl; then
    echo "try-macos: it does not build" >&2
    exit 1
fi
mkdir -p "$bin"
cp "${CARGO_TARGET_DIR:-target}/release/supervisord" "${CARGO_TARGET_DIR:-target}/release/svcctl" "$bin/"

step "Installing"
check "nothing is registered before" exits_with 4 registered status
check "install" registered install
check "a second install changes nothing" says "nothing changed" registered install
check "it is registered and does not run" exits_with 3 registered status
check "start" registered start
check "a daemon answers" eventually svcctl ping
check "it runs" registered status

step "Adding services"
check "add" svcctl add sleeper -- sleep 100000
check "add one that is stopped" svcctl add stopped -- sleep 100000
check "stop it" svcctl stop stopped
sleeper=$(pid_of sleeper)
check "it has a process" kill -0 "$sleeper"

step "Crashing the service"
kill -9 "$sleeper"
check "it comes back" eventually svcctl wait sleeper --timeout 20
check "under another pid" fails same "$sleeper" "$(pid_of sleeper)"
sleeper=$(pid_of sleeper)

step "Crashing the daemon three times"
for round in 1 2 3; do
    before=$(daemon)
    kill -9 "$before"
    check "launchd starts it again ($round)" eventually is_another "$before"
    check "the service was left alone ($round)" same "$sleeper" "$(pid_of sleeper)"
done
check "what was stopped is down" says "down" svcctl status stopped

step "Upgrading"
before=$(daemon)
check "upgrade" svcctl upgrade "$bin/supervisord"
check "the daemon has the same pid" same "$before" "$(daemon)"
check "the service was left alone" same "$sleeper" "$(pid_of sleeper)"

step "Stopping and starting, one right after the other"
check "stop" registered stop
check "the service has ended" eventually fails kill -0 "$sleeper"
check "start" registered start
check "a daemon answers" eventually svcctl ping
check "the service runs again" eventually svcctl wait sleeper --timeout 20
check "what was stopped is down" says "down" svcctl status stopped

step "Removing"
sleeper=$(pid_of sleeper)
check "remove" registered remove
check "the service has ended" eventually fails kill -0 "$sleeper"
check "its property list is gone" fails test -e "$list"
check "launchd knows nothing of it" fails launchctl print "$domain/$name"
check "it is not registered" exits_with 4 registered status

step "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
