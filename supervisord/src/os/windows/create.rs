//! Making a process: suspended, so that it is in its tree before it can start another.

use std::{
    io,
    os::windows::io::{FromRawHandle, OwnedHandle},
    path::Path,
    ptr,
};

use supervisor_core::Run;
use windows_sys::Win32::System::Threading::{
    CREATE_NO_WINDOW, CREATE_SUSPENDED, CREATE_UNICODE_ENVIRONMENT, CreateProcessW,
    EXTENDED_STARTUPINFO_PRESENT, PROCESS_INFORMATION, ResumeThread,
};

use super::{
    block::block,
    check, limits, priority,
    process::{Child, Process},
    program::Program,
    startup::Startup,
    streams::Streams,
    tree::{Names, Tree},
    wide,
};
use crate::os::{Launch, SpawnError, Stage};

use std::os::windows::io::AsRawHandle as _;

/// Each process gets a console of its own, without a window: no Ctrl-C of whoever started the
/// daemon reaches it, it outlives that terminal, and it can be sent Ctrl-Break all the same.
const FLAGS: u32 =
    CREATE_SUSPENDED | CREATE_NO_WINDOW | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT;

/// Starts the process of a launch in a tree of its own.
pub(super) fn create(run: Run, launch: &Launch, domain: &str) -> Result<Child, SpawnError> {
    let program = Program::find(launch)?;
    let streams = Streams::open(launch)?;
    let grouped = |error: io::Error| SpawnError::from_io(Stage::Group, None, &error);
    let tree = Tree::new(&Names::new(domain, &launch.tree)).map_err(grouped)?;
    limits::set(&tree, &launch.limits)?;
    let made = make(run, launch, &program, &streams, &tree.stop_name);
    let (process, thread) = made.map_err(|error| refused(launch, &program.file, &error))?;
    if let Err(error) = tree.take(&process).and_then(|()| tree.lend(&process)) {
        process.end();
        return Err(grouped(error));
    }
    priority::yield_to_others(&process, launch);
    // SAFETY: the thread's handle is open; it is suspended once.
    unsafe { ResumeThread(thread.as_raw_handle()) };
    Ok(Child { process, tree })
}

fn make(
    run: Run,
    launch: &Launch,
    program: &Program,
    streams: &Streams,
    stop: &str,
) -> io::Result<(Process, OwnedHandle)> {
    let startup = Startup::new(streams)?;
    let number = run.number.to_string();
    let marks = [
        ("SUPERVISORD_LABEL", launch.tree.as_str()),
        ("SUPERVISORD_RUN", &number),
        ("SUPERVISORD_STOP_EVENT", stop),
    ];
    let environment = block(&launch.environment, &marks);
    let mut line = program.line.clone();
    let (file, directory) = (wide(program.shell().as_os_str()), wide(launch.directory.as_os_str()));
    let mut made = PROCESS_INFORMATION::default();
    // SAFETY: every pointer is to a live value, text ends in zero, and the line may be written to.
    check(unsafe {
        CreateProcessW(
            file.as_ptr(),
            line.as_mut_ptr(),
            ptr::null(),
            ptr::null(),
            1,
            FLAGS | priority::class(launch),
            environment.as_ptr().cast(),
            directory.as_ptr(),
            startup.raw(),
            &mut made,
        )
    })?;
    // SAFETY: both handles were made with the process and are ours alone.
    let [process, thread] =
        [made.hProcess, made.hThread].map(|raw| unsafe { OwnedHandle::from_raw_handle(raw) });
    Ok((Process::new(process, made.dwProcessId), thread))
}

/// The system tells a missing directory by the same number as a missing program.
fn refused(launch: &Launch, program: &Path, error: &io::Error) -> SpawnError {
    let (stage, path) = match launch.directory.is_dir() {
        true => (Stage::Exec, program),
        false => (Stage::Directory, launch.directory.as_path()),
    };
    SpawnError::from_io(stage, Some(path.as_os_str().to_owned()), error)
}
