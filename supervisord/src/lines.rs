//! The daemon's own log on its way to standard error or a file: lines of one turn leave in one
//! write.
//!
//! Only the loop's thread gathers, and it lets go before it waits, so that nothing is held back;
//! lines of other threads leave at once, in their order.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::panic;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use env_logger::{Builder, Env, Target, WriteStyle};

/// So much is gathered at most.
const SIZE_MAX: usize = 64 << 10;

/// So much room is kept for the next turn.
const ROOM: usize = 4 << 10;

static GATHERED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Where it goes, if not to standard error.
static FILE: OnceLock<File> = OnceLock::new();

thread_local! {
    static GATHERS: Cell<bool> = const { Cell::new(false) };
}

/// Sends the log to a file or else standard error: what `level` or the environment's `RUST_LOG`
/// lets through.
pub fn begin(level: &str, file: Option<File>) {
    let is_shown = file.is_none() && io::stderr().is_terminal();
    if let Some(file) = file {
        FILE.get_or_init(|| file);
    }
    let environment = Env::default().default_filter_or(level);
    // A pipe shows no colours by itself.
    let style = if is_shown { WriteStyle::Auto } else { WriteStyle::Never };
    Builder::from_env(environment)
        .format_target(false)
        .write_style(style)
        .target(Target::Pipe(Box::new(Lines)))
        .init();
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if let Ok(mut gathered) = GATHERED.try_lock() {
            write(&mut gathered);
        }
        tell(panic);
    }));
}

/// From now on lines of this thread wait for [`let_go`].
pub fn gather() {
    GATHERS.set(true);
}

/// Writes what was gathered.
pub fn let_go() {
    write(&mut gathered());
}

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut gathered = gathered();
        gathered.extend_from_slice(bytes);
        if !GATHERS.get() || SIZE_MAX < gathered.len() {
            write(&mut gathered);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gathered() -> MutexGuard<'static, Vec<u8>> {
    GATHERED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(gathered: &mut Vec<u8>) {
    if !gathered.is_empty() {
        // Where its log goes is nothing a supervisor may fail for.
        let _ = match FILE.get() {
            Some(mut file) => file.write_all(gathered),
            None => io::stderr().write_all(gathered),
        };
        gathered.clear();
        gathered.shrink_to(ROOM);
    }
}
