//! The start of day, in this order: folders, background, log, lock, definitions, socket, loop.
//!
//! The background comes before any thread, for threads do not survive a fork.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use protocol::address::{self, AddressError, Domain, Paths};
use thiserror::Error;

use crate::arguments::{self, Arguments, Command, Place};
use crate::background::{self, Readiness};
use crate::control::listen::Listener;
use crate::daemon::{Daemon, Internal, Ours, upgrade};
use crate::lines;
use crate::lock::{Lock, LockError};
use crate::os::{self, Handover};
use crate::registration;
use crate::store::{self, StoreError};

/// Why the daemon did not begin.
#[derive(Debug, Error)]
pub enum StartError {
    /// The folders of the domain are unknown.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A folder is not there and can't be made.
    #[error("cannot create folder {}: {cause}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// Another daemon has the domain.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What must survive a reboot can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody could talk to it.
    #[error("cannot listen on {}: {cause}", socket.display())]
    Listen {
        /// The socket.
        socket: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// The system refused what the loop is built on.
    #[error("cannot start supervising: {0}")]
    System(io::Error),
    /// Its own log can't be written.
    #[error("cannot open the log {}: {cause}", file.display())]
    Log {
        /// The log.
        file: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// It could not go to the background.
    #[error("cannot go to the background: {0}")]
    Background(String),
}

/// Does what the command line asks.
#[must_use]
pub fn run(arguments: Arguments) -> ExitCode {
    if let Some(code) = os::errand() {
        return code;
    }
    match arguments.command {
        None => match arguments.daemon.service.clone() {
            Some(name) => os::run_service(&name, move || daemon(&arguments.daemon, Until::Told)),
            None => daemon(&arguments.daemon, Until::Told),
        },
        Some(Command::Debug(place)) => daemon(&arguments::Daemon::watched(place), Until::Enter),
        Some(Command::Registration(verb)) => registration::run(&verb),
    }
}

/// When the daemon ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// By signal or request.
    Told,
    /// Also by a line on standard input.
    Enter,
}

/// Threads for what may block, at most; more work waits for one of them.
const HELPERS_MAX: usize = 8;

/// Runs the daemon to its end.
fn daemon(arguments: &arguments::Daemon, until: Until) -> ExitCode {
    let handover = Handover::take();
    let (domain, paths) = match folders(&arguments.place) {
        Ok(found) => found,
        Err(error) => return fail(&error),
    };
    // Absolute, since the background is elsewhere.
    let log_file = arguments.log_file.as_deref().and_then(|file| std::path::absolute(file).ok());
    if arguments.self_check {
        return match store::check(&paths) {
            Ok(()) => pass(),
            Err(error) => fail(&error.into()),
        };
    }
    let readiness = if arguments.daemonize {
        let usual = || paths.logs.join("supervisord.log");
        match background::enter(&log_file.clone().unwrap_or_else(usual)) {
            Ok(background::Side::Daemon(readiness)) => readiness,
            Ok(background::Side::Caller(code)) => return code,
            Err(error) => return fail(&error),
        }
    } else {
        Readiness::foreground()
    };
    match log_file.as_deref().map(open_log).transpose() {
        Ok(file) => lines::begin(&arguments.log, file),
        Err(error) => {
            readiness.failed(&error);
            return fail(&error);
        }
    }
    let next = upgrade::arguments(&domain, arguments, log_file.as_deref());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(HELPERS_MAX)
        .thread_keep_alive(Duration::from_secs(u64::from(u32::MAX)))
        .on_thread_park(os::about_to_wait)
        .build();
    let outcome = runtime.map_err(StartError::System).and_then(|runtime| {
        runtime.block_on(async {
            let asked = (next, arguments.shutdown_timeout.map(Duration::from_secs));
            let daemon = begin((&domain, asked), &paths, handover)?;
            if until == Until::Enter {
                wait_for_enter(&daemon);
            }
            // One thread for what may block is there from now on: to find none, on a machine that
            // makes no more, would be the end of this program.
            tokio::task::spawn_blocking(|| ())
                .await
                .map_err(io::Error::other)
                .map_err(StartError::System)?;
            readiness.ready();
            Ok(daemon.run().await)
        })
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        // What is left was named in the log.
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            readiness.failed(&error);
            fail(&error)
        }
    }
}

fn begin(
    (domain, (arguments, shutdown_timeout)): (&Domain, (Vec<OsString>, Option<Duration>)),
    paths: &Paths,
    handover: Option<Handover>,
) -> Result<Box<Daemon>, StartError> {
    let (lock, socket, handles) = match handover {
        Some(Handover { lock, socket, handles }) => {
            (Lock::inherit(lock, paths), Some(socket), handles)
        }
        None => (Lock::take(paths)?, None, Vec::new()),
    };
    let store = store::open(paths)?;
    let listener = match socket {
        Some(socket) => Listener::inherit(socket),
        None => Listener::bind(&paths.socket()),
    }
    .map_err(|cause| StartError::Listen { socket: paths.socket(), cause })?;
    let options = os::Options::new(domain_name(domain, paths));
    let processes = os::Processes::new(options).map_err(StartError::System)?;
    let ours = Ours {
        lock,
        socket: listener.handle().map_err(StartError::System)?,
        listener,
        handles,
        program: std::env::current_exe().ok(),
        arguments,
        shutdown_timeout,
    };
    Daemon::new(ours, store, processes, paths.clone()).map_err(StartError::System)
}

/// The domain's folders, made where they are missing, as absolute paths.
fn folders(place: &Place) -> Result<(Domain, Paths), StartError> {
    let mut domain = place.domain(os::is_root());
    if let Domain::Base(base) = &mut domain {
        create(base, false)?;
        *base = fs::canonicalize(&*base)
            .map(address::plain)
            .map_err(|cause| StartError::Folder { folder: base.clone(), cause })?;
    }
    let paths = Paths::of(&domain, &|name| std::env::var_os(name))?;
    create(&paths.services, false)?;
    create(&paths.logs, false)?;
    create(&paths.state, true)?;
    create(&paths.run, true)?;
    Ok((domain, paths))
}

fn create(folder: &Path, private: bool) -> Result<(), StartError> {
    os::create_folder(folder, private)
        .map_err(|cause| StartError::Folder { folder: folder.to_owned(), cause })
}

/// Names the trees of this daemon, the same after every restart and unlike any other daemon's.
fn domain_name(domain: &Domain, paths: &Paths) -> String {
    match domain {
        Domain::System => "system".to_owned(),
        Domain::User => format!("user-{}", os::current_user()),
        Domain::Base(_) => {
            let path = paths.run.to_string_lossy();
            format!("base-{:016x}", os::stable_hash(&path))
        }
    }
}

fn open_log(file: &Path) -> Result<fs::File, StartError> {
    let log = fs::File::options().create(true).append(true).open(file);
    log.map_err(|cause| StartError::Log { file: file.to_owned(), cause })
}

/// Ends the daemon in order once somebody entered a line; an input that is closed is nobody.
fn wait_for_enter(daemon: &Daemon) {
    log::info!("press Enter or Ctrl-C to stop all services and end");
    let internal = daemon.internal.clone();
    // Nothing waits for this thread: reading can't be called off.
    std::thread::spawn(move || {
        if io::stdin().read_line(&mut String::new()).is_ok_and(|bytes| bytes != 0) {
            // The loop may have ended meanwhile.
            let _ = internal.send(Internal::Entered);
        }
    });
}

#[expect(clippy::print_stdout, reason = "the daemon that asked reads it")]
fn pass() -> ExitCode {
    println!("{}", upgrade::PASSED);
    ExitCode::SUCCESS
}

#[expect(
    clippy::print_stderr,
    reason = "before the log exists, and for who waits in the foreground"
)]
fn fail(error: &StartError) -> ExitCode {
    eprintln!("supervisord: {error}");
    ExitCode::FAILURE
}
