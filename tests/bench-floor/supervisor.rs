//! The bare supervisor: spawn all, then one epoll loop over a signalfd and a unix socket; who dies
//! is begun again at once.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, FromRawFd as _, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::{fs, ptr};

use libc::pid_t;

use crate::spawn::{Attributes, Command};

/// So many are reaped before requests are looked at again.
const REAPED_AT_ONCE: usize = 16;

struct Service {
    label: String,
    command: Command,
    pid: AtomicI32,
    is_wanted: bool,
    stopper: Option<UnixStream>,
}

struct Supervisor {
    services: Vec<Service>,
    by_label: HashMap<String, usize>,
    by_pid: HashMap<pid_t, usize>,
    attributes: Attributes,
    is_ending: bool,
}

/// Runs the services of a list (a label and its command in a line) until SIGTERM.
pub(crate) fn serve(socket: &str, threads: &str, list: &str) -> io::Result<()> {
    let signals = signals()?;
    let listener = UnixListener::bind(socket)?;
    let mut supervisor = Supervisor::read(list)?;
    supervisor.boot(threads.parse().map_err(io::Error::other)?)?;
    let poll = poll(&[signals.as_raw_fd(), listener.as_raw_fd()])?;
    let mut is_more_dead = false;
    while !(supervisor.is_ending && supervisor.by_pid.is_empty()) {
        let ready = wait(&poll, !is_more_dead)?;
        if ready == Some(listener.as_raw_fd()) {
            supervisor.answer(listener.accept()?.0)?;
        } else {
            supervisor.look_at(&signals);
            is_more_dead = supervisor.reap()?;
        }
    }
    Ok(())
}

/// SIGCHLD and SIGTERM as a file; a client that hangs up is no reason to die.
fn signals() -> io::Result<File> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the set is emptied before it is used; the descriptor is new and ours.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGCHLD);
        libc::sigaddset(set.as_mut_ptr(), libc::SIGTERM);
        libc::sigprocmask(libc::SIG_BLOCK, set.as_ptr(), ptr::null_mut());
        owned(libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK))
    }
}

fn poll(descriptors: &[RawFd]) -> io::Result<File> {
    // SAFETY: the descriptor is new and ours; events are only read by the calls.
    unsafe {
        let poll = owned(libc::epoll_create1(libc::EPOLL_CLOEXEC))?;
        for descriptor in descriptors {
            let events = libc::EPOLLIN.cast_unsigned();
            let number = u64::try_from(*descriptor).unwrap_or_default();
            let mut event = libc::epoll_event { events, u64: number };
            libc::epoll_ctl(poll.as_raw_fd(), libc::EPOLL_CTL_ADD, *descriptor, &raw mut event);
        }
        Ok(poll)
    }
}

/// The descriptor that is ready; none, if there is nothing to do and no patience.
fn wait(poll: &File, is_patient: bool) -> io::Result<Option<RawFd>> {
    let mut event = libc::epoll_event { events: 0, u64: 0 };
    let limit = if is_patient { -1 } else { 0 };
    // SAFETY: there is place for the one event that is asked for.
    match unsafe { libc::epoll_wait(poll.as_raw_fd(), &raw mut event, 1, limit) } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        _ => Ok(RawFd::try_from(event.u64).ok()),
    }
}

/// # Safety
/// The descriptor must be nobody else's.
unsafe fn owned(descriptor: RawFd) -> io::Result<File> {
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as promised.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}

impl Supervisor {
    fn read(list: &str) -> io::Result<Self> {
        let text = fs::read_to_string(list)?;
        let service = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            Ok(Service {
                label: words[0].to_owned(),
                command: Command::new(&words[1..])?,
                pid: AtomicI32::new(0),
                is_wanted: true,
                stopper: None,
            })
        };
        let services: Vec<Service> = text.lines().map(service).collect::<io::Result<_>>()?;
        let labels = services.iter().enumerate();
        let by_label = labels.map(|(at, service)| (service.label.clone(), at)).collect();
        let attributes = Attributes::new();
        Ok(Self { services, by_label, by_pid: HashMap::new(), attributes, is_ending: false })
    }

    /// Starts all from several threads, since a spawn blocks the one that asks for it.
    fn boot(&mut self, threads: usize) -> io::Result<()> {
        let share = self.services.len().div_ceil(threads.max(1)).max(1);
        let attributes = &self.attributes;
        let spawn = |services: &[Service]| {
            for service in services {
                service.pid.store(service.command.spawn(attributes)?, Ordering::Relaxed);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let mut shares = self.services.chunks(share);
            let first = shares.next().unwrap_or_default();
            let others: Vec<_> = shares.map(|share| scope.spawn(move || spawn(share))).collect();
            let outcome: io::Result<()> = spawn(first);
            let died = |_| io::Error::other("a thread died");
            others.into_iter().try_fold(outcome?, |(), other| other.join().map_err(died)?)
        })?;
        let pids = self.services.iter_mut().enumerate();
        self.by_pid = pids.map(|(at, service)| (*service.pid.get_mut(), at)).collect();
        Ok(())
    }

    fn begin(&mut self, at: usize) -> io::Result<()> {
        let pid = self.services[at].command.spawn(&self.attributes)?;
        *self.services[at].pid.get_mut() = pid;
        self.by_pid.insert(pid, at);
        Ok(())
    }

    fn look_at(&mut self, mut signals: &File) {
        let mut record = [0; size_of::<libc::signalfd_siginfo>()];
        while signals.read(&mut record).is_ok() {
            let number = i32::from_ne_bytes([record[0], record[1], record[2], record[3]]);
            if number == libc::SIGTERM {
                self.is_ending = true;
                self.by_pid.keys().for_each(|pid| terminate(*pid));
            }
        }
    }

    /// Collects some of the dead; true if there may be more.
    fn reap(&mut self) -> io::Result<bool> {
        for _ in 0..REAPED_AT_ONCE {
            // SAFETY: the status is not asked for.
            let pid = unsafe { libc::waitpid(-1, ptr::null_mut(), libc::WNOHANG) };
            if pid <= 0 {
                return Ok(false);
            }
            let Some(at) = self.by_pid.remove(&pid) else { continue };
            *self.services[at].pid.get_mut() = 0;
            self.services[at].stopper = None;
            if self.services[at].is_wanted && !self.is_ending {
                self.begin(at)?;
            }
        }
        Ok(true)
    }

    /// `stop` is answered by hanging up, when the process is gone; `start` at once.
    fn answer(&mut self, mut stream: UnixStream) -> io::Result<()> {
        let mut request = String::new();
        if stream.read_to_string(&mut request).is_err() {
            return Ok(());
        }
        let (word, label) = request.split_once(' ').unwrap_or((&request, ""));
        let Some(at) = self.by_label.get(label).copied() else {
            if word == "list" {
                let lines: String = (0..self.services.len()).map(|at| self.line(at)).collect();
                let _ = stream.write_all(lines.as_bytes());
            }
            return Ok(());
        };
        let pid = *self.services[at].pid.get_mut();
        match word {
            "stop" => {
                self.services[at].is_wanted = false;
                if pid != 0 {
                    terminate(pid);
                    self.services[at].stopper = Some(stream);
                }
            }
            "start" => {
                self.services[at].is_wanted = true;
                if pid == 0 {
                    self.begin(at)?;
                }
            }
            _ => {
                let _ = stream.write_all(self.line(at).as_bytes());
            }
        }
        Ok(())
    }

    fn line(&mut self, at: usize) -> String {
        let service = &mut self.services[at];
        let pid = *service.pid.get_mut();
        format!("{pid}\t{}\t{}\n", if pid == 0 { "down" } else { "up" }, service.label)
    }
}

fn terminate(pid: pid_t) {
    // SAFETY: takes numbers; the pid is of a child not yet reaped.
    unsafe { libc::kill(pid, libc::SIGTERM) };
}
