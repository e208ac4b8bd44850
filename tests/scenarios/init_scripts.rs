//! The daemon registered by a script in /etc/init.d, as on machines without systemd: the script is
//! what is tried, not what runs it at boot.

use harness::{Machine, Output, PATIENCE, skip, wait_until};

fn pid(machine: &Machine) -> String {
    machine.done(&["cat", "/run/supervisord/pid"])
}

fn web(machine: &Machine) -> String {
    let list = machine.done(&["svcctl", "list"]);
    list.lines().nth(1).unwrap_or_default().to_owned()
}

fn lives(machine: &Machine, pid: &str) -> bool {
    machine.path(&format!("/proc/{pid}/exe")).exists()
}

/// A daemon is registered, serves, is killed and found again, and goes.
fn serve(machine: &Machine, manager: &str) {
    let run = |verb| machine.run(&["supervisord", verb, "--manager", manager]);
    let done = |verb| {
        let output = run(verb);
        assert!(output.code == 0 && output.stderr.is_empty(), "{verb}: {output:?}");
        output.stdout
    };
    assert_eq!(run("status").code, 4);
    let said = done("install");
    assert!(said.contains("supervisord: installed, starts at boot"), "{said}");
    assert_eq!(done("install"), "supervisord: already installed, nothing changed\n");
    assert_eq!(run("status").code, 3);
    done("start");
    assert!(done("start").contains("runs already"));
    let status = done("status");
    let running = format!("supervisord: running, pid {}, since 2", pid(machine));
    assert!(status.starts_with(&running), "{status}");
    machine.done(&["svcctl", "add", "web", "--", "sleep", "infinity"]);
    let before = web(machine);
    let script = |verb| -> Output { machine.run(&["/etc/init.d/supervisord", verb]) };
    assert_eq!(script("status").code, 0);

    let killed = pid(machine);
    machine.done(&["kill", "-KILL", &killed]);
    wait_until("the daemon to die", PATIENCE, || !lives(machine, &killed));
    assert_ne!(script("status").code, 0);
    assert_eq!(run("status").code, 3);
    assert_eq!(script("restart").code, 0);
    assert_eq!(web(machine), before, "its service was taken over");
    let reloaded = script("reload");
    assert_eq!(reloaded.code, 0, "{reloaded:?}");
    assert_eq!(web(machine), before);

    let (daemon, service) = (pid(machine), before.split('\t').next().unwrap().to_owned());
    let said = done("remove");
    assert!(said.contains("what stays"), "{said}");
    assert!(!lives(machine, &daemon) && !lives(machine, &service));
    assert_eq!(run("status").code, 4);
    let left =
        "find /etc/rc?.d /etc/runlevels /etc/init.d -name '*supervisord*' 2>/dev/null || true";
    assert_eq!(machine.done(&["sh", "-c", left]), "");
}

#[test]
fn a_script_of_system_v_starts_stops_and_finds_it_again() {
    let Some(machine) = Machine::boot("init.d") else { return };
    serve(&machine, "sysvinit");
}

#[test]
fn a_script_of_openrc_starts_stops_and_finds_it_again() {
    let Some(machine) = Machine::boot("OpenRC") else { return };
    // Its package would take the place of this machine's own manager: only the other gets it.
    let unpack = "dpkg-deb --fsys-tarfile $package | tar -x --keep-directory-symlink -C /";
    let packages = "openrc libeinfo1 librc1 insserv";
    let fetch = format!(
        "cd /tmp && apt-get download {packages} && for package in *.deb; do {unpack}; done"
    );
    let is_there = |machine: &Machine| machine.run(&["test", "-x", "/sbin/openrc-run"]).code == 0;
    if !is_there(&machine) {
        let fetched = machine.run(&["sh", "-c", &fetch]);
        if !is_there(&machine) {
            return skip("OpenRC", &format!("its package can't be had: {}", fetched.stderr.trim()));
        }
    }
    // As its first runlevel leaves it.
    let states = "daemons exclusive failed hotplugged inactive options scheduled started starting \
                  stopping tmp wasinactive";
    let booted = format!(
        "mkdir /run/openrc && cd /run/openrc && mkdir {states} && echo default >softlevel && \
         rc-depend --update >/tmp/depend 2>&1 || true"
    );
    machine.done(&["sh", "-c", &booted]);
    serve(&machine, "openrc");
}
