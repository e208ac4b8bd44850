//! check and add: one refuses exactly what the other does.

use crate::folder::{Folder, xml};

#[test]
fn check_fails_exactly_when_add_refuses() {
    let folder = Folder::with(&[]);
    let comment = format!("<!-- {} -->", "\"".repeat(600_000));
    let bodies = [
        "",
        "<key>KeepAliv</key><true/>",
        "<key>Label</key><string>a/b</string>",
        "<key>Program</key><string>web</string>",
        "<key>ProgramArguments</key><array/>",
        "<key>UserName</key><dict/>",
        "<key>UserName</key><string>nobody-at-all</string>",
        "<key>Sockets</key><dict><key>a</key><dict/></dict>",
        "<key>LimitLoadToHardware</key><dict/>",
        "<key>Supervisor</key><dict><key>Watchdog</key><integer>-1</integer></dict>",
        "</dict>",
        &comment,
    ];
    for body in bodies {
        folder.file("web.plist", &xml(body));
        let check = folder.svcctl(&["check", "web.plist"]).code;
        let add = folder.svcctl(&["add", "web.plist"]);
        let body = &body[..body.len().min(60)];
        // Without a daemon, what is not refused gets as far as the missing socket.
        assert!([Some(1), Some(5)].contains(&add.code), "{body}: {}", add.stderr);
        assert_eq!(check, if add.code == Some(1) { Some(1) } else { Some(0) }, "{body}");
    }
}
