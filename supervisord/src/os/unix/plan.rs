//! A launch turned into what system calls want, so that nothing is allocated after the clone.

use std::{
    borrow::Cow,
    cell::Cell,
    ffi::{CString, OsStr, OsString},
    os::{
        fd::{AsRawFd, RawFd},
        unix::ffi::{OsStrExt, OsStringExt},
    },
    path::Path,
    ptr::{self, NonNull},
};

use libc::{c_char, c_int, rlimit};
use supervisor_core::Run;

use super::{
    exec, glob, limits,
    user::{self, Credentials},
};
use crate::os::{Environment, Launch, Patterns, SpawnError, Stage, Stdio, imp::sys};

/// Room for the digits of any pid.
const PID_ROOM: &str = "0000000000";

/// Where a standard stream of the child comes from.
pub(in crate::os) enum Source {
    Descriptor(Cell<RawFd>),
    Open {
        path: CString,
        flags: c_int,
    },
    /// The same open file as standard output.
    LikeOutput,
}

/// Everything the child needs between clone and exec. The launch it was made from must outlive
/// its use, because descriptors are borrowed from it.
pub(in crate::os) struct Plan {
    pub(in crate::os) streams: [Source; 3],
    pub(in crate::os) handles: Vec<Cell<RawFd>>,
    pub(in crate::os) root: Option<CString>,
    pub(in crate::os) directory: CString,
    pub(in crate::os) credentials: Option<Credentials>,
    pub(in crate::os) umask: Option<libc::mode_t>,
    pub(in crate::os) nice: Option<c_int>,
    pub(in crate::os) is_background: bool,
    pub(in crate::os) has_idle_disk: bool,
    pub(in crate::os) limits: Vec<(limits::Kind, rlimit)>,
    pub(in crate::os) programs: Vec<CString>,
    pub(in crate::os) hold: sys::Hold,
    /// The list of a control group the child has to put itself on.
    #[cfg(target_os = "linux")]
    pub(in crate::os) join: Option<RawFd>,
    arguments: Strings,
    environment: Strings,
    /// Where in the environment the child's pid goes.
    pid: Option<NonNull<u8>>,
}

impl Plan {
    /// Looks up users and patterns, searches and opens nothing else: what can hang on a disk is the
    /// child's.
    pub(in crate::os) fn new(
        run: Run,
        launch: &Launch,
        (null, domain): (RawFd, &str),
    ) -> Result<Self, SpawnError> {
        let mut environment = launch.environment.clone();
        let credentials = match &launch.account {
            Some(account) => user::look_up(account)?.claim(&mut environment),
            None => None,
        };
        set(&mut environment, "SUPERVISORD_DOMAIN", domain.into());
        set(&mut environment, "SUPERVISORD_LABEL", OsString::from(&launch.tree));
        set(&mut environment, "SUPERVISORD_RUN", OsString::from(run.number.to_string()));
        if let Some(name) = launch.pid_variable {
            set(&mut environment, name, PID_ROOM.into());
        }
        let arguments = match launch.patterns {
            Patterns::None => Cow::Borrowed(&launch.arguments),
            Patterns::Arguments | Patterns::ProgramToo => {
                Cow::Owned(glob::expand(launch, &environment))
            }
        };
        let program = match (launch.patterns, arguments.first()) {
            (Patterns::ProgramToo, Some(first)) => Path::new(first),
            (Patterns::None | Patterns::Arguments | Patterns::ProgramToo, _) => &launch.program,
        };
        let programs = exec::candidates(program, &environment)?;
        let mut environment = Strings::new(environment.into_iter().map(assignment))?;
        Ok(Self {
            pid: launch.pid_variable.and_then(|_| environment.end_of_last(PID_ROOM.len())),
            streams: streams(launch, null)?,
            handles: launch.handles.iter().map(|handle| Cell::new(handle.as_raw_fd())).collect(),
            root: launch.root.as_deref().map(path).transpose()?,
            directory: path(&launch.directory)?,
            credentials,
            umask: launch.umask.map(|mask| (mask & 0o777) as libc::mode_t),
            nice: launch.nice.or(launch.is_background.then(sys::background_nice).flatten()),
            is_background: launch.is_background,
            has_idle_disk: launch.has_idle_disk,
            limits: limits::resolve(&launch.limits),
            programs,
            hold: sys::Hold::new(launch.is_held)?,
            #[cfg(target_os = "linux")]
            join: None,
            arguments: Strings::new(arguments.iter().map(|word| Ok(word.clone())))?,
            environment,
        })
    }

    /// Tells the child its pid where its environment has room for that. Allocates nothing.
    ///
    /// # Safety
    /// Only in the child, which alone uses the plan until it has entered its program.
    pub(in crate::os) unsafe fn tell_pid(&self) {
        let Some(place) = self.pid else { return };
        // SAFETY: a plain system call.
        let pid = unsafe { libc::getpid() }.unsigned_abs();
        let digits = pid.checked_ilog10().unwrap_or(0) + 1;
        for (at, power) in (0..digits).rev().enumerate() {
            let digit = b'0' + (pid / 10_u32.pow(power) % 10) as u8;
            // SAFETY: the room is as long as any pid, and a NUL follows it.
            unsafe { place.add(at).write(digit) };
        }
        // SAFETY: as above.
        unsafe { place.add(digits as usize).write(0) };
    }

    /// The arguments as `execve` wants them.
    pub(in crate::os) fn argv(&self) -> *const *const c_char {
        self.arguments.pointers.as_ptr()
    }

    /// The environment as `execve` wants it.
    pub(in crate::os) fn envp(&self) -> *const *const c_char {
        self.environment.pointers.as_ptr()
    }
}

/// Strings in one block, and the null-ended list of pointers into it.
struct Strings {
    block: Vec<u8>,
    pointers: Vec<*const c_char>,
}

impl Strings {
    fn new(words: impl Iterator<Item = Result<OsString, SpawnError>>) -> Result<Self, SpawnError> {
        let mut block = Vec::with_capacity(1024);
        let mut starts = Vec::with_capacity(words.size_hint().0);
        for word in words {
            let word = word?;
            refuse_nul(&word)?;
            starts.push(block.len());
            block.extend_from_slice(word.as_bytes());
            block.push(0);
        }
        let mut pointers: Vec<*const c_char> =
            starts.into_iter().map(|start| block[start..].as_ptr().cast()).collect();
        pointers.push(ptr::null());
        Ok(Self { block, pointers })
    }

    /// The last so many bytes of the last word, without its NUL.
    fn end_of_last(&mut self, length: usize) -> Option<NonNull<u8>> {
        let at = self.block.len().checked_sub(length + 1)?;
        NonNull::new(self.block.as_mut_ptr().wrapping_add(at))
    }
}

fn assignment((name, value): (OsString, OsString)) -> Result<OsString, SpawnError> {
    let mut word = name.into_vec();
    word.push(b'=');
    word.extend_from_slice(value.as_bytes());
    Ok(OsString::from_vec(word))
}

fn set(environment: &mut Environment, name: &str, value: OsString) {
    environment.retain(|(other, _)| other != name);
    environment.push((name.into(), value));
}

fn streams(launch: &Launch, null: RawFd) -> Result<[Source; 3], SpawnError> {
    let output = libc::O_WRONLY | libc::O_APPEND;
    let stderr = match (&launch.stdout, &launch.stderr) {
        (Stdio::File(out), Stdio::File(err)) if out == err => Source::LikeOutput,
        (Stdio::Null | Stdio::File(_) | Stdio::Handle(_), stderr) => source(stderr, output, null)?,
    };
    let stdin = source(&launch.stdin, libc::O_RDONLY, null)?;
    Ok([stdin, source(&launch.stdout, output, null)?, stderr])
}

fn source(stdio: &Stdio, flags: c_int, null: RawFd) -> Result<Source, SpawnError> {
    Ok(match stdio {
        Stdio::Null => Source::Descriptor(Cell::new(null)),
        Stdio::File(file) => Source::Open { path: path(file)?, flags },
        Stdio::Handle(handle) => Source::Descriptor(Cell::new(handle.as_raw_fd())),
    })
}

pub(super) fn path(path: &Path) -> Result<CString, SpawnError> {
    refuse_nul(path.as_os_str())?;
    Ok(CString::new(path.as_os_str().as_bytes()).unwrap_or_default())
}

fn refuse_nul(word: &OsStr) -> Result<(), SpawnError> {
    if word.as_bytes().contains(&0) {
        let detail = String::from("holds a NUL character");
        return Err(SpawnError::because(Stage::Prepare, Some(word.to_owned()), detail));
    }
    Ok(())
}
