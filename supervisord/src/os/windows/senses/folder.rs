//! One folder whose changes are told by a thread of the system's pool.

use std::collections::BTreeSet;
use std::ffi::c_void;
use std::io;
use std::path::Path;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use windows_sys::Win32::{
    Foundation::{HANDLE, INVALID_HANDLE_VALUE},
    Storage::FileSystem::{
        FILE_NOTIFY_CHANGE_ATTRIBUTES, FILE_NOTIFY_CHANGE_DIR_NAME, FILE_NOTIFY_CHANGE_FILE_NAME,
        FILE_NOTIFY_CHANGE_LAST_WRITE, FILE_NOTIFY_CHANGE_SIZE, FindCloseChangeNotification,
        FindFirstChangeNotificationW, FindNextChangeNotification,
    },
    System::Threading::{
        INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEDEFAULT,
    },
};

use crate::os::imp::{check, wide};
use crate::os::senses::Place;

/// What of a folder is of interest.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// Names that appear and go.
    Names,
    /// Also that what is in it is written to.
    All,
}

/// Where news are left: of which place, and whether they came from inside of it.
#[derive(Debug, Default)]
pub(super) struct Bell {
    news: Mutex<BTreeSet<(Place, bool)>>,
    rung: Notify,
}

impl Bell {
    /// Waits for news; may be dropped and called again without loss.
    pub(super) async fn rung(&self) {
        while self.lock().is_empty() {
            self.rung.notified().await;
        }
    }

    /// The news there are.
    pub(super) fn take(&self) -> BTreeSet<(Place, bool)> {
        std::mem::take(&mut *self.lock())
    }

    fn ring(&self, news: (Place, bool)) {
        self.lock().insert(news);
        self.rung.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<(Place, bool)>> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One folder that is watched.
#[derive(Debug)]
pub(super) struct Folder {
    wait: HANDLE,
    /// Kept where it is, since the system's threads find it there.
    context: *mut Context,
}

#[derive(Debug)]
struct Context {
    changes: HANDLE,
    ring: (Arc<Bell>, Place, bool),
}

impl Folder {
    /// Tells the bell, with the place and whether this is its inside, of every change.
    pub(super) fn watch(
        folder: &Path,
        what: What,
        ring: (Arc<Bell>, Place, bool),
    ) -> io::Result<Self> {
        let names = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME;
        let content =
            FILE_NOTIFY_CHANGE_ATTRIBUTES | FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_LAST_WRITE;
        let filter = match what {
            What::Names => names,
            What::All => names | content,
        };
        let path = wide(folder.as_os_str());
        // SAFETY: the path ends in zero.
        let changes = unsafe { FindFirstChangeNotificationW(path.as_ptr(), 0, filter) };
        if changes == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        let context = Box::into_raw(Box::new(Context { changes, ring }));
        let mut watch = Self { wait: ptr::null_mut(), context };
        // SAFETY: handle and context are given back only after the wait was taken back.
        check(unsafe {
            let (context, flags) = (context.cast_const().cast(), WT_EXECUTEDEFAULT);
            RegisterWaitForSingleObject(
                &mut watch.wait,
                changes,
                Some(changed),
                context,
                INFINITE,
                flags,
            )
        })?;
        Ok(watch)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // SAFETY: waits until no call is under way; none comes any more, and each is given back
        // once.
        unsafe {
            if !self.wait.is_null() {
                UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE);
            }
            let context = Box::from_raw(self.context);
            FindCloseChangeNotification(context.changes);
        }
    }
}

unsafe extern "system" fn changed(context: *mut c_void, _: bool) {
    // SAFETY: the context is the one that `Folder` keeps.
    let context = unsafe { &*context.cast::<Context>() };
    let (bell, place, is_inside) = &context.ring;
    bell.ring((*place, *is_inside));
    // What happens from now on is told anew. It fails when the folder is gone, which is told too.
    // SAFETY: the handle is open.
    unsafe { FindNextChangeNotification(context.changes) };
}
