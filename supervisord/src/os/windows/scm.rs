//! The service control manager: services made, changed, started, stopped and deleted.

use std::ffi::OsString;
use std::time::Duration;

use windows_service::Error;
use windows_service::service::{
    Service, ServiceAccess, ServiceAction, ServiceActionType, ServiceErrorControl, ServiceExitCode,
    ServiceFailureActions, ServiceFailureResetPeriod, ServiceInfo, ServiceStartType, ServiceState,
    ServiceType,
};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_SERVICE_DOES_NOT_EXIST, ERROR_SERVICE_MARKED_FOR_DELETE,
    ERROR_SERVICE_NOT_ACTIVE,
};

use super::{Change, Entry, Found};
use crate::os::imp::{command_line, events};

/// How long stopping may take: each service has its own time to end, and they end together.
pub(in crate::os) const STOP_TIME: Duration = Duration::from_secs(300);

/// How long the daemon may take until it can be controlled.
const START_TIME: Duration = Duration::from_secs(60);

/// Between two looks; the manager tells nobody who only waits.
const PAUSE: Duration = Duration::from_millis(100);

/// Pauses before the manager starts a daemon that failed again, the last for all further times.
const RESTARTS: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60)];

/// Failures that are so long ago do not count.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(86_400);

pub(super) fn perform(change: &Change) -> Result<(), String> {
    let done = match change {
        Change::Register(entry) => register(entry),
        Change::Start(name) => return start(name),
        Change::Stop(name) => return stop(name),
        Change::Delete(name) => delete(name),
    };
    done.map_err(|error| words(&error))
}

/// How a service stands.
///
/// # Errors
/// What the manager says.
pub fn find(name: &str) -> Result<Option<Found>, String> {
    let service = match open(name, ServiceAccess::QUERY_STATUS | ServiceAccess::QUERY_CONFIG) {
        Err(error) if is(&error, ERROR_SERVICE_DOES_NOT_EXIST) => return Ok(None),
        opened => opened.map_err(|error| words(&error))?,
    };
    let config = service.query_config().map_err(|error| words(&error))?;
    let status = service.query_status().map_err(|error| words(&error))?;
    let is_running = status.current_state != ServiceState::Stopped;
    Ok(Some(Found {
        command: config.executable_path.to_string_lossy().into_owned(),
        display_name: config.display_name.to_string_lossy().into_owned(),
        is_automatic: config.start_type == ServiceStartType::AutoStart,
        is_running,
        pid: status.process_id.filter(|_| is_running),
    }))
}

/// The command of a service is what it is to be.
#[must_use]
pub fn is_same_command(entry: &Entry, found: &Found) -> bool {
    let program = entry.program.clone().into_os_string();
    let words: Vec<OsString> =
        std::iter::once(program).chain(entry.arguments.iter().cloned()).collect();
    let line = String::from_utf16_lossy(&command_line(&words));
    // The manager's own quotes may stand where none are needed.
    let bare = |line: &str| line.trim_end_matches('\0').replace('"', "");
    bare(&line) == bare(&found.command)
}

fn manager(access: ServiceManagerAccess) -> Result<ServiceManager, Error> {
    ServiceManager::local_computer(None::<&str>, access)
}

fn open(name: &str, access: ServiceAccess) -> Result<Service, Error> {
    manager(ServiceManagerAccess::CONNECT)?.open_service(name, access)
}

fn register(entry: &Entry) -> Result<(), Error> {
    let info = ServiceInfo {
        name: entry.name.clone().into(),
        display_name: entry.display_name.clone().into(),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::AutoStart,
        error_control: ServiceErrorControl::Normal,
        executable_path: entry.program.clone(),
        launch_arguments: entry.arguments.clone(),
        dependencies: Vec::new(),
        account_name: None,
        account_password: None,
    };
    // Restarting is part of what can be set for failures.
    let access = ServiceAccess::CHANGE_CONFIG | ServiceAccess::QUERY_CONFIG | ServiceAccess::START;
    let service = match open(&entry.name, access) {
        Err(error) if is(&error, ERROR_SERVICE_DOES_NOT_EXIST) => {
            manager(ServiceManagerAccess::CREATE_SERVICE)?.create_service(&info, access)?
        }
        opened => {
            let service = opened?;
            service.change_config(&info)?;
            service
        }
    };
    service.set_description(&entry.description)?;
    let delays = RESTARTS.into_iter();
    let restarts =
        delays.map(|delay| ServiceAction { action_type: ServiceActionType::Restart, delay });
    let failures = ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(FORGOTTEN_AFTER),
        reboot_msg: None,
        command: None,
        actions: Some(restarts.collect()),
    };
    // The service is good without these, and not every manager knows them all.
    let extras = [
        ("restarts after failures", service.update_failure_actions(failures)),
        ("restarts after exit codes", service.set_failure_actions_on_non_crash_failures(true)),
        ("the time to stop at shutdown", service.set_preshutdown_timeout(STOP_TIME)),
    ];
    for (what, set) in extras {
        if let Err(error) = set {
            log::warn!("cannot set {what}: {}", words(&error));
        }
    }
    if let Err(error) = events::register(&entry.name) {
        log::warn!("cannot register with the event log: {error}");
    }
    Ok(())
}

fn start(name: &str) -> Result<(), String> {
    let access = ServiceAccess::START | ServiceAccess::QUERY_STATUS;
    let service = open(name, access).map_err(|error| words(&error))?;
    // It may still be ending: the manager starts nothing that has not ended.
    wait(&service, STOP_TIME, |state| state != ServiceState::StopPending)?;
    service.start::<&str>(&[]).map_err(|error| words(&error))?;
    match wait(&service, START_TIME, |state| state != ServiceState::StartPending)? {
        (ServiceState::Running, _) => Ok(()),
        (_, code) => Err(format!(
            "it ended at once ({}); its log and the event log tell why",
            exit_words(code)
        )),
    }
}

fn stop(name: &str) -> Result<(), String> {
    let access = ServiceAccess::STOP | ServiceAccess::QUERY_STATUS;
    let service = open(name, access).map_err(|error| words(&error))?;
    match service.stop() {
        Err(error) if !is(&error, ERROR_SERVICE_NOT_ACTIVE) => return Err(words(&error)),
        Ok(_) | Err(_) => {}
    }
    wait(&service, STOP_TIME, |state| state == ServiceState::Stopped).map(drop)
}

fn delete(name: &str) -> Result<(), Error> {
    open(name, ServiceAccess::DELETE)?.delete()?;
    if let Err(error) = events::forget(name) {
        log::warn!("cannot take it out of the event log: {error}");
    }
    Ok(())
}

/// Waits until the service is in such a state.
fn wait(
    service: &Service,
    limit: Duration,
    is_there: impl Fn(ServiceState) -> bool,
) -> Result<(ServiceState, ServiceExitCode), String> {
    for _ in 0..limit.as_millis() / PAUSE.as_millis() {
        let status = service.query_status().map_err(|error| words(&error))?;
        if is_there(status.current_state) {
            return Ok((status.current_state, status.exit_code));
        }
        pause();
    }
    Err(format!("it is not there after {} s; sc query shows how it stands", limit.as_secs()))
}

#[expect(clippy::disallowed_methods, reason = "the manager tells nobody who only waits")]
fn pause() {
    std::thread::sleep(PAUSE);
}

fn is(error: &Error, code: u32) -> bool {
    matches!(error, Error::Winapi(error) if error.raw_os_error() == i32::try_from(code).ok())
}

fn words(error: &Error) -> String {
    let advice = if is(error, ERROR_ACCESS_DENIED) {
        "; use a prompt that runs as administrator"
    } else if is(error, ERROR_SERVICE_MARKED_FOR_DELETE) {
        "; close what shows services (the Services window, Task Manager), or restart Windows"
    } else {
        ""
    };
    // Its own words for this say no more than that it is one.
    if let Error::Winapi(error) = error {
        return format!("{error}{advice}");
    }
    error.to_string()
}

fn exit_words(code: ServiceExitCode) -> String {
    match code {
        ServiceExitCode::Win32(code) => format!("error {code}"),
        ServiceExitCode::ServiceSpecific(code) => format!("exit {code}"),
    }
}
