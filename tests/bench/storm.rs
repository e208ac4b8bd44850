//! A crash storm: many services end as soon as they begin, without any throttle; what does a
//! healthy one beside them, and a client that asks for it, notice?

use std::time::{Duration, Instant};

use harness::Dice;

use crate::fault::{Fault, Outcome};
use crate::interrupt::pause;
use crate::metric::{self, Metric};
use crate::options::Amounts;
use crate::peers::Peer;
use crate::results::median;
use crate::run::Notes;
use crate::services::{labels, restart, series};
use crate::session::Session;
use crate::starts::Moment;
use crate::tools::Tools;

const HEALTHY: &str = "healthy";

/// Once beside services that idle, once beside as many that crash.
pub(crate) fn measure(
    tools: &Tools,
    peer: &dyn Peer,
    amounts: &Amounts,
    notes: &mut Notes,
) -> Outcome<()> {
    one(tools, peer, amounts, notes, "idle", [&metric::QUIET_RESTART, &metric::QUIET_STATUS])?;
    one(tools, peer, amounts, notes, "crash", [&metric::STORM_RESTART, &metric::STORM_STATUS])
}

fn one(
    tools: &Tools,
    peer: &dyn Peer,
    amounts: &Amounts,
    notes: &mut Notes,
    mode: &str,
    [of_restart, of_status]: [&'static Metric; 2],
) -> Outcome<()> {
    let is_storm = mode == "crash";
    let labels = labels(notes.scale);
    let mut services: Vec<_> = labels.into_iter().map(|label| (label, mode)).collect();
    services.push((HEALTHY.to_owned(), "idle"));
    let mut session = Session::begin(tools, peer, &services)?;
    session.wait_for_boot(services.len())?;
    session.wait_for_answers()?;
    if is_storm {
        pause(Duration::from_secs(1).min(amounts.idle))?;
    } else {
        session.settle()?;
    }
    session.starts.refresh()?;
    let (began, before) = (Moment::now(), session.starts.total);
    let mut dice = Dice::new(u64::from(notes.repetition) + 1);
    let end = Instant::now() + amounts.patience;
    let mut latencies = Vec::new();
    while latencies.len() < amounts.asks && Instant::now() < end {
        latencies.push(restart(&mut session, HEALTHY, &mut dice)?);
    }
    notes.take_some(of_restart, median(latencies));
    let status = series(amounts, || session.ask(peer.status(&session.site, HEALTHY)))?;
    notes.take_some(of_status, status);
    session.starts.refresh()?;
    if is_storm {
        #[expect(clippy::cast_precision_loss, reason = "starts of some seconds fit")]
        let starts = (session.starts.total - before) as f64;
        notes.take(&metric::STORM_STARTS, starts * 1000.0 / Moment::now().since(began));
    }
    session.stop_all(Duration::from_secs(60)).map(|_| ()).map_err(|fault| {
        Fault(format!("{fault} after the services {}", if is_storm { "crashed" } else { "idled" }))
    })
}
