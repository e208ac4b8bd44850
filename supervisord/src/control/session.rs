//! One connection: frames in, answers out, at most so many requests under way.

use std::sync::Arc;

use interprocess::local_socket::tokio::Stream;
use protocol::frame::{FrameError, Frames};
use protocol::message::{Call, Id, Reason, decode_request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Semaphore, mpsc};

use super::reply::{Caller, Line, Reply, SessionId};
use crate::os;

/// Requests of one client that may wait for their answers at the same time; more stay unread.
const REQUESTS_MAX: usize = 64;

/// Lines gathered into one write.
const BATCH: usize = 64;

/// What a session tells the loop.
#[derive(Debug)]
pub enum Message {
    /// A request.
    Call {
        /// What is asked.
        call: Box<Call>,
        /// Where the answer goes.
        reply: Reply,
    },
    /// The client has gone; nobody waits for its answers.
    Gone(SessionId),
}

/// Serves one client to its end.
pub async fn serve(stream: Stream, session: SessionId, inbox: &mpsc::Sender<Message>) {
    let caller = Caller { session, peer: os::peer(&stream) };
    let is_permitted = os::may_control(caller.peer);
    let mut from = &stream;
    let (lines, outbox) = mpsc::unbounded_channel();
    let requests = Arc::new(Semaphore::new(REQUESTS_MAX));
    let mut writer = std::pin::pin!(write(&stream, outbox));
    let read = async {
        let mut frames = Frames::default();
        let mut buffer = vec![0; 16 << 10];
        loop {
            match from.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(length) => frames.feed(&buffer[..length]),
            }
            loop {
                let place = Arc::clone(&requests).acquire_owned().await;
                let place = place.expect("nobody closes the semaphore");
                let decoded = match frames.next_frame() {
                    Ok(None) => break,
                    Ok(Some(frame)) => decode_request(frame),
                    Err(error @ FrameError::TooLong) => {
                        let reply = Reply::new(caller, Id::Null, lines.clone(), place);
                        return reply.refuse(Reason::NotARequest, error.to_string());
                    }
                };
                match decoded {
                    Err(response) => {
                        Reply::new(caller, response.id, lines.clone(), place)
                            .send(response.outcome);
                    }
                    Ok(request) => {
                        let reply = Reply::new(caller, request.id, lines.clone(), place);
                        if !is_permitted {
                            reply.refuse(Reason::NotPermitted, NOT_PERMITTED);
                            continue;
                        }
                        let message = Message::Call { call: Box::new(request.call), reply };
                        if inbox.send(message).await.is_err() {
                            return;
                        }
                    }
                }
            }
        }
    };
    let is_read = tokio::select! {
        () = read => true,
        () = &mut writer => false,
    };
    drop(lines);
    // A client that only closed its sending side (`nc -N`) still reads what it asked for.
    if is_read && !os::is_hung_up(&stream) {
        writer.await;
    }
    let _ = inbox.send(Message::Gone(session)).await;
}

const NOT_PERMITTED: &str =
    "cannot do that: only the supervisor's own user and root may control it; use sudo";

async fn write(mut to: &Stream, mut outbox: mpsc::UnboundedReceiver<Line>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut bytes = Vec::new();
    while outbox.recv_many(&mut batch, BATCH).await != 0 {
        bytes.clear();
        for line in &batch {
            bytes.extend_from_slice(&line.bytes);
        }
        if to.write_all(&bytes).await.is_err() || to.flush().await.is_err() {
            return;
        }
        batch.clear();
        bytes.shrink_to(64 << 10);
    }
}
