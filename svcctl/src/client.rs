//! A connection to the daemon: requests out, answers in.
//!
//! Knows frames and ids; what a method means is the verbs' business.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use interprocess::local_socket::{Stream, traits::Stream as _};
use protocol::frame::FRAME_MAX;
use protocol::message::{
    Call, Hello, HelloCall, Id, Incoming, Reason, Refusal, Request, Version2, decode_incoming,
    decode_result,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::Error;
use crate::place::Place;

/// How long a daemon may take over an answer that nothing has to happen for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How long a daemon that hung up may take to come back.
const RETURN: Duration = Duration::from_secs(5);

/// Between two tries to find it.
const PAUSE: Duration = Duration::from_millis(20);

/// How many requests are under way at once on one connection, at most.
const AHEAD_MAX: usize = 64;

/// How many daemons in a row may end soon after they were asked: the request may be why.
const TRIES: usize = 10;

/// A request that waits for its turn.
struct Open {
    id: Id,
    call: Call,
    answer: Option<Result<Box<RawValue>, Refusal>>,
    again: Again,
}

/// It was asked before, of a daemon that hung up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Again(pub(crate) bool);

/// An answer: JSON whose type the asker knows, or a no.
pub(crate) type Answer<'a> = Result<&'a RawValue, Refusal>;

/// One connection, made for one task.
pub(crate) struct Client {
    place: Place,
    task: String,
    stream: BufReader<Stream>,
    frame: Vec<u8>,
    asked: i64,
    patience: Option<Duration>,
    /// The daemon's process, as far as it said.
    daemon: Option<u32>,
    since: Instant,
}

impl Client {
    /// Connects to the daemon there; the task, like `stop web`, is what errors say can't be done.
    pub(crate) fn connect(place: &Place, task: impl Into<String>) -> Result<Self, Error> {
        let task = task.into();
        let stream = place.connect(&task)?;
        let stream = BufReader::with_capacity(1 << 16, stream);
        let mut client = Self {
            place: place.clone(),
            task,
            stream,
            frame: Vec::new(),
            asked: 0,
            patience: None,
            daemon: None,
            since: Instant::now(),
        };
        client.be_patient(Some(PATIENCE));
        Ok(client)
    }

    /// Connects to the daemon that follows this one, which hung up: it was upgraded, or it crashed
    /// and was started again. What was asked and not answered has to be asked anew.
    ///
    /// A daemon counts as there when it says hello; who only accepts may be about to end.
    pub(crate) fn reconnect(&mut self) -> Result<(), Error> {
        let patience = self.patience;
        let until = Instant::now() + RETURN;
        while Instant::now() < until {
            if let Ok(stream) = self.place.connect(&self.task) {
                self.stream = BufReader::with_capacity(1 << 16, stream);
                self.be_patient(Some(RETURN));
                let client = concat!("svcctl ", env!("CARGO_PKG_VERSION")).to_owned();
                let hello: Result<Hello, Error> = self.ask_once(Call::Hello(HelloCall { client }));
                self.be_patient(patience);
                if let Ok(hello) = hello {
                    (self.daemon, self.since) = (Some(hello.pid), Instant::now());
                    return Ok(());
                }
            }
            thread::sleep(PAUSE);
        }
        Err(Error::HungUp { task: self.task.clone() })
    }

    /// Reconnects, unless one daemon after the other ends soon after it was asked.
    fn follow(&mut self, tries: &mut usize) -> Result<(), Error> {
        if TRIES <= *tries {
            return Err(Error::HungUp { task: self.task.clone() });
        }
        let (before, since) = (self.daemon, self.since);
        self.reconnect()?;
        // One that was upgraded is the same process.
        let is_sound = before == self.daemon || RETURN < since.elapsed();
        *tries = if is_sound { 0 } else { *tries + 1 };
        Ok(())
    }

    /// How long to wait for the daemon's next word; `None` is for ever.
    pub(crate) fn be_patient(&mut self, patience: Option<Duration>) {
        self.patience = patience;
        // Windows pipes refuse this; there the daemon's own time limits have to do.
        let _ = self.stream.get_ref().set_recv_timeout(patience);
    }

    /// Asks, and reads the answer as a `T`, which may borrow from it; a daemon that hangs up is
    /// followed by another, which is asked again.
    pub(crate) fn ask<'a, T: Deserialize<'a>>(&'a mut self, call: Call) -> Result<T, Error> {
        let mut id = self.send(call.clone())?;
        let mut tries = 0;
        while !self.read_frame()? {
            self.follow(&mut tries)?;
            id = self.send(call.clone())?;
        }
        self.read_answer(&id)
    }

    /// Asks this daemon and no other.
    fn ask_once<'a, T: Deserialize<'a>>(&'a mut self, call: Call) -> Result<T, Error> {
        let id = self.send(call)?;
        if !self.read_frame()? {
            return Err(Error::HungUp { task: self.task.clone() });
        }
        self.read_answer(&id)
    }

    /// What was read as the answer to that request.
    fn read_answer<'a, T: Deserialize<'a>>(&'a mut self, id: &Id) -> Result<T, Error> {
        if let Some(result) = decode_result(&self.frame, id) {
            return Ok(result);
        }
        let task = self.task.clone();
        match self.decode()? {
            Incoming::Response(response) if response.id == *id => {
                read(&task, settle(&task, response.outcome)?)
            }
            Incoming::Response(response) => Err(stray(&task, response.outcome.err())),
            Incoming::Log(_) | Incoming::Event(_) | Incoming::Waiting(_) => Err(stray(&task, None)),
        }
    }

    /// Asks all of them over this connection, several ahead, and hands over the answers in order.
    ///
    /// A daemon that hangs up is followed by another, which is asked again what was not answered;
    /// the answer to that may be that it was done before.
    pub(crate) fn ask_all(
        &mut self,
        calls: impl IntoIterator<Item = Call>,
        mut hand_over: impl FnMut(Answer<'_>, Again) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut calls = calls.into_iter().fuse();
        let mut open: VecDeque<Open> = VecDeque::new();
        let mut tries = 0;
        loop {
            while open.len() < AHEAD_MAX {
                let Some(call) = calls.next() else { break };
                let id = self.send(call.clone())?;
                open.push_back(Open { id, call, answer: None, again: Again(false) });
            }
            if open.is_empty() {
                return Ok(());
            }
            match self.receive_answer(&mut open) {
                Ok(()) => tries = 0,
                Err(Error::HungUp { .. }) => {
                    self.follow(&mut tries)?;
                    for one in open.iter_mut().filter(|one| one.answer.is_none()) {
                        (one.id, one.again) = (self.send(one.call.clone())?, Again(true));
                    }
                }
                Err(error) => return Err(error),
            }
            while let Some(Open { answer: Some(answer), again, .. }) =
                open.pop_front_if(|one| one.answer.is_some())
            {
                hand_over(answer.as_deref().map_err(Clone::clone), again)?;
            }
        }
    }

    /// Takes the next answer to one of the open requests, in the order the daemon likes.
    fn receive_answer(&mut self, open: &mut VecDeque<Open>) -> Result<(), Error> {
        let task = self.task.clone();
        let Incoming::Response(response) = self.receive()? else { return Err(stray(&task, None)) };
        let waits = |one: &&mut Open| one.id == response.id && one.answer.is_none();
        let Some(one) = open.iter_mut().find(waits) else {
            return Err(stray(&task, response.outcome.err()));
        };
        one.answer = Some(match response.outcome {
            Err(refusal) if !is_foreign(&refusal) => Err(refusal),
            outcome => Ok(settle(&task, outcome)?.to_owned()),
        });
        Ok(())
    }

    /// Sends a request without awaiting its answer.
    pub(crate) fn send(&mut self, call: Call) -> Result<Id, Error> {
        self.asked += 1;
        let id = Id::Number(self.asked);
        let line = Request { jsonrpc: Version2, id: id.clone(), call }.line();
        if FRAME_MAX < line.len() {
            return Err(Error::TooLong { task: self.task.clone() });
        }
        match self.stream.get_mut().write_all(&line) {
            // A daemon that closed may have said why before; reading finds that, or the end.
            Err(error) if is_hang_up(&error) => Ok(id),
            Err(cause) => Err(self.broken(cause)),
            Ok(()) => Ok(id),
        }
    }

    /// The next line the daemon writes.
    pub(crate) fn receive(&mut self) -> Result<Incoming<'_>, Error> {
        if !self.read_frame()? {
            return Err(Error::HungUp { task: self.task.clone() });
        }
        self.decode()
    }

    fn decode(&self) -> Result<Incoming<'_>, Error> {
        decode_incoming(&self.frame)
            .map_err(|error| Error::Garbled { task: self.task.clone(), cause: error.to_string() })
    }

    /// Waits until the daemon has closed the connection.
    pub(crate) fn await_end(&mut self) -> Result<(), Error> {
        while self.read_frame()? {}
        Ok(())
    }

    /// Reads one line into `frame`; false when the daemon closed the connection instead.
    fn read_frame(&mut self) -> Result<bool, Error> {
        self.frame.clear();
        let limit = FRAME_MAX as u64 + 1;
        match (&mut self.stream).take(limit).read_until(b'\n', &mut self.frame) {
            Ok(_) if self.frame.last() == Some(&b'\n') => Ok(true),
            Ok(length) if FRAME_MAX < length => Err(Error::Garbled {
                task: self.task.clone(),
                cause: format!("a line exceeds {FRAME_MAX} bytes"),
            }),
            Ok(_) => Ok(false),
            Err(error) if is_hang_up(&error) => Ok(false),
            Err(cause) => Err(self.broken(cause)),
        }
    }

    fn broken(&self, cause: io::Error) -> Error {
        let task = self.task.clone();
        match (cause.kind(), self.patience) {
            (io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut, Some(patience)) => {
                Error::Silent { task, seconds: patience.as_secs() }
            }
            _ => Error::Broken { task, cause },
        }
    }
}

/// An answer as a `T`, which may borrow from it.
pub(crate) fn read<'a, T: Deserialize<'a>>(task: &str, result: &'a RawValue) -> Result<T, Error> {
    serde_json::from_str(result.get())
        .map_err(|error| Error::Garbled { task: task.to_owned(), cause: error.to_string() })
}

/// What was answered, unless it is a no.
pub(crate) fn settle<'a>(task: &str, answer: Answer<'a>) -> Result<&'a RawValue, Error> {
    answer.map_err(|refusal| match is_foreign(&refusal) {
        true => Error::NotUnderstood { task: task.to_owned(), refusal },
        false => Error::Refused(refusal),
    })
}

/// A message that belongs to no request: the daemon's no to the connection as a whole, or noise.
pub(crate) fn stray(task: &str, refusal: Option<Refusal>) -> Error {
    let cause = "it belongs to no request of ours".to_owned();
    refusal.map_or_else(|| Error::Garbled { task: task.to_owned(), cause }, Error::Refused)
}

fn is_foreign(refusal: &Refusal) -> bool {
    matches!(refusal.reason, Reason::NoSuchMethod | Reason::BadParameters)
}

fn is_hang_up(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}
