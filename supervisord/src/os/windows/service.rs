//! The daemon as a service of Windows: how it stands is told to the service control manager, and
//! what that says is told to the daemon.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use windows_service::service::{
    PowerEventParam, ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState,
    ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{
    self, ServiceControlHandlerResult, ServiceStatusHandle,
};
use windows_service::{define_windows_service, service_dispatcher};
use windows_sys::Win32::Foundation::ERROR_FAILED_SERVICE_CONTROLLER_CONNECT;

use super::events;
use crate::os::own::tell_to_end;
use crate::os::scm::STOP_TIME;
use crate::os::senses::imp::clock;

/// How long the daemon may take to begin.
const START_TIME: Duration = Duration::from_secs(60);

/// The daemon, until the manager's thread takes it.
static DAEMON: Mutex<Option<Daemon>> = Mutex::new(None);

/// How the manager is told of this service; absent when this is none.
static MANAGER: OnceLock<ServiceStatusHandle> = OnceLock::new();

static NAME: OnceLock<String> = OnceLock::new();

struct Daemon(Box<dyn FnOnce() -> ExitCode + Send>);

define_windows_service!(entry, serve);

/// Runs the daemon as the service of that name. Started by anybody else than the service control
/// manager, it runs here.
pub fn run_service(name: &str, daemon: impl FnOnce() -> ExitCode + Send + 'static) -> ExitCode {
    let _ = NAME.set(name.to_owned());
    *lock() = Some(Daemon(Box::new(daemon)));
    let refused = ERROR_FAILED_SERVICE_CONTROLLER_CONNECT.cast_signed();
    match service_dispatcher::start(name, entry) {
        Ok(()) => ExitCode::SUCCESS,
        Err(windows_service::Error::Winapi(error)) if error.raw_os_error() == Some(refused) => {
            take().map_or(ExitCode::FAILURE, |daemon| (daemon.0)())
        }
        Err(error) => {
            events::report(name, &format!("cannot serve: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Tells the manager that services can be controlled, if this is its service.
pub fn tell_ready() {
    tell(ServiceState::Running, None);
}

/// Tells the event log why the daemon did not begin, if this is a service.
pub fn tell_failed(cause: &str) {
    if let (Some(_), Some(name)) = (MANAGER.get(), NAME.get()) {
        events::report(name, cause);
    }
}

/// The manager started this process, and would miss it.
#[must_use]
pub fn is_service() -> bool {
    MANAGER.get().is_some()
}

fn serve(_: Vec<OsString>) {
    let name = NAME.get().map_or("", String::as_str);
    let Some(daemon) = take() else { return };
    match service_control_handler::register(name, hear) {
        Ok(manager) => drop(MANAGER.set(manager)),
        Err(error) => return events::report(name, &format!("cannot serve: {error}")),
    }
    tell(ServiceState::StartPending, None);
    let code = (daemon.0)();
    let is_fine = code == ExitCode::SUCCESS;
    // A code of our own lets the manager start it again.
    tell(ServiceState::Stopped, (!is_fine).then_some(1));
}

fn hear(control: ServiceControl) -> ServiceControlHandlerResult {
    use PowerEventParam::{ResumeAutomatic, ResumeSuspend};
    use ServiceControl::{Interrogate, PowerEvent, Preshutdown, Shutdown, Stop, TimeChange};
    if matches!(control, Stop | Preshutdown | Shutdown) {
        tell(ServiceState::StopPending, None);
        tell_to_end();
    } else if matches!(control, TimeChange) {
        clock::tell_set();
    } else if matches!(control, PowerEvent(ResumeAutomatic | ResumeSuspend)) {
        clock::tell_woken();
    } else if !matches!(control, PowerEvent(_) | Interrogate) {
        return ServiceControlHandlerResult::NotImplemented;
    }
    ServiceControlHandlerResult::NoError
}

fn tell(state: ServiceState, failure: Option<u32>) {
    let Some(manager) = MANAGER.get() else { return };
    let is_running = state == ServiceState::Running;
    let controls = ServiceControlAccept::STOP
        | ServiceControlAccept::PRESHUTDOWN
        | ServiceControlAccept::TIME_CHANGE
        | ServiceControlAccept::POWER_EVENT;
    let controls_accepted = if is_running { controls } else { ServiceControlAccept::empty() };
    // Longest that it may stay as it is.
    let wait_hint = if state == ServiceState::StartPending {
        START_TIME
    } else if state == ServiceState::StopPending {
        STOP_TIME
    } else {
        Duration::ZERO
    };
    let told = manager.set_service_status(ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state: state,
        controls_accepted,
        exit_code: failure.map_or(ServiceExitCode::NO_ERROR, ServiceExitCode::ServiceSpecific),
        checkpoint: 0,
        wait_hint,
        process_id: None,
    });
    if let Err(error) = told {
        log::error!("cannot tell the service control manager: {error}");
    }
}

fn take() -> Option<Daemon> {
    lock().take()
}

fn lock() -> std::sync::MutexGuard<'static, Option<Daemon>> {
    DAEMON.lock().unwrap_or_else(PoisonError::into_inner)
}
