//! Pipes of services' output, each with a thread that reads it. Unnamed, they end with the daemon,
//! and with them what was in them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read as _};
use std::os::windows::io::OwnedHandle;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What was looked at is lost with a kill.
pub const IS_EXACT: bool = false;

/// Bytes that are held at most; beyond that the service waits.
const HELD_MAX: usize = 512 << 10;
/// Bytes read at once.
const PIECE: usize = 64 << 10;

/// The daemon's end of a pipe.
#[derive(Debug)]
pub struct Pipe(Arc<Held>);

/// What a thread has read, and whom it tells.
#[derive(Debug, Default)]
struct Held {
    state: Mutex<State>,
    taken: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    teller: Option<(u64, Waker)>,
    is_closed: bool,
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads until no writer is left, or nobody wants it any more.
    fn fill(&self, mut reader: PipeReader) {
        let mut piece = vec![0; PIECE];
        while let Ok(length) = reader.read(&mut piece) {
            let mut state = self.lock();
            while HELD_MAX < state.bytes.len() && !state.is_closed {
                state = self.taken.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if length == 0 || state.is_closed {
                return;
            }
            state.bytes.extend_from_slice(&piece[..length]);
            if let Some((key, waker)) = &state.teller {
                waker.tell(Some(*key));
            }
        }
    }
}

impl Pipe {
    /// A new pipe, whatever the path; also what services get.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(_: &Path) -> io::Result<(Self, Mouth)> {
        let (reader, writer) = io::pipe()?;
        let held = Arc::new(Held::default());
        let filled = Arc::clone(&held);
        let thread = thread::Builder::new().name("pipe".to_owned()).stack_size(64 << 10);
        thread.spawn(move || filled.fill(reader))?;
        Ok((Self(held), Mouth(Arc::new(writer))))
    }

    /// How many bytes are in it.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.lock().bytes.len()
    }

    /// True when who writes has to wait.
    #[must_use]
    pub fn is_full(&self) -> bool {
        HELD_MAX < self.waiting()
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.taken.notify_one();
    }
}

/// Where a service's output enters a pipe.
#[derive(Debug, Clone)]
pub struct Mouth(Arc<PipeWriter>);

impl Mouth {
    /// What a service gets in place of its output.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(&self) -> io::Result<OwnedHandle> {
        Ok(self.0.try_clone()?.into())
    }
}

/// True for a pipe, among things handed over; nothing is.
#[must_use]
pub fn is_pipe(_: &OwnedHandle) -> bool {
    false
}

/// Looks into pipes.
#[derive(Debug)]
pub struct Peeker(());

impl Peeker {
    /// One that serves any number of pipes.
    ///
    /// # Errors
    /// None here.
    pub fn new() -> io::Result<Self> {
        Ok(Self(()))
    }

    /// Copies what the pipe begins with, up to the room there is, and leaves it where it is.
    ///
    /// # Errors
    /// None here.
    pub fn look(&mut self, pipe: &mut Pipe, room: &mut [u8]) -> io::Result<usize> {
        let state = pipe.0.lock();
        let seen = state.bytes.len().min(room.len());
        room[..seen].copy_from_slice(&state.bytes[..seen]);
        Ok(seen)
    }

    /// Takes bytes from the pipe; there is no witness to that here.
    ///
    /// # Errors
    /// None here.
    pub fn take(&mut self, pipe: &mut Pipe, length: usize, _: &File, _: u64) -> io::Result<usize> {
        self.discard(pipe, length)
    }

    /// Takes bytes from the pipe and forgets them.
    ///
    /// # Errors
    /// None here.
    pub fn discard(&mut self, pipe: &mut Pipe, length: usize) -> io::Result<usize> {
        let mut state = pipe.0.lock();
        let taken = length.min(state.bytes.len());
        state.bytes.drain(..taken);
        if state.bytes.is_empty() {
            state.bytes.shrink_to(PIECE);
        }
        pipe.0.taken.notify_one();
        Ok(taken)
    }
}

/// Waits for any of many pipes, and for orders.
#[derive(Debug)]
pub struct Poller(Waker);

impl Poller {
    /// One that watches nothing yet.
    ///
    /// # Errors
    /// None here.
    pub fn new() -> io::Result<Self> {
        Ok(Self(Waker::default()))
    }

    /// What ends the waiting from another thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.0.clone()
    }

    /// Tells `key` each time something came into the pipe, and once for what is in it now.
    ///
    /// # Errors
    /// None here.
    pub fn watch(&mut self, pipe: &Pipe, key: u64) -> io::Result<()> {
        pipe.0.lock().teller = Some((key, self.0.clone()));
        self.0.tell(Some(key));
        Ok(())
    }

    /// Watches the pipe no longer.
    pub fn unwatch(&mut self, pipe: &Pipe) {
        pipe.0.lock().teller = None;
    }

    /// Waits until something happened or the time is over; the pipes something came into.
    ///
    /// # Errors
    /// None here.
    pub fn wait(&mut self, limit: Option<Duration>, keys: &mut Vec<u64>) -> io::Result<()> {
        let Waker(told) = &self.0;
        let mut news = told.0.lock().unwrap_or_else(PoisonError::into_inner);
        if news.is_empty() {
            news = match limit {
                None => told.1.wait(news).unwrap_or_else(PoisonError::into_inner),
                Some(limit) => {
                    let waited = told.1.wait_timeout(news, limit);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        keys.extend(news.drain(..).flatten());
        Ok(())
    }
}

/// Ends the waiting of a [`Poller`].
#[derive(Debug, Clone, Default)]
pub struct Waker(Arc<(Mutex<VecDeque<Option<u64>>>, Condvar)>);

impl Waker {
    /// Ends it now, or the next.
    pub fn wake(&self) {
        self.tell(None);
    }

    /// One key stands there once at most, so that the list is as short as there are pipes.
    fn tell(&self, key: Option<u64>) {
        let mut news = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !news.contains(&key) {
            news.push_back(key);
        }
        self.0.1.notify_one();
    }
}
