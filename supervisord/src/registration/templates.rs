//! What is packaged is what `install` writes, and what it writes is read back as it was meant.

use std::path::PathBuf;

use protocol::address::Paths;

use super::{DESCRIPTION, Registration, Scope, launchd, openrc, script, systemd, sysvinit};

fn usual(scope: Scope, program: &str, logs: &str) -> Registration {
    let word = if scope == Scope::System { "--system" } else { "--user" };
    Registration {
        name: "supervisord".to_owned(),
        display_name: "supervisord".to_owned(),
        description: DESCRIPTION.to_owned(),
        scope,
        program: program.into(),
        arguments: vec![word.into()],
        log_file: None,
        paths: Paths {
            services: "/etc/supervisord/services".into(),
            state: "/var/lib/supervisord".into(),
            run: "/run/supervisord".into(),
            logs: logs.into(),
        },
        which: String::new(),
    }
}

fn odd() -> Registration {
    Registration {
        name: "other".to_owned(),
        display_name: "A & B's <50%>".to_owned(),
        description: "does $this -- \"and\" that".to_owned(),
        program: "/opt/my tools/supervisord".into(),
        arguments: vec!["--base".into(), "/srv/it's $5 & 100%".into()],
        log_file: Some(PathBuf::from("/var/log/a & b")),
        ..usual(Scope::System, "", "/var/log/supervisord")
    }
}

#[test]
fn what_is_packaged_is_what_install_writes() {
    let (linux, logs) = ("/usr/bin/supervisord", "/var/log/supervisord");
    let (system, user) = (usual(Scope::System, linux, logs), usual(Scope::User, linux, logs));
    assert_eq!(systemd::text(&system), systemd::SYSTEM);
    assert_eq!(systemd::text(&user), systemd::USER);
    assert_eq!(script::text(&openrc::script(&system)), openrc::TEMPLATE);
    assert_eq!(script::text(&sysvinit::script(&system)), sysvinit::TEMPLATE);
    let mac = "/usr/local/bin/supervisord";
    let system = usual(Scope::System, mac, "/Library/Logs/supervisord");
    let user = usual(Scope::User, mac, "/Users/Shared/Logs/supervisord");
    assert_eq!(launchd::text(&system), launchd::DAEMON);
    assert_eq!(launchd::text(&user), launchd::AGENT);
}

#[test]
fn nothing_of_the_usual_is_left_in_what_is_written_for_another() {
    let odd = odd();
    let scripts = [openrc::script(&odd), sysvinit::script(&odd)];
    let scripts = scripts.map(|script| script::text(&script));
    for text in [systemd::text(&odd), launchd::text(&odd)].into_iter().chain(scripts) {
        for usual in
            ["/usr/bin/supervisord", "/usr/local", "--system", DESCRIPTION, "/Library/Logs"]
        {
            assert!(!text.contains(usual), "{usual} is left in\n{text}");
        }
    }
    let unit = systemd::text(&odd);
    let start = r#"ExecStart="/opt/my tools/supervisord" --base "/srv/it's $$5 & 100%%""#;
    assert!(unit.lines().any(|line| line == start), "{unit}");
    let title = "Description=A & B's <50%%>: does $this -- \"and\" that";
    assert!(unit.lines().any(|line| line == title), "{unit}");
}

#[test]
fn property_lists_are_read_as_they_were_meant_by_our_own_reader() {
    for (registration, label) in [(odd(), "other"), (usual(Scope::User, "/x", "/l"), "supervisord")]
    {
        let text = launchd::text(&registration);
        let read = protocol::definition::read(text.as_bytes());
        assert_eq!(read.faults, []);
        let definition = read.definition.unwrap();
        assert_eq!(definition.label, label);
        let words: Vec<String> = std::iter::once(registration.program.as_os_str())
            .chain(registration.arguments.iter().map(std::ffi::OsString::as_os_str))
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        assert_eq!(definition.arguments(), words);
        assert!(definition.rare.abandon_process_group);
    }
}
