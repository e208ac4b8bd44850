//! The key table itself: whole, without doubles, and true to what it says of each system.

use crate::support::{findings, read_body};
use protocol::definition::{
    KEYS, Key, Kind, Os, Severity, Support, Wrong, faults_on, find, report,
};

/// Every key that launchd.plist(5) has ever described, paths included.
const DOCUMENTED: &str =
    "Label Disabled UserName GroupName inetdCompatibility inetdCompatibility.Wait
    LimitLoadToHosts LimitLoadFromHosts LimitLoadToSessionType LimitLoadToHardware
    LimitLoadFromHardware Program BundleProgram ProgramArguments EnableGlobbing EnableTransactions
    EnablePressuredExit OnDemand ServiceIPC KeepAlive KeepAlive.SuccessfulExit
    KeepAlive.NetworkState KeepAlive.PathState KeepAlive.OtherJobEnabled KeepAlive.Crashed
    KeepAlive.AfterInitialDemand RunAtLoad RootDirectory WorkingDirectory EnvironmentVariables
    Umask TimeOut ExitTimeOut ThrottleInterval InitGroups WatchPaths QueueDirectories StartOnMount
    StartInterval StartCalendarInterval StartCalendarInterval.Minute StartCalendarInterval.Hour
    StartCalendarInterval.Day StartCalendarInterval.Weekday StartCalendarInterval.Month
    StandardInPath StandardOutPath StandardErrorPath Debug WaitForDebugger SoftResourceLimits
    HardResourceLimits SoftResourceLimits.Core SoftResourceLimits.CPU SoftResourceLimits.Data
    SoftResourceLimits.FileSize SoftResourceLimits.MemoryLock SoftResourceLimits.NumberOfFiles
    SoftResourceLimits.NumberOfProcesses SoftResourceLimits.ResidentSetSize
    SoftResourceLimits.Stack Nice ProcessType AbandonProcessGroup LowPriorityIO
    LowPriorityBackgroundIO MaterializeDatalessFiles LaunchOnlyOnce MachServices
    MachServices.a.ResetAtClose MachServices.a.HideUntilCheckIn Sockets Sockets.a.SockType
    Sockets.a.SockPassive Sockets.a.SockNodeName Sockets.a.SockServiceName Sockets.a.SockFamily
    Sockets.a.SockProtocol Sockets.a.SockPathName Sockets.a.SecureSocketWithKey
    Sockets.a.SockPathOwner Sockets.a.SockPathGroup Sockets.a.SockPathMode Sockets.a.Bonjour
    Sockets.a.MulticastGroup LaunchEvents HopefullyExitsLast HopefullyExitsFirst SessionCreate
    LegacyTimers AssociatedBundleIdentifiers SpawnConstraint POSIXSpawnType";

/// What this version does on Linux.
const HONOURED: &str = "Label Program ProgramArguments WorkingDirectory EnvironmentVariables
    StandardInPath StandardOutPath StandardErrorPath UserName GroupName InitGroups Umask Nice
    RunAtLoad KeepAlive KeepAlive.SuccessfulExit KeepAlive.Crashed OnDemand ThrottleInterval
    ExitTimeOut Disabled AbandonProcessGroup SoftResourceLimits HardResourceLimits
    StartInterval StartCalendarInterval StartCalendarInterval.Hour WatchPaths QueueDirectories
    StartOnMount LaunchOnlyOnce KeepAlive.PathState KeepAlive.OtherJobEnabled
    KeepAlive.OtherJobActive KeepAlive.NetworkState KeepAlive.AfterInitialDemand Sockets
    Sockets.a.SockType Sockets.a.SockPassive Sockets.a.SockNodeName Sockets.a.SockServiceName
    Sockets.a.SockFamily Sockets.a.SockProtocol Sockets.a.SockPathName Sockets.a.SockPathMode
    Sockets.a.SockPathOwner Sockets.a.SockPathGroup Sockets.a.SecureSocketWithKey
    Sockets.a.MulticastGroup inetdCompatibility inetdCompatibility.Wait
    RootDirectory EnableGlobbing WaitForDebugger Debug
    LimitLoadToHosts LimitLoadFromHosts";

#[test]
fn every_documented_key_is_there() {
    let missing: Vec<&str> =
        DOCUMENTED.split_whitespace().filter(|path| find(path).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(find("KeepAlive.Nonsense").is_none() && find("").is_none());
}

#[test]
fn what_is_said_to_be_honoured_on_linux_is_what_we_do() {
    for path in HONOURED.split_whitespace() {
        assert_eq!(find(path).map(|key| key.on(Os::Linux)), Some(Support::Honoured), "{path}");
    }
}

/// Where macOS does not do what Linux does.
const OTHERWISE_ON_MACOS: &str = "InitGroups ProcessType POSIXSpawnType LowPriorityIO
    LimitLoadToHardware Sockets.Bonjour SoftResourceLimits.ResidentSetSize
    HardResourceLimits.ResidentSetSize Supervisor.KillMode Supervisor.Log.Mode
    Supervisor.Log.MaxSize Supervisor.Log.MaxAge Supervisor.Log.Sinks
    Supervisor.Log.JournaldSocket";

#[test]
fn macos_does_what_linux_does_but_for_what_is_known() {
    let differ = |key: &Key| key.on(Os::MacOs) != key.on(Os::Linux);
    let mut found: Vec<String> =
        rows().into_iter().filter(|(_, key)| differ(key)).map(|(path, _)| path).collect();
    let mut known: Vec<&str> = OTHERWISE_ON_MACOS.split_whitespace().collect();
    found.sort_unstable();
    known.sort_unstable();
    assert_eq!(found, known);
}

#[test]
fn what_is_done_on_one_system_is_answered_for_all() {
    for (path, key) in rows() {
        let open = Os::ALL.map(|os| key.on(os) == Support::NotYet);
        // That there are no signals to reload by will not change.
        let is_whole = open == [true; 3] || open == [false; 3];
        assert!(is_whole || path == "Supervisor.ReloadSignal", "{path}: {open:?}");
    }
}

/// Every row, with its path.
fn rows() -> Vec<(String, &'static Key)> {
    fn below(path: &str, keys: &'static [Key], rows: &mut Vec<(String, &'static Key)>) {
        for key in keys {
            let path = format!("{path}{}", key.name);
            below(&format!("{path}."), key.kind.keys(), rows);
            rows.push((path, key));
        }
    }
    let mut rows = Vec::new();
    below("", KEYS, &mut rows);
    rows
}

#[test]
fn rows_are_well_made() {
    let rows = rows();
    for (at, (path, key)) in rows.iter().enumerate() {
        assert!(!rows[..at].iter().any(|(other, _)| other.eq_ignore_ascii_case(path)), "{path}");
        assert!(key.summary.ends_with('.') && key.summary.is_ascii(), "{path}: {}", key.summary);
        for os in Os::ALL {
            match key.on(os) {
                Support::Approximated(text)
                | Support::NotAvailable(text)
                | Support::Refused(text) => {
                    assert!(!text.ends_with('.') && 10 < text.len(), "{path}: {text}");
                }
                Support::Honoured | Support::NotYet => {}
            }
        }
        if let Kind::Integer { min, max } = key.kind {
            assert!(min < max, "{path}");
        }
        assert!(!path.starts_with("Supervisor") || key.wrong == Wrong::Refused, "{path}");
    }
}

#[test]
fn the_report_has_a_row_per_key_and_a_note_per_matter() {
    let outcome = read_body(
        "<key>KeepAlive</key><dict><key>Crashed</key><true/><key>NetworkState</key><true/></dict>\
         <key>StartCalendarInterval</key><dict><key>Hour</key><integer>3</integer></dict>\
         <key>SessionCreate</key><true/><key>RootDirectory</key><string>/jail</string>",
    );
    assert_eq!(findings(&outcome), Vec::<String>::new());
    let paths: Vec<String> = report(&outcome, Os::Linux).into_iter().map(|row| row.path).collect();
    assert_eq!(
        paths,
        [
            "Label",
            "ProgramArguments",
            "KeepAlive",
            "KeepAlive.Crashed",
            "KeepAlive.NetworkState",
            "StartCalendarInterval",
            "StartCalendarInterval.Hour",
            "SessionCreate",
            "RootDirectory",
        ]
    );
    let refused: Vec<String> = faults_on(&outcome, Os::Windows)
        .into_iter()
        .filter(|fault| fault.severity == Severity::Error)
        .map(|fault| fault.key)
        .collect();
    assert_eq!(refused, ["RootDirectory"]);
    let session =
        faults_on(&outcome, Os::Linux).into_iter().find(|fault| fault.key == "SessionCreate");
    assert_eq!(
        session.map(|fault| fault.to_string()).as_deref(),
        Some(
            "line 5: SessionCreate is not available on linux: login sessions of this kind exist on \
             macOS only, for its own launchd"
        )
    );
}

#[test]
fn a_dictionary_not_honoured_is_said_once() {
    let unsaid = |key: &Key| key.on(Os::MacOs) != Support::Honoured;
    let outcome = read_body(
        "<key>StartCalendarInterval</key><dict><key>Hour</key><integer>3</integer></dict>",
    );
    let faults = faults_on(&outcome, Os::MacOs);
    let said = faults.iter().filter(|fault| fault.key.starts_with("StartCalendar")).count();
    assert_eq!(said, usize::from(find("StartCalendarInterval").is_some_and(unsaid)));
}

#[test]
fn systems_have_names() {
    for os in Os::ALL {
        assert_eq!(os.to_string().parse(), Ok(os));
    }
    assert!("beos".parse::<Os>().is_err());
    assert!(Os::ALL.contains(&Os::current()));
}
