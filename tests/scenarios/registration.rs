//! `supervisord install` and its kin as far as no service manager has to be there: what would be
//! written and run, what is written for launchd, and how failures are told. The native tools are
//! stand-ins that do as they are told.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::{BINARIES, Daemon, Output, PATIENCE, skip, wait_until};
use tempfile::TempDir;

/// A home with stand-ins for native tools, each of which notes how it was called.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("sv-").tempdir_in("/tmp").unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        Self(folder)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    /// A tool that does what the lines of a shell say; `$base` is this folder.
    fn tool(&self, name: &str, lines: &str) {
        let (path, base) = (self.path("bin").join(name), self.0.path().display());
        let text = format!("#!/bin/sh\nbase='{base}'\necho \"{name} $*\" >>$base/calls\n{lines}\n");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// How tools were called since the last time.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let _ = fs::remove_file(self.path("calls"));
        calls.lines().map(str::to_owned).collect()
    }

    fn supervisord(&self, words: &[&str]) -> Output {
        let path = format!("{}:/usr/sbin:/usr/bin:/bin", self.path("bin").display());
        let output = Command::new(&BINARIES.supervisord)
            .args(words)
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap_or(-1);
        Output { stdout: text(output.stdout), stderr: text(output.stderr), code }
    }

    #[track_caller]
    fn done(&self, words: &[&str]) -> String {
        let output = self.supervisord(words);
        assert!(output.code == 0 && output.stderr.is_empty(), "{words:?}: {output:?}");
        output.stdout
    }
}

/// The file that a dry run would write.
#[track_caller]
fn written(dry_run: &str) -> String {
    let lines = dry_run.lines().skip_while(|line| !line.starts_with("would write "));
    let lines: Vec<&str> =
        lines.skip(1).take_while(|line| line.starts_with("    ") || line.is_empty()).collect();
    assert!(3 < lines.len(), "{dry_run}");
    lines.iter().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect()
}

/// Runs a tool that judges a file; `None` where it is not there.
fn judged(tool: &str, words: &[&str], file: &Path) -> Option<Output> {
    let folder = file.parent().unwrap();
    let mut command = Command::new(tool);
    command.args(words).arg(file).env("XDG_RUNTIME_DIR", folder).env("HOME", folder);
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            skip("registration", &format!("{tool}: {error}"));
            return None;
        }
    };
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or(-1);
    Some(Output { stdout: text(output.stdout), stderr: text(output.stderr), code })
}

const SILENCE: Output = Output { stdout: String::new(), stderr: String::new(), code: 0 };

#[test]
fn systemd_finds_nothing_to_say_about_the_units() {
    let home = Home::new();
    home.tool("systemctl", "exit 1");
    for (scope, odd) in [("--system", ""), ("--user", ""), ("--system", "it's 100% $odd")] {
        let base = home.path(odd);
        let base = if odd.is_empty() { vec![] } else { vec!["--base", base.to_str().unwrap()] };
        let words = ["install", "--manager", "systemd", "--dry-run", scope];
        let unit = written(&home.done(&[&words[..], &base].concat()));
        let file = home.path("supervisord.service");
        fs::write(&file, unit).unwrap();
        let scope = if scope == "--user" { "--user" } else { "--system" };
        let verdict = judged("systemd-analyze", &["verify", scope], &file);
        if let Some(verdict) = verdict {
            assert_eq!(verdict, SILENCE);
        }
    }
    assert!(home.calls().iter().all(|call| call.contains("is-enabled")), "a dry run only looks");
}

#[test]
fn scripts_are_good_shell_and_carry_odd_words_through_it() {
    let home = Home::new();
    let odd = home.path("it's $HOME `x` \"y\"");
    let words = |manager| ["install", "--system", "--manager", manager, "--dry-run"];
    for manager in ["openrc", "sysvinit"] {
        let script = home.path(manager);
        fs::write(&script, written(&home.done(&words(manager)))).unwrap();
        if let Some(verdict) = judged("shellcheck", &[], &script) {
            assert_eq!(verdict, SILENCE);
        }
        assert_eq!(judged("sh", &["-n"], &script), Some(SILENCE));
    }
    let base = ["--base", odd.to_str().unwrap()];
    for manager in ["openrc", "sysvinit"] {
        let script = home.path(manager);
        let dry = home.done(&[&words(manager)[..], &base].concat());
        fs::write(&script, written(&dry)).unwrap();
        assert_eq!(judged("sh", &["-n"], &script), Some(SILENCE));
        let line = format!("$(grep '^pidfile=' {})", script.display());
        let show = format!("eval \"{line}\"; printf %s \"$pidfile\"");
        let shown = Command::new("sh").args(["-c", &show]).output().unwrap();
        let pid_file = odd.join("run/pid");
        assert_eq!(String::from_utf8(shown.stdout).unwrap(), pid_file.to_str().unwrap());
    }
}

/// launchd as far as it is looked at: a job is loaded while `$base/loaded` is there.
const LAUNCHCTL: &str = r#"
fails() { # NAME CODE WORDS: as often as the file NAME says
    left=$(cat $base/$1 2>/dev/null || echo 0)
    [ "$left" -gt 0 ] || return 0
    echo $((left - 1)) >$base/$1
    echo "$3" >&2
    exit "$2"
}
case $1 in
print)
    if [ -e $base/loaded ]; then
        printf 'gui/0/supervisord = {\n\tstate = running\n\tpid = 4711\n'
        printf '\tproperties = {\n\t\tpid = 1\n\t}\n}\n'
        left=$(cat $base/leaving 2>/dev/null) || exit 0
        echo $((left - 1)) >$base/leaving
        [ "$left" -gt 1 ] || rm $base/loaded $base/leaving
    else
        echo 'Could not find service "supervisord"' >&2
        exit 113
    fi
    ;;
print-disabled) if [ -e $base/disabled ]; then echo '	"supervisord" => disabled'; fi ;;
enable) rm -f $base/disabled ;;
bootstrap)
    fails busy 5 'Bootstrap failed: 5: Input/output error'
    fails nobody 125 'Bootstrap failed: 125: Domain does not support specified action'
    touch $base/loaded
    ;;
bootout)
    echo 3 >$base/leaving
    echo 'Boot-out failed: 36: Operation now in progress' >&2
    exit 36
    ;;
esac
"#;

#[test]
fn launchd_is_told_once_waited_for_and_explained() {
    let home = Home::new();
    home.tool("launchctl", LAUNCHCTL);
    let verb = |verb| [verb, "--manager", "launchd", "--user"];
    let missing = home.supervisord(&verb("status"));
    assert_eq!(missing.code, 4, "{missing:?}");
    assert_eq!(home.supervisord(&verb("start")).code, 4);
    fs::write(home.path("disabled"), "").unwrap();
    let said = home.done(&verb("install"));
    assert!(said.contains("starts when you log in"), "{said}");
    let list = home.path("Library/LaunchAgents/supervisord.plist");
    let text = fs::read_to_string(&list).unwrap();
    assert!(
        text.contains(&format!("<string>{}</string>", BINARIES.supervisord.display())),
        "{text}"
    );
    assert!(!home.path("disabled").exists(), "it was forbidden before");
    let again = home.done(&verb("install"));
    assert_eq!(again, "supervisord: already installed, nothing changed\n");
    assert_eq!(home.supervisord(&verb("status")).code, 3);

    // The words of launchctl, and what they mean.
    fs::write(home.path("nobody"), "1").unwrap();
    let refused = home.supervisord(&verb("start"));
    assert_eq!(refused.code, 1);
    for words in ["125: Domain does not support", "login at the Mac's own screen"] {
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
    // The one before is still ending: it is tried again.
    fs::write(home.path("busy"), "2").unwrap();
    home.calls();
    home.done(&verb("start"));
    let calls = home.calls();
    let tries = calls.iter().filter(|call| call.starts_with("launchctl bootstrap gui/"));
    assert_eq!(tries.count(), 3, "{calls:?}");
    let status = home.done(&verb("status"));
    assert!(status.starts_with("supervisord: running, pid 4711, but nobody answers"), "{status}");
    assert!(home.done(&verb("start")).contains("runs already"));

    // Removal goes on after launchctl returned: it is waited for.
    home.calls();
    home.done(&verb("stop"));
    assert!(!home.path("loaded").exists());
    assert_eq!(home.calls().iter().filter(|call| call.contains("bootout")).count(), 1);
    home.done(&verb("start"));
    home.done(&verb("remove"));
    assert!(!list.exists() && !home.path("loaded").exists());
}

#[test]
fn what_differs_is_replaced_and_said() {
    let home = Home::new();
    home.tool("launchctl", LAUNCHCTL);
    let install = ["install", "--manager", "launchd", "--user", "--name", "other"];
    home.done(&install);
    let list = home.path("Library/LaunchAgents/other.plist");
    fs::write(&list, "something else").unwrap();
    let log = home.path("elsewhere/log");
    let more = ["--log-file", log.to_str().unwrap(), "--log", "debug"];
    let dry = home.done(&[&install[..], &more, &["--dry-run"]].concat());
    assert_eq!(fs::read_to_string(&list).unwrap(), "something else");
    assert!(
        dry.contains(&format!("would create folder {}", log.parent().unwrap().display())),
        "{dry}"
    );
    let said = home.done(&[&install[..], &more].concat());
    assert!(said.contains("other: installed anew"), "{said}");
    assert_eq!(written(&dry), fs::read_to_string(&list).unwrap());
    assert!(log.parent().unwrap().is_dir());
}

#[test]
fn the_words_of_a_native_tool_are_told_and_explained() {
    let home = Home::new();
    home.tool("systemctl", "echo 'Failed to connect to bus: No medium found' >&2; exit 1");
    let refused = home.supervisord(&["install", "--user", "--manager", "systemd"]);
    assert_eq!(refused.code, 1);
    for words in [
        "systemctl --user daemon-reload failed (exit 1): Failed to connect to bus: No medium found",
        "loginctl enable-linger",
    ] {
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
    let gone = home.supervisord(&["start", "--manager", "launchd", "--user"]);
    assert_eq!(gone.code, 4, "{gone:?}");
    let users = home.supervisord(&["install", "--user", "--manager", "sysvinit"]);
    assert!(users.stderr.contains("starts nothing for users"), "{users:?}");
    let name = home.supervisord(&["install", "--user", "--name", "../x"]);
    assert_eq!(name.code, 2, "{name:?}");
    fs::create_dir_all(home.path("Library/LaunchAgents")).unwrap();
    fs::write(home.path("Library/LaunchAgents/supervisord.plist"), "").unwrap();
    let missing = home.supervisord(&["start", "--manager", "launchd", "--user"]);
    assert!(missing.stderr.contains("--manager names it"), "{missing:?}");
}

#[test]
fn debug_tells_everything_and_ends_with_enter() {
    let daemon = Daemon::prepare();
    let log = fs::File::create(daemon.base().join("daemon.log")).unwrap();
    let mut debug = Command::new(&BINARIES.supervisord)
        .args(["debug", "--base"])
        .arg(daemon.base())
        .stdin(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    wait_until("the daemon to answer", PATIENCE, || daemon.ctl(&["ping"]).code == 0);
    daemon.done(&["add", "web", "--", "sleep", "infinity"]);
    assert!(daemon.log().contains("DEBUG"), "{}", daemon.log());
    drop(debug.stdin.take().map(|mut input| std::io::Write::write_all(&mut input, b"\n")));
    assert!(debug.wait().unwrap().success());
    assert!(daemon.log().contains("told to end by Enter"), "{}", daemon.log());
}

#[test]
fn its_own_log_goes_where_it_is_told() {
    let daemon = Daemon::prepare();
    let log = daemon.base().join("own.log");
    let mut command = daemon.command();
    command.args(["--daemonize", "--log-file"]).arg(&log);
    assert!(command.status().unwrap().success());
    daemon.done(&["add", "web", "--", "sleep", "infinity"]);
    daemon.done(&["upgrade", BINARIES.supervisord.to_str().unwrap()]);
    daemon.done(&["restart", "web"]);
    daemon.done(&["shutdown"]);
    let told = fs::read_to_string(&log).unwrap();
    for words in ["web: up", "becoming", "web: stopping", "ended"] {
        assert!(told.contains(words), "{told}");
    }
}
