//! check: each mistake in the words a person sees, with the line to click on.

use serde_json::Value;

use crate::folder::{Folder, xml};

/// What is found in a definition with that body beside `KeepAlive`, without what is only a note.
fn findings(body: &str) -> (Option<i32>, Vec<String>) {
    let folder =
        Folder::with(&[("web.plist", &xml(&format!("{body}<key>KeepAlive</key><true/>")))]);
    let ran = folder.svcctl(&["check", "web.plist"]);
    assert_eq!(ran.stderr, "", "{body}");
    let lines = ran.stdout.lines().filter(|line| !line.contains(": note: "));
    (ran.code, lines.map(str::to_owned).collect())
}

#[test]
fn each_mistake_is_one_line_that_says_where_what_and_what_to_do() {
    let cases = [
        (
            "<key>KeepAliv</key><true/>",
            0,
            "web.plist:5: warning: KeepAliv is not a known key and has no effect; \
             did you mean KeepAlive?",
        ),
        (
            "<key>throttleinterval</key><integer>3</integer>",
            0,
            "web.plist:5: warning: ThrottleInterval is spelled \"throttleinterval\"; \
             write ThrottleInterval",
        ),
        (
            "<key>RunAtLoad</key>\n<string>true</string>",
            0,
            "web.plist:6: warning: RunAtLoad is a string, must be a boolean; ignored; write <true/>",
        ),
        (
            "<key>Nice</key><integer>99</integer>",
            0,
            "web.plist:5: warning: Nice is 99, must be from -20 to 20; ignored",
        ),
        (
            "<key>WorkingDirectory</key><string>~/web</string>",
            0,
            "web.plist:5: warning: WorkingDirectory is \"~/web\", which is taken as written: \
             `~` and variables are not expanded; write the full path",
        ),
        (
            "<key>Program</key><string>bin/web</string>",
            1,
            "web.plist:5: error: Program is \"bin/web\", which is not an absolute path; \
             write the full path",
        ),
        (
            "<key>Supervisor</key><dict>\n<key>KillMode</key><string>Gently</string></dict>",
            1,
            "web.plist:6: error: Supervisor.KillMode is \"Gently\", \
             must be one of Tree, Mixed, Process",
        ),
        (
            "<key>Crashed</key><true/>",
            0,
            "web.plist:5: warning: Crashed is not a known key and has no effect; \
             it belongs inside KeepAlive",
        ),
    ];
    for (body, code, line) in cases {
        assert_eq!(findings(body), (Some(code), vec![line.to_owned()]), "{body}");
    }
}

#[test]
fn all_faults_come_at_once_by_line() {
    let folder = Folder::with(&[(
        "web.plist",
        "<plist><dict>\n<key>Label</key><string>a/b</string>\n<key>ProgramArguments</key>\n\
         <array/>\n<key>Umaks</key><integer>18</integer>\n</dict></plist>\n",
    )]);
    let ran = folder.svcctl(&["check", "web.plist"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(
        ran.stdout,
        "web.plist:2: error: Label contains '/', which a label may not\n\
         web.plist:3: error: ProgramArguments is empty; give ProgramArguments: the program, then \
         each argument, each a string of its own\n\
         web.plist:5: warning: Umaks is not a known key and has no effect; did you mean Umask?\n"
    );
}

#[test]
fn what_is_no_definition_is_refused_with_what_it_is() {
    let folder = Folder::with(&[("web.plist", "[Unit]\nDescription=x\n"), ("empty.plist", "")]);
    let ran = folder.svcctl(&["check", "web.plist"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (
            Some(1),
            "web.plist: error: not a property list: it looks like a systemd unit; \
             give a launchd property list: XML, binary, OpenStep or JSON\n"
        )
    );
    let ran = folder.svcctl(&["check", "gone.plist"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.starts_with("cannot read gone.plist: "), "{}", ran.stderr);
}

#[test]
fn strict_takes_warnings_for_errors() {
    let folder = Folder::with(&[("web.plist", &xml("<key>KeepAliv</key><true/>"))]);
    assert_eq!(folder.svcctl(&["check", "web.plist"]).code, Some(0));
    let ran = folder.svcctl(&["check", "--strict", "web.plist"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("web.plist:5: error: KeepAliv "), "{}", ran.stdout);
}

#[test]
fn a_folder_is_summed_up_and_labels_given_twice_are_found() {
    let folder = Folder::with(&[
        ("services/a.plist", &xml("<key>RunAtLoad</key><true/>")),
        ("services/b.plist", &xml("<key>RunAtLoad</key><true/>")),
        ("services/c.json", "{\"Label\": 7}"),
        ("services/notes.txt", "not ours"),
        ("services/below/d.plist", "nobody looks"),
    ]);
    let ran = folder.svcctl(&["check", "services"]);
    assert_eq!(ran.code, Some(1));
    let lines: Vec<&str> = ran.stdout.lines().filter(|line| !line.contains(": note: ")).collect();
    let a = std::path::Path::new("services").join("a.plist").display().to_string();
    let second = format!("Label is \"web\", as in {a}:3; give each service a label of its own");
    assert!(lines.iter().any(|line| line.ends_with(&second)), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("c.json: error: Label is ")), "{lines:#?}");
    assert_eq!(lines.last(), Some(&"3 files: 1 good, 1 with warnings, 1 with errors"));
}

#[test]
fn the_table_tells_what_each_system_does_with_each_key() {
    let body = "<key>SessionCreate</key><true/>\n<key>UserName</key><string>web</string>";
    let folder = Folder::with(&[("web.plist", &xml(body))]);
    let ran = folder.svcctl(&["check", "--os", "windows,macos", "web.plist"]);
    let table: Vec<&str> = ran.stdout.lines().skip_while(|line| !line.contains("(web):")).collect();
    let row = |key: &str| table.iter().position(|line| line.trim_start().starts_with(key)).unwrap();
    assert_eq!(table[1], "  KEY               LINE  macos          windows");
    assert_eq!(
        table[row("SessionCreate")],
        "  SessionCreate        5  not available  not available"
    );
    assert_eq!(
        table[row("SessionCreate") + 1],
        "    macos, windows: login sessions of this kind exist on macOS only, for its own launchd"
    );
    assert!(table[row("UserName")].ends_with("  refused"), "{table:#?}");
    assert_eq!(
        table[row("UserName") + 1],
        "    windows: Windows starts a program as another user only with a password"
    );
    let all = folder.svcctl(&["check", "--os", "all", "web.plist"]).stdout;
    assert!(all.contains("LINE  linux          macos          windows\n"), "{all}");
    let unknown = folder.svcctl(&["check", "--os", "beos", "web.plist"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("linux, macos, windows, or all"), "{}", unknown.stderr);
}

/// What another system refuses is no reason for this one to.
#[test]
#[cfg(unix)]
fn what_only_another_system_refuses_is_a_warning() {
    let folder = Folder::with(&[("web.plist", &xml("<key>UserName</key><string>root</string>"))]);
    let words = ["check", "--os", "windows", "web.plist"];
    let ran = folder.svcctl(&words);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stdout.starts_with("web.plist:5: warning: UserName can't be honoured on windows: ")
    );
    assert_eq!(folder.svcctl(&[&words[..], &["--strict"]].concat()).code, Some(1));
}

#[test]
fn programs_get_the_same_as_json() {
    let folder = Folder::with(&[("web.plist", &xml("<key>KeepAliv</key><true/>"))]);
    let read =
        |words: &[&str]| -> Value { serde_json::from_str(&folder.svcctl(words).stdout).unwrap() };
    let one = read(&["--json", "check", "web.plist", "--os", "linux"]);
    assert_eq!((&one["file"], &one["label"]), (&"web.plist".into(), &"web".into()));
    assert_eq!(one["good"], true);
    let faults = one["faults"].as_array().unwrap();
    let fault = faults.iter().find(|fault| fault["severity"] == "warning").unwrap();
    assert_eq!((&fault["key"], &fault["line"]), (&"KeepAliv".into(), &5.into()));
    assert_eq!(
        (&fault["severity"], &fault["help"]),
        (&"warning".into(), &"did you mean KeepAlive?".into())
    );
    assert_eq!(one["keys"][0]["linux"]["support"], "honoured");
    let several = read(&["--json", "check", "web.plist", "web.plist"]);
    assert_eq!(several.as_array().unwrap().len(), 2);
    assert_eq!(read(&["--json", "check", "gone.plist", "lost.plist"]), serde_json::json!([]));
}

#[test]
fn what_nothing_starts_is_said() {
    let folder = Folder::with(&[
        ("web.plist", &xml("")),
        ("kept.plist", &xml("<key>KeepAlive</key><true/>")),
    ]);
    let ran = folder.svcctl(&["check", "web.plist"]);
    let line = "web.plist: note: nothing starts it by itself: no RunAtLoad, no KeepAlive, \
                no other trigger; svcctl start web does\n";
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
    assert!(!folder.svcctl(&["check", "kept.plist"]).stdout.contains("nothing starts it"));
    let mach = xml("<key>MachServices</key><dict><key>web</key><true/></dict>");
    let ran = folder.svcctl_fed(&["check", "-"], &mach);
    assert!(
        ran.stdout
            .contains("standard input:5: warning: MachServices is the only reason to start it")
    );
    assert!(!ran.stdout.contains("nothing starts it"), "{}", ran.stdout);
}
