//! Asks trees to end: by the event each has, and by console events and messages to windows.
//!
//! A process can send those to one console at a time, its own, and would hear them itself. So this
//! program is started once more for the errand, without a console; it enters one after the other.

use std::{
    collections::BTreeSet,
    io,
    os::windows::{
        io::{AsRawHandle as _, OwnedHandle},
        process::CommandExt as _,
    },
    process::{self, Command, ExitCode, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use windows_sys::Win32::{
    Foundation::{HWND, LPARAM, WAIT_TIMEOUT},
    System::{
        Console::{
            AttachConsole, CTRL_BREAK_EVENT, CTRL_C_EVENT, FreeConsole, GenerateConsoleCtrlEvent,
            SetConsoleCtrlHandler,
        },
        Threading::{DETACHED_PROCESS, WaitForSingleObject},
    },
    UI::WindowsAndMessaging::{EnumWindows, GetWindowThreadProcessId, PostMessageW, WM_CLOSE},
};

use super::{check, process::Process};

/// Tells this program that it is on the errand: pairs of event and pid.
const VARIABLE: &str = "SUPERVISORD_ERRAND";

/// Processes of one errand, so that all fit into the variable.
const ERRAND_MAX: usize = 1024;

/// An errand that takes longer is given up: a console may hang, and others wait to be asked.
const ERRAND_TIME: Duration = Duration::from_secs(5);

/// What a process is asked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// Ctrl-C to its console.
    Interrupt,
    /// Ctrl-Break to its console, and a request to close to its windows.
    Break,
}

/// One process to be asked; the handle keeps its number from being given away meanwhile.
struct Question {
    word: Word,
    pid: u32,
    _handle: OwnedHandle,
}

/// Takes processes that are to be asked. Its thread is made when first needed, since making a
/// process takes longer than the loop may wait.
#[derive(Default)]
pub(super) struct Asker {
    questions: Option<mpsc::Sender<Question>>,
}

impl Asker {
    /// Asks a process, soon.
    pub(super) fn ask(&mut self, process: &Process, word: Word) {
        if let Err(error) = self.try_ask(process, word) {
            log::warn!("cannot ask process {} to end: {error}", process.pid);
        }
    }

    fn try_ask(&mut self, process: &Process, word: Word) -> io::Result<()> {
        let question = Question { word, pid: process.pid, _handle: process.hold()? };
        if self.questions.is_none() {
            let (sender, questions) = mpsc::channel();
            let builder = thread::Builder::new().name("asker".into()).stack_size(128 << 10);
            builder.spawn(move || run_errands(&questions))?;
            self.questions = Some(sender);
        }
        let sender = self.questions.as_ref().expect("it was just made");
        sender.send(question).map_err(|_| io::Error::other("the asker's thread has ended"))
    }
}

fn run_errands(questions: &mpsc::Receiver<Question>) {
    while let Ok(first) = questions.recv() {
        let more = questions.try_iter().take(ERRAND_MAX - 1);
        let batch: Vec<Question> = std::iter::once(first).chain(more).collect();
        if let Err(error) = run_errand(&batch) {
            log::warn!("cannot send console events: {error}");
        }
    }
}

fn run_errand(batch: &[Question]) -> io::Result<()> {
    let pairs = batch.iter().map(|question| {
        let event = match question.word {
            Word::Interrupt => CTRL_C_EVENT,
            Word::Break => CTRL_BREAK_EVENT,
        };
        format!("{event} {} ", question.pid)
    });
    let mut errand = Command::new(std::env::current_exe()?);
    errand.env(VARIABLE, pairs.collect::<String>()).creation_flags(DETACHED_PROCESS);
    errand.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    let mut errand = errand.spawn()?;
    let limit = 2 * u32::try_from(ERRAND_TIME.as_millis()).unwrap_or(u32::MAX);
    // SAFETY: the handle is open until `errand` is dropped.
    if unsafe { WaitForSingleObject(errand.as_raw_handle(), limit) } == WAIT_TIMEOUT {
        errand.kill()?;
    }
    errand.wait()?;
    Ok(())
}

/// Does the errand, if that is what this process was started for.
pub(in crate::os) fn errand() -> Option<ExitCode> {
    let errand = std::env::var(VARIABLE).ok()?;
    let _ = thread::Builder::new().spawn(give_up);
    let mut numbers = errand.split_ascii_whitespace().map_while(|word| word.parse::<u32>().ok());
    // SAFETY: the handler lives as long as the process.
    unsafe { SetConsoleCtrlHandler(Some(swallow), 1) };
    let mut closing = BTreeSet::new();
    while let (Some(event), Some(pid)) = (numbers.next(), numbers.next()) {
        if event == CTRL_BREAK_EVENT {
            closing.insert(pid);
        }
        // One without a console has nothing to be entered; it heard of its event already.
        let _ = enter(pid).and_then(|()| {
            // SAFETY: takes two numbers; all who share the console that was just entered hear it.
            check(unsafe { GenerateConsoleCtrlEvent(event, 0) })
        });
    }
    // SAFETY: the callback is given the set, which lives until the call returns.
    unsafe { EnumWindows(Some(close), (&raw mut closing).expose_provenance() as LPARAM) };
    Some(ExitCode::SUCCESS)
}

/// Ends an errand that hangs, also when nobody is left who would.
#[expect(clippy::disallowed_methods, reason = "this process is not the daemon")]
fn give_up() {
    thread::sleep(ERRAND_TIME);
    process::exit(1);
}

fn enter(pid: u32) -> io::Result<()> {
    // SAFETY: both take a number or nothing; without a console there is none to leave.
    unsafe {
        FreeConsole();
        check(AttachConsole(pid))
    }
}

unsafe extern "system" fn swallow(_: u32) -> i32 {
    1
}

unsafe extern "system" fn close(window: HWND, closing: LPARAM) -> i32 {
    // SAFETY: `errand` hands its own set to the enumeration, which ends before the set does.
    let closing = unsafe { &*std::ptr::with_exposed_provenance::<BTreeSet<u32>>(closing as usize) };
    let mut pid = 0;
    // SAFETY: the place is live.
    unsafe { GetWindowThreadProcessId(window, &mut pid) };
    if closing.contains(&pid) {
        // SAFETY: takes numbers; a window that is gone meanwhile refuses.
        unsafe { PostMessageW(window, WM_CLOSE, 0, 0) };
    }
    1
}
