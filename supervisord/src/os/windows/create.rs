//! Making a process: suspended, so that it is in its job before it can start another.

use std::{
    ffi::OsStr,
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    path::{Path, PathBuf},
    ptr,
};

use supervisor_core::Run;
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_SUSPENDED, CREATE_UNICODE_ENVIRONMENT, CreateProcessW,
    HIGH_PRIORITY_CLASS, IDLE_PRIORITY_CLASS, NORMAL_PRIORITY_CLASS, PROCESS_INFORMATION,
    ResumeThread, STARTF_USESTDHANDLES, STARTUPINFOW,
};

use super::{
    arguments::command_line, block::block, check, job::Job, port::Port, process::Child,
    streams::Streams, wide,
};
use crate::os::{Launch, SpawnError, Stage};

/// Starts the process of a launch in a job of its own.
pub(super) fn create(run: Run, launch: &Launch, port: &Port) -> Result<Child, SpawnError> {
    let program = find(launch)?;
    let streams = Streams::open(launch)?;
    let failed = |error| refused(launch, &program, &error);
    let (process, thread) = make(run, launch, &program, &streams).map_err(failed)?;
    let pid = process.dwProcessId;
    let job = Job::new(port, key(run)).and_then(|job| {
        job.take(process.hProcess)?;
        Ok(job)
    });
    // SAFETY: the handle was made with the process and is ours alone.
    let handle = unsafe { OwnedHandle::from_raw_handle(process.hProcess) };
    let job = match job {
        Ok(job) => job,
        Err(error) => {
            // SAFETY: the handle is open, and the process has not begun.
            unsafe {
                windows_sys::Win32::System::Threading::TerminateProcess(handle.as_raw_handle(), 1)
            };
            return Err(SpawnError::from_io(Stage::Group, None, &error));
        }
    };
    // SAFETY: the thread's handle is open; it is suspended once.
    unsafe { ResumeThread(thread.as_raw_handle()) };
    Ok(Child { handle, pid, job })
}

/// The key under which a run's job tells that it has emptied.
pub(super) fn key(run: Run) -> u64 {
    u64::from(run.service.0) << 32 | u64::from(run.number)
}

fn make(
    run: Run,
    launch: &Launch,
    program: &Path,
    streams: &Streams,
) -> io::Result<(PROCESS_INFORMATION, OwnedHandle)> {
    let [input, output, error] = streams.raw();
    let startup = STARTUPINFOW {
        cb: size_of::<STARTUPINFOW>() as u32,
        dwFlags: STARTF_USESTDHANDLES,
        hStdInput: input,
        hStdOutput: output,
        hStdError: error,
        ..STARTUPINFOW::default()
    };
    let number = run.number.to_string();
    let marks = [("SUPERVISORD_LABEL", launch.tree.as_str()), ("SUPERVISORD_RUN", &number)];
    let environment = block(&launch.environment, marks);
    let mut line = command_line(&launch.arguments);
    let (program, directory) = (wide(program.as_os_str()), wide(launch.directory.as_os_str()));
    let flags = CREATE_SUSPENDED | CREATE_NEW_PROCESS_GROUP | CREATE_UNICODE_ENVIRONMENT;
    let mut made = PROCESS_INFORMATION::default();
    // SAFETY: every pointer is to a live value, text ends in zero, and the line may be written to.
    check(unsafe {
        CreateProcessW(
            program.as_ptr(),
            line.as_mut_ptr(),
            ptr::null(),
            ptr::null(),
            1,
            flags | priority(launch.nice),
            environment.as_ptr().cast(),
            directory.as_ptr(),
            &startup,
            &mut made,
        )
    })?;
    // SAFETY: the handle was made with the process and is ours alone.
    let thread = unsafe { OwnedHandle::from_raw_handle(made.hThread) };
    Ok((made, thread))
}

/// The system tells a missing directory by the same number as a missing program.
fn refused(launch: &Launch, program: &Path, error: &io::Error) -> SpawnError {
    let (stage, path) = match launch.directory.is_dir() {
        true => (Stage::Exec, program),
        false => (Stage::Directory, launch.directory.as_path()),
    };
    SpawnError::from_io(stage, Some(path.as_os_str().to_owned()), error)
}

fn priority(nice: Option<i32>) -> u32 {
    match nice {
        Some(..=-1) => HIGH_PRIORITY_CLASS,
        Some(1..) => IDLE_PRIORITY_CLASS,
        Some(0) | None => NORMAL_PRIORITY_CLASS,
    }
}

/// The file to execute: as named, or along the service's own PATH, with `.exe` where needed.
fn find(launch: &Launch) -> Result<PathBuf, SpawnError> {
    let with_exe = |path: PathBuf| match path.extension() {
        Some(_) => path,
        None => path.with_extension("exe"),
    };
    let is_path = 1 < launch.program.components().count();
    if is_path {
        return Ok(with_exe(launch.directory.join(&launch.program)));
    }
    let named = |name: &OsStr| name.eq_ignore_ascii_case("PATH");
    let path = launch.environment.iter().find(|(name, _)| named(name)).map(|(_, value)| value);
    let directories = path.into_iter().flat_map(std::env::split_paths);
    let mut files = directories.map(|directory| with_exe(directory.join(&launch.program)));
    files.find(|file| file.is_file()).ok_or_else(|| {
        let path = path.map(|path| path.display().to_string()).unwrap_or_default();
        let detail = format!("not found in PATH ({path})");
        SpawnError::because(Stage::Exec, Some(launch.program.clone().into()), detail)
    })
}
