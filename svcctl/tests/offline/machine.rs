//! check: what a definition names and this machine lacks.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::folder::Folder;

/// The one warning about a definition with these keys; `DIR` in them is the folder.
#[track_caller]
fn warning(folder: &Folder, keys: &str) -> String {
    let dir = folder.path().to_str().unwrap();
    let program = if keys.contains("\"Program") { "" } else { "\"Program\": \"/bin/sh\"," };
    let text = format!("{{\"Label\": \"web\", {program} \"KeepAlive\": true, {keys}}}");
    folder.file("web.json", &text.replace("DIR", dir));
    let ran = folder.svcctl(&["check", "web.json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{keys}: {}", ran.stdout);
    let mut lines = ran.stdout.lines().filter(|line| line.contains(": warning: "));
    let line = lines.next().unwrap_or_default().replace(dir, "DIR");
    assert_eq!(lines.next(), None, "{keys}");
    line.trim_start_matches("web.json: warning: ").to_owned()
}

fn script(folder: &Folder, text: &str) {
    let file = folder.file("run", text);
    fs::set_permissions(file, Permissions::from_mode(0o755)).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_system_on_which_rotation_may_lose_lines_is_named() {
    let folder = Folder::with(&[]);
    let said = |log: &str| {
        let text = format!(
            "{{\"Label\": \"web\", \"Program\": \"/bin/sh\", \"KeepAlive\": true, {log} \
             \"StandardOutPath\": \"/dev/shm/web.log\"}}"
        );
        folder.file("web.json", &text);
        folder.svcctl(&["check", "web.json"]).stdout
    };
    let output = said("\"Supervisor\": {\"Log\": {\"Keep\": 3}},");
    // On a machine without a file system in memory there is nothing to find.
    if std::path::Path::new("/dev/shm").is_dir() {
        assert!(output.contains("note: StandardOutPath is"), "{output}");
        assert!(output.contains("may be lost; use ext4, xfs"), "{output}");
    }
    assert!(!said("").contains("may be lost"), "it is not rotated");
}

#[test]
fn a_program_that_can_not_be_executed() {
    let folder = Folder::with(&[("plain", "#!/bin/sh\n")]);
    for (keys, line) in [
        ("\"Program\": \"DIR/gone\"", "Program is \"DIR/gone\", which does not exist"),
        ("\"Program\": \"DIR/plain/x\"", "Program is \"DIR/plain/x\", which does not exist"),
        ("\"Program\": \"DIR\"", "Program is \"DIR\", which is a folder"),
        (
            "\"ProgramArguments\": [\"DIR/plain\"]",
            "ProgramArguments[0] is \"DIR/plain\", which is not executable; chmod +x DIR/plain",
        ),
        (
            "\"ProgramArguments\": [\"webd\"], \"EnvironmentVariables\": {\"PATH\": \"/bin:DIR\"}",
            "ProgramArguments[0] is \"webd\", which is not found on its PATH (/bin:DIR); \
             write the full path",
        ),
        ("\"ProgramArguments\": [\"sh\"]", ""),
    ] {
        assert_eq!(warning(&folder, keys), line, "{keys}");
    }
}

#[test]
fn a_script_that_nothing_can_interpret() {
    let folder = Folder::with(&[]);
    for (text, line) in [
        ("#!/bin/sh\nexit\n", ""),
        ("#! /bin/sh -e\nexit\n", ""),
        ("#!/usr/bin/env sh\nexit\n", ""),
        ("\u{7f}ELF\u{1}\u{2}", ""),
        ("#!/gone/python\n", "a script whose interpreter /gone/python does not exist"),
        (
            "#!/bin/sh\r\nexit\r\n",
            "a script whose interpreter is \"/bin/sh\\r\"; save it with Unix line ends",
        ),
        (
            "#!/usr/bin/env python9\n",
            "a script run by python9, which is not found on its PATH \
             (/usr/local/bin:/usr/local/sbin:/usr/bin:/bin:/usr/sbin:/sbin); \
             set PATH in EnvironmentVariables",
        ),
        (
            "echo hello\n",
            "which is neither a program nor begins with #! and an interpreter; \
             write #!/bin/sh, or what it is for, in its first line",
        ),
    ] {
        script(&folder, text);
        let line = match line {
            "" => String::new(),
            line => format!("Program is \"DIR/run\", {line}"),
        };
        assert_eq!(warning(&folder, "\"Program\": \"DIR/run\""), line, "{text:?}");
    }
}

#[test]
fn folders_files_and_accounts_that_are_not_there() {
    let folder = Folder::with(&[("file", "")]);
    for (keys, line) in [
        ("\"WorkingDirectory\": \"DIR\"", ""),
        ("\"WorkingDirectory\": \"DIR/x\"", "WorkingDirectory is \"DIR/x\", which does not exist"),
        (
            "\"WorkingDirectory\": \"DIR/file\"",
            "WorkingDirectory is \"DIR/file\", which is not a folder",
        ),
        ("\"StandardInPath\": \"DIR/x\"", "StandardInPath is \"DIR/x\", which does not exist"),
        ("\"StandardOutPath\": \"DIR/log\"", ""),
        ("\"StandardOutPath\": \"/dev/null\"", ""),
        (
            "\"StandardOutPath\": \"DIR/a b/log\"",
            "StandardOutPath is \"DIR/a b/log\", but there is no folder DIR/a b; mkdir -p 'DIR/a b'",
        ),
        (
            "\"StandardErrorPath\": \"DIR\"",
            "StandardErrorPath is \"DIR\", which is a folder; name a file",
        ),
        ("\"UserName\": \"root\"", ""),
        (
            "\"UserName\": \"nobody-at-all\"",
            "UserName is \"nobody-at-all\", no user of this machine",
        ),
        ("\"GroupName\": \"0\"", ""),
        (
            "\"GroupName\": \"no-such-group\"",
            "GroupName is \"no-such-group\", no group of this machine",
        ),
    ] {
        assert_eq!(warning(&folder, keys), line, "{keys}");
    }
}

#[test]
fn a_root_directory_is_where_the_rest_is_looked_for() {
    let folder = Folder::with(&[("jail/only-inside/data", "")]);
    let keys = "\"RootDirectory\": \"DIR/jail\", \"Program\": \"/only-inside\", \"WorkingDirectory\": \"/only-inside\"";
    assert_eq!(warning(&folder, keys), "Program is \"/only-inside\", which is a folder");
}

/// Root may write everywhere, so this says something only for others.
#[test]
fn logs_that_may_not_be_written() {
    let folder = Folder::with(&[("closed/log", "")]);
    let closed = folder.path().join("closed");
    fs::set_permissions(&closed, Permissions::from_mode(0o555)).unwrap();
    let is_root = fs::write(closed.join("probe"), "").is_ok();
    let line = warning(&folder, "\"StandardOutPath\": \"DIR/closed/new\"");
    let expected = "StandardOutPath is \"DIR/closed/new\", but you may not write in DIR/closed";
    assert_eq!(line, if is_root { "" } else { expected });
    fs::set_permissions(&closed, Permissions::from_mode(0o755)).unwrap();
}

/// What another system is asked about alone, this machine has no say in.
#[test]
fn a_machine_is_only_looked_at_for_its_own_system() {
    let folder = Folder::with(&[("web.json", "{\"Label\": \"web\", \"Program\": \"/gone/web\"}")]);
    let ran = folder.svcctl(&["check", "--os", "windows", "web.json"]);
    assert!(!ran.stdout.contains("does not exist"), "{}", ran.stdout);
    let ran = folder.svcctl(&["check", "--os", "all", "web.json"]);
    assert!(ran.stdout.contains("does not exist"), "{}", ran.stdout);
}
