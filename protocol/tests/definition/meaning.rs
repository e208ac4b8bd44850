//! What keys come to mean once typed, and the quirks that are decided here.

use crate::support::read_body;
use protocol::definition::{
    Calendar, Conditions, Definition, KeepAlive, LogMode, ProcessType, Propagate, ReadyKind,
    RestartOn, Service, SocketType, UNLIMITED,
};
use std::time::Duration;

fn body(body: &str) -> Definition {
    read_body(body).definition.unwrap()
}

#[test]
fn defaults_are_those_of_launchd() {
    let plain = body("");
    assert_eq!(plain.throttle_interval, Duration::from_secs(10));
    assert_eq!(plain.stop_timeout(), Some(Duration::from_secs(20)));
    assert!(plain.rare.init_groups && !plain.run_at_load && !plain.disabled);
    assert_eq!(plain.keep_alive, KeepAlive::Never);
    assert_eq!(plain.umask, None);
    assert_eq!((plain.executable(), plain.arguments().len()), ("/bin/web", 1));
}

#[test]
fn program_and_arguments_stand_in_for_one_another() {
    let both = body("<key>Program</key><string>/bin/other</string>");
    assert_eq!((both.executable(), both.arguments()), ("/bin/other", &["/bin/web".to_owned()][..]));
    let mut alone = both;
    alone.program_arguments.clear();
    assert_eq!(alone.arguments(), ["/bin/other"]);
}

#[test]
fn keep_alive_in_all_its_forms() {
    let when = |conditions| KeepAlive::When(Box::new(conditions));
    let unset = Conditions::default;
    for (text, keep_alive) in [
        ("<key>KeepAlive</key><true/>", KeepAlive::Always),
        ("<key>KeepAlive</key><false/>", KeepAlive::Never),
        ("<key>KeepAlive</key><dict/>", KeepAlive::Never),
        ("<key>OnDemand</key><false/>", KeepAlive::Always),
        ("<key>OnDemand</key><true/>", KeepAlive::Never),
        ("<key>OnDemand</key><false/><key>KeepAlive</key><false/>", KeepAlive::Never),
        (
            "<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>",
            when(Conditions { successful_exit: Some(false), ..unset() }),
        ),
        (
            "<key>KeepAlive</key><dict><key>Crashed</key><true/>\
            <key>PathState</key><dict><key>/b</key><true/><key>/a</key><false/></dict></dict>",
            when(Conditions {
                crashed: Some(true),
                path_state: vec![("/a".to_owned(), false), ("/b".to_owned(), true)],
                ..unset()
            }),
        ),
        (
            "<key>KeepAlive</key><dict><key>AfterInitialDemand</key><true/></dict>",
            when(Conditions { after_initial_demand: true, ..unset() }),
        ),
    ] {
        assert_eq!(body(text).keep_alive, keep_alive, "{text}");
    }
}

#[test]
fn umask_as_number_and_as_text() {
    for (text, bits) in [
        ("<integer>18</integer>", 0o022),
        ("<string>022</string>", 0o022),
        ("<string>18</string>", 0o022),
        ("<string>0x12</string>", 0o022),
        ("<string>0</string>", 0),
        ("<integer>49663</integer>", 0o777),
    ] {
        assert_eq!(body(&format!("<key>Umask</key>{text}")).umask, Some(bits), "{text}");
    }
}

#[test]
fn of_a_key_given_twice_the_last_counts() {
    let twice = read_body("<key>Nice</key><integer>1</integer><key>nice</key><integer>2</integer>");
    assert_eq!(twice.definition.unwrap().nice, Some(2));
}

#[test]
fn times_and_limits() {
    let never = body("<key>ExitTimeOut</key><integer>0</integer>");
    assert_eq!(never.stop_timeout(), None);
    let lifted = body("<key>ThrottleInterval</key><integer>0</integer>");
    assert_eq!(lifted.throttle_interval, Duration::ZERO);
    let limited = body(
        "<key>SoftResourceLimits</key><dict><key>NumberOfFiles</key><integer>1024</integer>\
         <key>Core</key><integer>9223372036854775807</integer></dict>",
    );
    let given: Vec<_> = limited.rare.soft_limits.given().collect();
    assert_eq!(given, [("Core", UNLIMITED), ("NumberOfFiles", 1024)]);
}

#[test]
fn calendars_one_and_many() {
    let entry = Calendar { hour: Some(3), minute: Some(30), ..Calendar::default() };
    let one =
        "<dict><key>Hour</key><integer>3</integer><key>Minute</key><integer>30</integer></dict>";
    let single = body(&format!("<key>StartCalendarInterval</key>{one}"));
    assert_eq!(single.rare.start_calendar, std::slice::from_ref(&entry));
    let many = body(&format!("<key>StartCalendarInterval</key><array>{one}<dict/></array>"));
    assert_eq!(many.rare.start_calendar, [entry, Calendar::default()]);
}

#[test]
fn sockets_by_name_one_and_many() {
    let sockets = body(
        "<key>Sockets</key><dict><key>Web</key><dict><key>SockServiceName</key>\
         <integer>80</integer></dict>\
         <key>Log</key><array><dict><key>SockType</key><string>dgram</string>\
         <key>SockPathName</key><string>/run/log</string><key>SockPathMode</key>\
         <integer>438</integer></dict></array></dict>\
         <key>inetdCompatibility</key><dict><key>Wait</key><true/></dict>",
    );
    let rare = &sockets.rare;
    let names: Vec<&str> = rare.sockets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Log", "Web"]);
    let (log, web) = (&rare.sockets[0].1[0], &rare.sockets[1].1[0]);
    assert_eq!((log.kind, log.path_mode), (SocketType::Datagram, Some(0o666)));
    assert_eq!((&web.service_name, web.is_passive), (&Some(Service::Port(80)), true));
    assert!(rare.inetd.as_ref().is_some_and(|inetd| inetd.wait));
}

#[test]
fn old_names_and_keys_of_launchd_alone() {
    let old = body("<key>POSIXSpawnType</key><string>Interactive</string>");
    assert_eq!(old.rare.process_type, ProcessType::Interactive);
    let apple = body(
        "<key>SessionCreate</key><true/><key>RunAtLoad</key><true/>\
        <key>MachServices</key><dict><key>a</key><true/></dict>",
    );
    let names: Vec<&str> = apple.rare.launchd_only.names().collect();
    assert_eq!(names, ["MachServices", "SessionCreate"]);
    assert!(apple.to_xml().contains("<key>SessionCreate</key>"));
}

#[test]
fn what_launchd_cannot_say() {
    let definition = body(
        "<key>Supervisor</key><dict>\
         <key>Requires</key><dict><key>db</key><dict><key>Propagate</key><string>Restart</string>\
         </dict><key>cache</key><dict/></dict><key>After</key><array><string>net</string></array>\
         <key>Ready</key><dict><key>Kind</key><string>Tcp</string><key>Address</key>\
         <string>:80</string><key>Timeout</key><real>2.5</real></dict>\
         <key>Restart</key><dict><key>On</key><string>Failure</string><key>SuccessExitCodes</key>\
         <array><integer>3</integer></array><key>Signals</key><array><string>SIGINT</string>\
         </array></dict>\
         <key>StopSignal</key><integer>2</integer><key>Instances</key><integer>2</integer>\
         <key>Log</key><dict><key>Mode</key><string>Pipe</string><key>MaxSize</key>\
         <string>10M</string></dict><key>EnvironmentFile</key><string>/etc/web.env</string></dict>",
    );
    let ours = &definition.rare.supervisor;
    let passed_on: Vec<_> = ours
        .requires
        .iter()
        .map(|(label, requirement)| (label.as_str(), requirement.propagate))
        .collect();
    assert_eq!(passed_on, [("cache", Propagate::Stop), ("db", Propagate::Restart)]);
    let ready = ours.ready.as_ref().unwrap();
    assert_eq!(ready.kind, ReadyKind::Tcp);
    assert_eq!(ready.timeout, Some(Duration::from_millis(2500)));
    let restart = ours.restart.as_ref().unwrap();
    assert_eq!((restart.on, restart.success_exit_codes.as_slice()), (RestartOn::Failure, &[3][..]));
    assert_eq!(restart.signals, ["INT"]);
    assert_eq!(ours.stop_signal.as_deref(), Some("INT"));
    assert_eq!((ours.log.mode, ours.log.max_size), (LogMode::Pipe, Some(10 << 20)));
    assert_eq!((ours.instances, ours.environment_files.len()), (2, 1));
}

#[test]
fn requirements_as_a_plain_list() {
    let definition = body(
        "<key>Supervisor</key><dict><key>Requires</key><array><string>db</string>\
         <string>cache</string></array></dict>",
    );
    let labels: Vec<&str> =
        definition.rare.supervisor.requires.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["cache", "db"]);
}
