//! A connection to the daemon: requests out, answers in.
//!
//! Knows frames and ids; what a method means is the verbs' business.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use interprocess::local_socket::{Stream, traits::Stream as _};
use protocol::frame::FRAME_MAX;
use protocol::message::{
    Call, Hello, HelloCall, Id, Incoming, Reason, Refusal, Request, Version2, decode_incoming,
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
const AHEAD_MAX: i64 = 64;

/// An answer: JSON whose type the asker knows, or a no.
pub(crate) type Answer<'a> = Result<&'a RawValue, Refusal>;

/// One connection, made for one task.
pub(crate) struct Client {
    task: String,
    stream: BufReader<Stream>,
    frame: Vec<u8>,
    asked: i64,
    patience: Option<Duration>,
}

impl Client {
    /// Connects to the daemon there; the task, like `stop web`, is what errors say can't be done.
    pub(crate) fn connect(place: &Place, task: impl Into<String>) -> Result<Self, Error> {
        let task = task.into();
        let stream = place.connect(&task)?;
        let stream = BufReader::with_capacity(1 << 16, stream);
        let mut client = Self { task, stream, frame: Vec::new(), asked: 0, patience: None };
        client.be_patient(Some(PATIENCE));
        Ok(client)
    }

    /// Connects to the daemon that follows this one, which hung up: it was upgraded, or it crashed
    /// and was started again. What was asked and not answered has to be asked anew.
    ///
    /// A daemon counts as there when it says hello; who only accepts may be about to end.
    pub(crate) fn reconnect(&mut self, place: &Place) -> Result<(), Error> {
        let patience = self.patience;
        let until = Instant::now() + RETURN;
        while Instant::now() < until {
            if let Ok(stream) = place.connect(&self.task) {
                self.stream = BufReader::with_capacity(1 << 16, stream);
                self.be_patient(Some(RETURN));
                let client = concat!("svcctl ", env!("CARGO_PKG_VERSION")).to_owned();
                let hello: Result<Hello, Error> = self.ask(Call::Hello(HelloCall { client }));
                self.be_patient(patience);
                if hello.is_ok() {
                    return Ok(());
                }
            }
            thread::sleep(PAUSE);
        }
        Err(Error::HungUp { task: self.task.clone() })
    }

    /// How long to wait for the daemon's next word; `None` is for ever.
    pub(crate) fn be_patient(&mut self, patience: Option<Duration>) {
        self.patience = patience;
        // Windows pipes refuse this; there the daemon's own time limits have to do.
        let _ = self.stream.get_ref().set_recv_timeout(patience);
    }

    /// Asks, and reads the answer as a `T`, which may borrow from it.
    pub(crate) fn ask<'a, T: Deserialize<'a>>(&'a mut self, call: Call) -> Result<T, Error> {
        let id = self.send(call)?;
        let task = self.task.clone();
        match self.receive()? {
            Incoming::Response(response) if response.id == id => {
                read(&task, settle(&task, response.outcome)?)
            }
            Incoming::Response(response) => Err(stray(&task, response.outcome.err())),
            Incoming::Log(_) => Err(stray(&task, None)),
        }
    }

    /// Asks all of them over this connection, several ahead, and hands over the answers in order.
    pub(crate) fn ask_all(
        &mut self,
        calls: impl IntoIterator<Item = Call>,
        mut hand_over: impl FnMut(Answer<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut calls = calls.into_iter().fuse();
        let mut due = self.asked + 1;
        let mut early = BTreeMap::new();
        loop {
            while self.asked + 1 - due < AHEAD_MAX {
                let Some(call) = calls.next() else { break };
                self.send(call)?;
            }
            if self.asked < due {
                return Ok(());
            }
            let (id, answer) = self.receive_answer(due)?;
            early.insert(id, answer);
            while let Some(answer) = early.remove(&due) {
                hand_over(answer.as_deref().map_err(Clone::clone))?;
                due += 1;
            }
        }
    }

    /// The next answer to one of the requests from `due` on, in the order the daemon likes.
    fn receive_answer(&mut self, due: i64) -> Result<(i64, Result<Box<RawValue>, Refusal>), Error> {
        let (asked, task) = (self.asked, self.task.clone());
        let Incoming::Response(response) = self.receive()? else { return Err(stray(&task, None)) };
        match (response.id, response.outcome) {
            (Id::Number(id), outcome) if (due..=asked).contains(&id) => match outcome {
                Err(refusal) if !is_foreign(&refusal) => Ok((id, Err(refusal))),
                outcome => Ok((id, Ok(settle(&task, outcome)?.to_owned()))),
            },
            (_, outcome) => Err(stray(&task, outcome.err())),
        }
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
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(id),
            Err(cause) => Err(self.broken(cause)),
            Ok(()) => Ok(id),
        }
    }

    /// The next line the daemon writes.
    pub(crate) fn receive(&mut self) -> Result<Incoming<'_>, Error> {
        if !self.read_frame()? {
            return Err(Error::HungUp { task: self.task.clone() });
        }
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
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(false),
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
