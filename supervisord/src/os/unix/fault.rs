//! How far a child came before its program was entered, and what that means to a person.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    sync::atomic::{AtomicI32, AtomicU32, Ordering::Relaxed},
};

use libc::c_int;

use super::{Plan, exec, limits};
use crate::os::{Launch, SpawnError, Stage, Stdio, error::words, signal_name};

/// What to do about a step that was not permitted.
const ROOT_ONLY: &str = "only a supervisord that runs as root may do that";

/// Written by the child step by step, read by the parent when the child is gone.
#[derive(Default)]
pub(in crate::os) struct Fault {
    stage: AtomicU32,
    /// Which of the limits, streams or candidate programs.
    index: AtomicU32,
    errno: AtomicI32,
}

impl Fault {
    pub(super) fn begin(&self, stage: Stage, index: usize) {
        self.stage.store(stage as u32, Relaxed);
        self.index.store(index as u32, Relaxed);
    }

    /// Whether the child took no step at all.
    #[cfg(target_os = "linux")]
    pub(in crate::os) fn is_untouched(&self) -> bool {
        self.stage.load(Relaxed) == Stage::Prepare as u32
    }

    pub(super) fn fail(&self, errno: c_int) {
        self.errno.store(errno, Relaxed);
    }

    /// The three numbers, to be sent where memory is not shared.
    #[cfg(not(target_os = "linux"))]
    pub(in crate::os) fn numbers(&self) -> [i32; 3] {
        let (stage, index) = (self.stage.load(Relaxed), self.index.load(Relaxed));
        [stage as i32, index as i32, self.errno.load(Relaxed)]
    }

    /// The fault whose numbers were sent.
    #[cfg(not(target_os = "linux"))]
    pub(in crate::os) fn from_numbers(numbers: [i32; 3]) -> Self {
        let [stage, index, errno] = numbers;
        Self {
            stage: AtomicU32::new(stage as u32),
            index: AtomicU32::new(index as u32),
            errno: AtomicI32::new(errno),
        }
    }

    /// The error this fault is; `signal` ended the child if it did not end itself.
    pub(in crate::os) fn explain(
        &self,
        launch: &Launch,
        plan: &Plan,
        signal: Option<c_int>,
    ) -> SpawnError {
        let stage = Stage::ALL.get(self.stage.load(Relaxed) as usize).copied();
        let stage = stage.unwrap_or(Stage::Clone);
        let errno = self.errno.load(Relaxed);
        let object = self.object(stage, launch, plan);
        if let Some(number) = signal {
            let name = signal_name(number).unwrap_or("a signal");
            return SpawnError::because(stage, object, format!("ended by {name}"));
        }
        match (stage, object) {
            (Stage::Exec, Some(tried)) => exec::explain(launch, &tried, errno),
            (Stage::Root | Stage::User, object) if errno == libc::EPERM => {
                let mut error = SpawnError::new(stage, object, errno);
                error.detail = Some(format!("{}; {ROOT_ONLY}", words(errno)));
                error
            }
            (stage, object) => SpawnError::new(stage, object, errno),
        }
    }

    fn object(&self, stage: Stage, launch: &Launch, plan: &Plan) -> Option<OsString> {
        let index = self.index.load(Relaxed) as usize;
        match stage {
            Stage::Root => launch.root.clone().map(Into::into),
            Stage::Directory => Some(launch.directory.clone().into()),
            Stage::Limit => plan.limits.get(index).map(|limit| limits::name(limit.0).into()),
            Stage::Nice => plan.nice.map(|nice| nice.to_string().into()),
            Stage::User => {
                let account = launch.account.as_ref()?;
                account.user.clone().or_else(|| account.group.clone()).map(Into::into)
            }
            Stage::Open => match [&launch.stdin, &launch.stdout, &launch.stderr].get(index)? {
                Stdio::File(path) => Some(path.clone().into()),
                Stdio::Null | Stdio::Handle(_) => Some(format!("descriptor {index}").into()),
            },
            Stage::Exec => {
                let tried = plan.programs.get(index)?;
                Some(OsStr::from_bytes(tried.as_bytes()).to_owned())
            }
            Stage::Prepare
            | Stage::Account
            | Stage::Read
            | Stage::Clone
            | Stage::Group
            | Stage::Schedule
            | Stage::Disk
            | Stage::Session
            | Stage::Hold => None,
        }
    }
}
