//! The one answer to a request: whoever holds a [`Reply`] owes it.

use protocol::message::{Id, Notification, Reason, Refusal, Response, Version2};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::os::Peer;

/// Names a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// A line on its way to a client; its place in the session's quota is free when it was written.
#[derive(Debug)]
pub struct Line {
    /// With its newline.
    pub bytes: Vec<u8>,
    _permit: Option<OwnedSemaphorePermit>,
    _written: Option<oneshot::Sender<()>>,
}

/// A connection, and who is at its other end.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// The connection.
    pub session: SessionId,
    /// Who made it.
    pub peer: Peer,
}

/// Where the answer to one request goes.
#[derive(Debug)]
pub struct Reply {
    /// Who asked.
    pub caller: Caller,
    id: Id,
    to: mpsc::UnboundedSender<Line>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Reply {
    /// A reply for the request with that id, which occupies `permit` until it is written.
    #[must_use]
    pub fn new(
        caller: Caller,
        id: Id,
        to: mpsc::UnboundedSender<Line>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        Self { caller, id, to, permit: Some(permit) }
    }

    /// Sends the answer. A client that has gone is no error.
    pub fn send<R: Serialize>(self, outcome: Result<R, Refusal>) {
        let bytes = Response { id: self.id, outcome }.line();
        let _ = self.to.send(Line { bytes, _permit: self.permit, _written: None });
    }

    /// Sends the answer and returns when it is on its way, or nobody reads it.
    pub async fn deliver<R: Serialize>(self, outcome: Result<R, Refusal>) {
        let bytes = Response { id: self.id, outcome }.line();
        let (written, on_its_way) = oneshot::channel();
        let _ = self.to.send(Line { bytes, _permit: self.permit, _written: Some(written) });
        let _ = on_its_way.await;
    }

    /// Sends a notification that belongs to the request and returns when it is on its way.
    pub async fn notify<P: Serialize>(&self, method: &str, params: P) {
        let _ = self.begin_notify(method, params).await;
    }

    /// Sends a notification that belongs to the request; what comes back resolves when it is on
    /// its way, or nobody reads it.
    pub fn begin_notify<P: Serialize>(&self, method: &str, params: P) -> oneshot::Receiver<()> {
        let notification = Notification { jsonrpc: Version2, method: method.to_owned(), params };
        let (written, on_its_way) = oneshot::channel();
        let line = Line { bytes: notification.line(), _permit: None, _written: Some(written) };
        let _ = self.to.send(line);
        on_its_way
    }

    /// Sends a refusal.
    pub fn refuse(self, reason: Reason, sentence: impl Into<String>) {
        self.send::<()>(Err(Refusal::new(reason, sentence)));
    }

    /// The request's id, which its notifications carry.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Returns when nobody reads the answer any more.
    pub async fn closed(&self) {
        self.to.closed().await;
    }
}
