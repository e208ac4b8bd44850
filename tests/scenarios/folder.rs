//! The services folder while it is read: what changes meanwhile, and what can't be read.

use std::fs;
use std::process::Stdio;

use harness::{Daemon, Lease, PATIENCE, skip, wait_until};
use nix::sys::stat::Mode;

#[test]
fn what_changes_while_the_folder_is_read_is_neither_unloaded_nor_loaded_again() {
    let daemon = Daemon::start();
    daemon.service("going").key("KeepAlive", true).add();
    daemon.running("going");
    // Read last, so that all others were by then.
    let held = daemon.service("zzz").key("KeepAlive", true).place();
    let lease = match Lease::take(&held) {
        Ok(lease) => lease,
        Err(why) => return skip("a folder that changes while it is read", &why.to_string()),
    };
    let mut client = daemon.client(&["apply"]);
    let apply = client.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the folder to be read", PATIENCE, || lease.is_awaited());
    daemon.service("coming").key("KeepAlive", true).add();
    let coming = daemon.running("coming");
    daemon.done(&["remove", "going"]);
    assert!(lease.is_awaited(), "the folder is still being read");
    drop(lease);
    let output = apply.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("zzz") && !said.contains("ing"), "{said}");
    assert_eq!(daemon.running("coming"), coming);
    daemon.running("zzz");
    assert!(daemon.row("going").is_null());
    assert_eq!(daemon.count("coming", "start main") + daemon.count("going", "start main"), 2);
}

#[test]
fn what_nobody_writes_is_not_waited_for() {
    let mut daemon = Daemon::prepare();
    let made = ["services/pipe.plist", "settings.plist"].map(|name| daemon.base().join(name));
    made.iter().for_each(|path| nix::unistd::mkfifo(path, Mode::S_IRWXU).unwrap());
    daemon.service("web").place();
    daemon.start_again();
    daemon.running("web");
    let plan = daemon.ctl(&["apply"]);
    for path in &made {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(plan.stderr.contains(name) || plan.stdout.contains(name), "{name}: {plan:?}");
    }
    assert!((plan.stdout + &plan.stderr).contains("not a regular file"));
    made.iter().for_each(|path| fs::remove_file(path).unwrap());
    daemon.done(&["apply"]);
}
