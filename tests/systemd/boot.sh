#!/usr/bin/env bash
# Boots this machine's systemd as process 1 of namespaces of its own: tests/systemd/boot.sh FOLDER
#
# Its root is an overlay of ours whose changes are kept in FOLDER (on a tmpfs, since an overlay's
# changes can't lie on an overlay), so that booting with the same FOLDER again is a reboot; /run,
# /tmp, /dev and the control groups are its own. Prints "booted PID", where PID is its process 1 for
# nsenter -t PID -m -u -i -p -C, and lives until standard input ends, which is as if the power
# failed, or until it is powered off from inside. Exits with 77 and the reason where this can't be.
set -euo pipefail

folder=$(realpath "${1:?usage: boot.sh FOLDER}")
root=$folder/root
skip() {
    echo "$*"
    exit 77
}

# Inside the namespaces: makes the root and becomes systemd.
inside() {
    local upper=$folder/changes device name
    mount -t overlay -o "lowerdir=/,upperdir=$upper,workdir=$folder/work" overlay "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    for device in null zero full random urandom tty; do
        touch "$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
    mkdir "$root/dev/shm" "$root/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    for name in stdin:0 stdout:1 stderr:2; do
        ln -s "/proc/self/fd/${name#*:}" "$root/dev/${name%:*}"
    done
    hostname booted
    cd "$root"
    mkdir -p .old
    pivot_root . .old
    umount --lazy /.old
    exec env -i container=tests PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        /lib/systemd/systemd --show-status=no --log-target=journal systemd.unit=multi-user.target
}

# A character device like this is how an overlay says that a name is absent.
hide() {
    local path
    for path in "$@"; do
        if [ -e "$path" ] || [ -L "$path" ]; then
            mkdir -p "$folder/changes${path%/*}"
            mknod "$folder/changes$path" c 0 0
        fi
    done
}

# Before the first boot: nothing that the host starts is started, but what systemd itself needs.
prepare() {
    local units=/usr/lib/systemd/system target wanted
    mkdir -p "$root" "$folder/work" "$folder/changes/etc"
    for target in sysinit timers local-fs remote-fs getty graphical; do
        for wanted in "$units/$target.target.wants"/*; do
            case ${wanted##*/} in
            systemd-journald.service | systemd-journal-flush.service | systemd-tmpfiles-setup.service) ;;
            *) hide "$wanted" ;;
            esac
        done
    done
    hide /etc/systemd/system/*.wants /etc/rc?.d /etc/fstab
    echo 0123456789abcdef0123456789abcdef >"$folder/changes/etc/machine-id"
}

if [ "${BOOT_STAGE:-}" = inside ]; then
    inside
fi

[ "$(id -u)" -eq 0 ] || skip "not root"
[ -x /lib/systemd/systemd ] || skip "there is no systemd here"
groups=$(findmnt --noheadings --output TARGET --types cgroup2 | head -n 1) || true
[ -n "$groups" ] || skip "cgroup2 is not mounted"
group=$groups/supervisord-test-$$
mkdir "$group" 2>/dev/null || skip "control groups can't be made in $groups"
[ -e "$group/cgroup.kill" ] || { rmdir "$group"; skip "the kernel is older than 5.14"; }

power_off() {
    # Whatever of it fails, the rest has to be done.
    set +e
    exec 2>/dev/null
    [ -z "${reader:-}" ] || kill "$reader"
    echo 1 >"$group/cgroup.kill"
    local left=500
    while grep -q 'populated 1' "$group/cgroup.events" && [ "$left" -gt 0 ]; do
        sleep 0.02
        left=$((left - 1))
    done
    find "$group" -depth -type d -exec rmdir {} +
}
trap power_off EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

[ -d "$folder/work" ] || prepare
(
    echo "$BASHPID" >"$group/cgroup.procs"
    BOOT_STAGE=inside exec setpriv --pdeathsig KILL unshare --mount --uts --ipc --pid --cgroup \
        --fork --kill-child=KILL --propagation private "$0" "$folder"
) >"$folder/console" 2>&1 </dev/null &
outer=$!

is_up() {
    pid=$(tr -d ' ' <"/proc/$outer/task/$outer/children") && [ -n "$pid" ] || return 1
    case $(nsenter -t "$pid" -m -u -i -p -C systemctl is-system-running 2>/dev/null) in
    running | degraded) ;;
    *) return 1 ;;
    esac
}
left=3000
until is_up; do
    if ! kill -0 "$outer" 2>/dev/null || [ "$left" -eq 0 ]; then
        cat "$folder/console"
        skip "systemd does not boot here"
    fi
    left=$((left - 1))
    sleep 0.02
done
echo "booted $pid"
# Whichever comes first: nobody needs it any more, or it was powered off.
cat >/dev/null <&0 &
reader=$!
wait -n || true
