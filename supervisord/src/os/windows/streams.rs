//! The three standard streams as handles that a child inherits.

use std::{
    fs::{File, OpenOptions},
    io,
    os::windows::io::{AsRawHandle, BorrowedHandle, OwnedHandle},
    path::Path,
};

use windows_sys::Win32::Foundation::{HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation};

use super::check;
use crate::os::{Launch, SpawnError, Stage, Stdio};

/// Handles opened for one child, to be closed once it has them.
pub(super) struct Streams([OwnedHandle; 3]);

impl Streams {
    pub(super) fn open(launch: &Launch) -> Result<Self, SpawnError> {
        let input = |path: &Path| OpenOptions::new().read(true).open(path);
        let output = |path: &Path| OpenOptions::new().append(true).create(true).open(path);
        let null = |path: &Path| OpenOptions::new().read(true).write(true).open(path);
        let open = |stdio: &Stdio, how: &dyn Fn(&Path) -> io::Result<File>| match stdio {
            Stdio::Null => inheritable("NUL".as_ref(), null(Path::new("NUL")).map(Into::into)),
            Stdio::File(path) => {
                let path = launch.directory.join(path);
                inheritable(&path, how(&path).map(Into::into))
            }
            Stdio::Handle(handle) => inheritable("handle".as_ref(), handle.try_clone()),
        };
        Ok(Self([
            open(&launch.stdin, &input)?,
            open(&launch.stdout, &output)?,
            open(&launch.stderr, &output)?,
        ]))
    }

    /// Input, output, error.
    pub(super) fn raw(&self) -> [HANDLE; 3] {
        self.0.each_ref().map(|handle| handle.as_raw_handle())
    }
}

fn inheritable(path: &Path, opened: io::Result<OwnedHandle>) -> Result<OwnedHandle, SpawnError> {
    let inherit = |handle: OwnedHandle| set_inheritable(&handle).map(|()| handle);
    opened.and_then(inherit).map_err(|error| {
        SpawnError::from_io(Stage::Open, Some(path.as_os_str().to_owned()), &error)
    })
}

fn set_inheritable(handle: &OwnedHandle) -> io::Result<()> {
    let handle: BorrowedHandle<'_> = std::os::windows::io::AsHandle::as_handle(handle);
    // SAFETY: the handle is open.
    let result = unsafe {
        SetHandleInformation(handle.as_raw_handle(), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)
    };
    check(result)
}
