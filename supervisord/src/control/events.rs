//! Sends events to a client: what is written down, then, if asked, what comes.
//!
//! A task of its own for each request reads the journal; the loop only tells how far that is.

use std::collections::VecDeque;
use std::io;

use protocol::message::{Event, EventNews, Events, EventsEnd, Reason, Refusal};
use tokio::sync::watch;
use tokio::task;

use super::reply::Reply;
use crate::store::history::{Progress, Reader};

/// Sends events and answers the request.
pub async fn send(
    wanted: Events,
    reader: Reader,
    progress: watch::Receiver<Progress>,
    reply: Reply,
) {
    let outcome = tokio::select! {
        outcome = stream(&wanted, reader, progress, &reply) => outcome,
        () = reply.closed() => return,
    };
    let refusal = |cause| Refusal::new(Reason::Failed, format!("cannot show events: {cause}"));
    match outcome {
        // Who follows is kept until this is on its way.
        Ok((next, progress)) => {
            reply.deliver(Ok(EventsEnd { next })).await;
            drop(progress);
        }
        Err(error) => reply.send::<()>(Err(refusal(error))),
    }
}

async fn stream(
    wanted: &Events,
    reader: Reader,
    mut progress: watch::Receiver<Progress>,
    reply: &Reply,
) -> io::Result<(u64, watch::Receiver<Progress>)> {
    let mut reader = Some(reader);
    let is_wanted = |event: &Event| {
        let is_named = |label: &String| wanted.labels.contains(label);
        wanted.labels.is_empty() || event.label.as_ref().is_some_and(is_named)
    };
    let mut last =
        wanted.last.map(|last| (usize::try_from(last).unwrap_or(usize::MAX), VecDeque::new()));
    loop {
        // Before it is read, so that what is written meanwhile is read in the next round.
        let present = *progress.borrow_and_update();
        loop {
            let events = read(&mut reader).await?;
            if events.is_empty() {
                break;
            }
            for event in events.into_iter().filter(is_wanted) {
                match &mut last {
                    None => notify(reply, event).await,
                    Some((count, kept)) => {
                        kept.push_back(event);
                        if *count < kept.len() {
                            kept.pop_front();
                        }
                    }
                }
            }
        }
        for event in last.take().into_iter().flat_map(|(_, kept)| kept) {
            notify(reply, event).await;
        }
        if !wanted.follow || present.is_over || progress.changed().await.is_err() {
            return Ok((present.last + 1, progress));
        }
    }
}

async fn notify(reply: &Reply, event: Event) {
    reply.notify("event", EventNews { request: reply.id().clone(), event }).await;
}

async fn read(reader: &mut Option<Reader>) -> io::Result<Vec<Event>> {
    let mut lent = reader.take().expect("given back after each read");
    let read = task::spawn_blocking(move || {
        let events = lent.more();
        (events, lent)
    });
    let (events, lent) = read.await.map_err(io::Error::other)?;
    *reader = Some(lent);
    events
}
