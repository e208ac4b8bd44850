//! `--daemonize`: the caller waits until the daemon is ready, or hears its error.
//!
//! Must be entered before any thread exists.

#[cfg(unix)]
pub use self::unix::enter;
#[cfg(windows)]
pub use self::windows::enter;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::ExitCode;

use crate::start::StartError;

/// Which of the two processes this is.
#[derive(Debug)]
pub enum Side {
    /// The one that was called; it ends with this code.
    Caller(ExitCode),
    /// The one in the background; it says when it is ready.
    Daemon(Readiness),
}

/// Tells whoever started us how it went; once.
#[derive(Debug)]
pub struct Readiness {
    #[cfg(unix)]
    pipe: Option<std::fs::File>,
    /// Whoever started us reads our standard output.
    #[cfg(windows)]
    is_awaited: bool,
}

impl Readiness {
    /// Nobody waits.
    #[must_use]
    pub fn foreground() -> Self {
        Self {
            #[cfg(unix)]
            pipe: None,
            #[cfg(windows)]
            is_awaited: false,
        }
    }

    /// Services can be controlled.
    pub fn ready(&self) {
        self.tell("ready");
    }

    /// The daemon did not begin.
    pub fn failed(&self, error: &StartError) {
        self.tell(&error.to_string());
    }

    fn tell(&self, news: &str) {
        #[cfg(unix)]
        if let Some(mut pipe) = self.pipe.as_ref() {
            use std::io::Write as _;
            // The caller may have been killed meanwhile; the daemon does not need it.
            let _ = writeln!(pipe, "{news}");
        }
        #[cfg(windows)]
        if self.is_awaited {
            use std::io::Write as _;
            // As above.
            let _ = writeln!(std::io::stdout(), "{news}");
        }
        #[cfg(windows)]
        match news {
            "ready" => crate::os::tell_ready(),
            error => crate::os::tell_failed(error),
        }
    }
}

#[expect(clippy::print_stderr, reason = "the caller's own terminal")]
fn wait(pipe: impl std::io::Read, log: &Path) -> ExitCode {
    let mut news = String::new();
    // A daemon that died says nothing: the pipe just ends.
    let _ = BufReader::new(pipe).read_line(&mut news);
    match news.trim_end() {
        "ready" => ExitCode::SUCCESS,
        "" => {
            eprintln!("supervisord: it ended before it was ready; see {}", log.display());
            ExitCode::FAILURE
        }
        error => {
            eprintln!("supervisord: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use daemonize::{Daemonize, Outcome};

    use super::{Readiness, Side, wait};
    use crate::start::StartError;

    /// Forks into the background, with output to `log`.
    ///
    /// # Errors
    /// [`StartError::Background`] in whichever process could not go on.
    pub fn enter(log: &Path) -> Result<Side, StartError> {
        let failed = |cause: String| StartError::Background(cause);
        let open = || File::options().create(true).append(true).open(log);
        let cannot_open = |cause| failed(format!("open {}: {cause}", log.display()));
        let (out, err) = (open().map_err(cannot_open)?, open().map_err(cannot_open)?);
        let (reader, writer) = std::io::pipe().map_err(|cause| failed(format!("pipe: {cause}")))?;
        let forked = Daemonize::new().working_directory("/").umask(0o022).stdout(out).stderr(err);
        match forked.execute() {
            Outcome::Child(Ok(_)) => {
                drop(reader);
                Ok(Side::Daemon(Readiness { pipe: Some(File::from(OwnedFd::from(writer))) }))
            }
            Outcome::Parent(Ok(_)) => {
                drop(writer);
                Ok(Side::Caller(wait(File::from(OwnedFd::from(reader)), log)))
            }
            Outcome::Child(Err(error)) | Outcome::Parent(Err(error)) => {
                Err(failed(error.to_string()))
            }
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::fs::File;
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::{Readiness, Side, wait};
    use crate::os;
    use crate::start::StartError;

    /// Tells this program that it is the one in the background.
    const VARIABLE: &str = "SUPERVISORD_BACKGROUND";

    /// Starts this program once more, without a console, with output to `log`.
    ///
    /// # Errors
    /// [`StartError::Background`] when it can't be started.
    pub fn enter(log: &Path) -> Result<Side, StartError> {
        if std::env::var_os(VARIABLE).is_some() {
            // SAFETY: there are no threads yet, so nobody reads the environment meanwhile.
            unsafe { std::env::remove_var(VARIABLE) };
            return Ok(Side::Daemon(Readiness { is_awaited: true }));
        }
        let failed = |what: &str, cause| StartError::Background(format!("{what}: {cause}"));
        let cannot_open = |cause| failed(&format!("open {}", log.display()), cause);
        let cannot_start = |cause| failed("start this program", cause);
        let errors = File::options().create(true).append(true).open(log).map_err(cannot_open)?;
        let mut next = Command::new(std::env::current_exe().map_err(cannot_start)?);
        next.args(std::env::args_os().skip(1)).env(VARIABLE, "1");
        next.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut next = os::detach(&mut next).spawn().map_err(cannot_start)?;
        let code = next.stdout.take().map(|news| wait(news, log));
        Ok(Side::Caller(code.unwrap_or(std::process::ExitCode::FAILURE)))
    }
}
