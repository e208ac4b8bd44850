//! export: the same meaning in the plainest form.

use serde_json::Value;

use crate::folder::{Folder, xml};

#[test]
fn an_old_definition_is_printed_in_present_words() {
    let old = "<!-- ours -->\n<plist><dict><key>label</key><string>web</string>
        <key>Program</key><string>/bin/web</string><key>OnDemand</key><false/>
        <key>Umask</key><string>022</string><key>Disabled</key><false/>
        <key>SessionCreate</key><true/></dict></plist>";
    let folder = Folder::with(&[("old.plist", old)]);
    let ran = folder.svcctl(&["export", "old.plist"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), "old.plist: warning: line 2: Label is spelled \"label\"; write Label\n")
    );
    assert_eq!(
        ran.stdout,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">
<plist version=\"1.0\">
<dict>
\t<key>Label</key>
\t<string>web</string>
\t<key>Program</key>
\t<string>/bin/web</string>
\t<key>KeepAlive</key>
\t<true/>
\t<key>Umask</key>
\t<integer>18</integer>
\t<key>SessionCreate</key>
\t<true/>
</dict>
</plist>
"
    );
    let json: Value =
        serde_json::from_str(&folder.svcctl(&["export", "--json", "old.plist"]).stdout).unwrap();
    let expected = serde_json::json!({ "Label": "web", "Program": "/bin/web", "KeepAlive": true,
        "Umask": 18, "SessionCreate": true });
    assert_eq!(json, expected);
}

#[test]
fn what_is_exported_once_is_exported_the_same_again() {
    let body = "<key>KeepAlive</key><dict><key>Crashed</key><true/></dict>
        <key>StartCalendarInterval</key><dict><key>Hour</key><integer>3</integer></dict>
        <key>Supervisor</key><dict><key>Backoff</key><dict><key>Initial</key><real>0.5</real></dict></dict>";
    let folder = Folder::with(&[("web.plist", &xml(body))]);
    let first = folder.said(&["export", "--plist", "web.plist"]);
    folder.file("again.plist", &first);
    assert_eq!(folder.said(&["export", "again.plist"]), first);
    let json = folder.said(&["export", "--json", "web.plist"]);
    folder.file("again.json", &json);
    assert_eq!(folder.said(&["export", "--plist", "again.json"]), first);
    assert_eq!(folder.svcctl_fed(&["export", "-"], &json).stdout, first);
}

#[test]
fn what_is_no_definition_is_refused_with_all_its_errors() {
    let folder = Folder::with(&[("bad.json", "{\"Label\": \"a/b\", \"Program\": \"web\"}")]);
    let ran = folder.svcctl(&["export", "bad.json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("cannot read bad.json: "), "{}", ran.stderr);
    assert_eq!(folder.svcctl(&["export", "--json", "--plist", "bad.json"]).code, Some(2));
}

#[test]
fn a_word_that_names_no_file_is_a_label_and_asks_the_daemon() {
    let folder = Folder::with(&[]);
    let ran = folder.svcctl(&["export", "web"]);
    assert_eq!(ran.code, Some(5));
    assert!(ran.stderr.starts_with("cannot export web: no supervisord here"), "{}", ran.stderr);
    assert_eq!(folder.svcctl(&["export", "web.plist"]).code, Some(1));
    folder.file("web", &xml(""));
    assert_eq!(folder.svcctl(&["export", "web"]).code, Some(0));
}
