//! add: files, folders, standard input, programs.

use std::path::Path;

use protocol::definition::{self, Definition, KeepAlive};
use serde_json::json;

use crate::fake::{Fake, Ran, outcome, ran, run, svcctl};

const WEB: &str = "<!-- ours -->
<plist version=\"1.0\"><dict>
<key>Label</key><string>web</string>
<key>ProgramArguments</key><array><string>/bin/web</string></array>
</dict></plist>
";

fn daemon() -> Fake {
    Fake::answering(outcome("web", "up", Some(4711), ""))
}

/// The definitions that were sent, as text.
fn sent(daemon: &Fake) -> Vec<String> {
    let text =
        |(_, params): (_, serde_json::Value)| params["definition"].as_str().unwrap().to_owned();
    daemon.asked().into_iter().map(text).collect()
}

fn add(daemon: &Fake, path: &Path) -> Ran {
    daemon.svcctl(&["add", path.to_str().unwrap()])
}

#[test]
fn a_file_is_sent_letter_by_letter() {
    let daemon = daemon();
    assert_eq!(add(&daemon, &daemon.file("web.plist", WEB)), ran(0, "web: up, pid 4711\n", ""));
    assert_eq!(daemon.asked(), [("add".to_owned(), json!({ "definition": WEB }))]);
}

#[test]
fn standard_input_and_load_are_taken_too() {
    let daemon = daemon();
    let words = ["add", "-", "--replace", "--timeout=1m"];
    assert_eq!(daemon.svcctl_fed(&words, WEB), ran(0, "web: up, pid 4711\n", ""));
    let file = daemon.file("web.plist", WEB);
    assert_eq!(daemon.svcctl(&["load", "-w", file.to_str().unwrap()]).code, Some(0));
    let asked = daemon.asked();
    assert_eq!(asked[0].1, json!({ "definition": WEB, "replace": true, "timeout_ms": 60_000 }));
    assert_eq!(asked[1].1, json!({ "definition": WEB }));
}

#[test]
fn what_has_no_effect_is_said_once_with_its_line() {
    let file = |daemon: &Fake| {
        let keys = "<key>KeepAliv</key><true/>\n</dict>";
        daemon.file("web.plist", &WEB.replace("</dict>", keys))
    };
    let quiet = daemon();
    let told = add(&quiet, &file(&quiet));
    assert_eq!((told.code, told.stderr.lines().count()), (Some(0), 1), "{told:?}");
    assert!(told.stderr.contains("web.plist: warning: line 5: KeepAliv "), "{}", told.stderr);
    let note = told.stderr.trim_end().split_once("line 5: ").unwrap().1.to_owned();
    let mut noted = outcome("web", "up", Some(4711), "");
    noted["notes"] = json!([note, "the daemon knows more"]);
    let daemon = Fake::answering(noted);
    let told = add(&daemon, &file(&daemon)).stderr;
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.ends_with("\nweb: note: the daemon knows more\n"), "{told}");
}

#[test]
fn of_a_folder_the_good_are_added_and_the_bad_reported() {
    let daemon = daemon();
    daemon.file("services/web.plist", WEB);
    daemon.file("services/api.json", r#"{"Label":"api","Program":"/bin/api"}"#);
    daemon.file("services/notes.txt", "not for us");
    let bad = daemon.file("services/bad.plist", "<plist><dict>");
    let ran = add(&daemon, bad.parent().unwrap());
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(1), 2), "{ran:?}");
    assert!(ran.stderr.starts_with(&format!("cannot read {}: ", bad.display())), "{}", ran.stderr);
    let sent = sent(&daemon);
    assert_eq!(definition::read(sent[0].as_bytes()).definition.unwrap().label, "api");
    assert_eq!(sent[1], WEB);
}

#[test]
fn what_cannot_be_read_says_why_and_asks_no_daemon() {
    let daemon = daemon();
    let empty = daemon.file("empty/none.txt", "");
    let empty = empty.parent().unwrap();
    assert_eq!(
        add(&daemon, Path::new("web")),
        ran(
            1,
            "",
            "cannot read web: No such file or directory; to add a program: \
             svcctl add web -- PROGRAM ARGS\n"
        )
    );
    assert_eq!(
        add(&daemon, Path::new("web.plist")),
        ran(1, "", "cannot read web.plist: No such file or directory\n")
    );
    assert_eq!(
        add(&daemon, empty),
        ran(
            1,
            "",
            &format!(
                "cannot read {}: no *.plist and no *.json is in this folder\n",
                empty.display()
            )
        )
    );
    let huge = daemon.file("huge.plist", &" ".repeat(2 << 20));
    assert_eq!(add(&daemon, &huge).code, Some(1));
    assert_eq!(daemon.asked(), []);
}

fn program(words: &[&str]) -> Definition {
    let daemon = daemon();
    let folder = daemon.file("here/web", "");
    let base = folder.parent().unwrap().parent().unwrap();
    let ran = run(svcctl(base).args(words).current_dir(folder.parent().unwrap()));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let folder = folder.parent().unwrap().canonicalize().unwrap();
    let text = sent(&daemon)[0].replace(folder.to_str().unwrap(), "HERE");
    definition::read(text.as_bytes()).definition.unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn a_program_is_kept_alive_and_found_from_anywhere() {
    let made = program(&["add", "web", "--", "/bin/web", "--port", "80"]);
    let expected =
        Definition::simple("web", ["/bin/web", "--port", "80"].map(str::to_owned).to_vec());
    assert_eq!(made, expected);
    let bare = program(&["add", "web", "--", "no-such-program-anywhere"]);
    assert_eq!(bare.program_arguments, ["no-such-program-anywhere"]);
}

#[test]
fn options_of_a_program_become_keys() {
    let made = program(&[
        "add",
        "web",
        "--env",
        "PORT=80",
        "--env",
        "A=b=c",
        "--directory",
        ".",
        "--stdout",
        "out.log",
        "--stderr",
        "/var/err.log",
        "--umask",
        "027",
        "--nice",
        "-5",
        "--keep-alive",
        "failure",
        "--run-at-load",
        "--throttle",
        "1m",
        "--stop-timeout",
        "0",
        "--user-name",
        "www",
        "--group-name",
        "web",
        "--disabled",
        "--",
        "./web",
        "-v",
    ]);
    assert_eq!(made.program_arguments[1..], ["-v"]);
    assert!(made.program_arguments[0].starts_with("HERE/"), "{:?}", made.program_arguments);
    assert_eq!(made.working_directory.as_deref(), Some("HERE"));
    assert_eq!(made.standard_out_path.as_deref(), Some("HERE/out.log"));
    assert_eq!(made.standard_error_path.as_deref(), Some("/var/err.log"));
    let environment = [("A", "b=c"), ("PORT", "80")];
    assert_eq!(made.environment, environment.map(|(a, b)| (a.to_owned(), b.to_owned())));
    assert_eq!((made.umask, made.nice), (Some(0o27), Some(-5)));
    assert_eq!(
        (made.user_name.as_deref(), made.rare.group_name.as_deref()),
        (Some("www"), Some("web"))
    );
    assert_eq!((made.throttle_interval.as_secs(), made.exit_timeout.as_secs()), (60, 0));
    assert!(made.run_at_load && made.disabled);
    let KeepAlive::When(conditions) = made.keep_alive else { panic!("{:?}", made.keep_alive) };
    assert_eq!(conditions.successful_exit, Some(false));
}

#[test]
fn a_command_line_that_makes_no_sense_is_usage() {
    let daemon = daemon();
    for words in [
        ["add"].as_slice(),
        &["add", "web.plist", "--env", "A=b"],
        &["add", "web", "--env", "A", "--", "/bin/web"],
        &["add", "web", "--umask", "9", "--", "/bin/web"],
        &["add", "a", "b", "--", "/bin/web"],
        &["stop"],
        &["stop", "web", "--timeout", "soon"],
        &["--base", "/x", "--system", "list"],
        &["frobnicate"],
    ] {
        assert_eq!(daemon.svcctl(words).code, Some(2), "{words:?}");
    }
    assert_eq!(daemon.asked(), []);
}
