//! One supervisor with N services: boot, memory, idling, restarts, the client, and the end of all.

use std::time::{Duration, Instant};

use harness::Dice;
use nix::sys::signal::Signal;

use crate::fault::Outcome;
use crate::interrupt::pause;
use crate::metric;
use crate::options::Amounts;
use crate::peers::Peer;
use crate::process::{self, Ends};
use crate::results::{median, percentile};
use crate::run::Notes;
use crate::session::Session;
use crate::starts::Moment;
use crate::tools::Tools;

/// Supervisors get so long to come to rest after a boot.
const SETTLED: Duration = Duration::from_millis(2500);

/// Labels of that many services.
pub(crate) fn labels(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("s{number:05}")).collect()
}

/// Measures it all, one after the other, on one supervisor.
pub(crate) fn measure(
    tools: &Tools,
    peer: &dyn Peer,
    amounts: &Amounts,
    notes: &mut Notes,
) -> Outcome<()> {
    let labels = labels(notes.scale);
    let services: Vec<_> = labels.iter().map(|label| (label.clone(), "idle")).collect();
    let mut session = Session::begin(tools, peer, &services)?;
    session.wait_for_boot(labels.len())?;
    let last = session.starts.last.unwrap_or(session.began);
    notes.take(&metric::BOOT, last.since(session.began));
    session.wait_for_answers()?;
    session.settle()?;
    pause(SETTLED.min(amounts.idle))?;
    remember(&session, notes);
    if notes.repetition == 0 {
        idle(&session, amounts, notes)?;
    }
    let mut dice = Dice::new(u64::from(notes.repetition) + 1);
    restarts(&mut session, &labels, amounts, &mut dice, notes)?;
    clients(&mut session, &labels, amounts, &mut dice, notes)?;
    session.settle()?;
    let took = session.stop_all(Duration::from_secs(180))?;
    notes.take(&metric::MASS_STOP, took);
    Ok(())
}

fn remember(session: &Session<'_>, notes: &mut Notes) {
    let memory = process::memory(&session.own_processes());
    #[expect(clippy::cast_precision_loss, reason = "memory in KiB fits")]
    let [proportional, private] = [memory.proportional as f64, memory.private as f64];
    notes.take(&metric::PSS, proportional);
    notes.take(&metric::PRIVATE, private);
}

fn idle(session: &Session<'_>, amounts: &Amounts, notes: &mut Notes) -> Outcome<()> {
    let pids = session.own_processes();
    let before = process::usage(&pids);
    pause(amounts.idle)?;
    let after = process::usage(&pids);
    let per_20_seconds = 20.0 / amounts.idle.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "wake-ups of some seconds fit")]
    let switches = (after.switches - before.switches) as f64;
    notes.take(&metric::IDLE_SWITCHES, switches * per_20_seconds);
    notes.take(&metric::IDLE_CPU, (after.cpu - before.cpu) * per_20_seconds);
    Ok(())
}

fn restarts(
    session: &mut Session<'_>,
    labels: &[String],
    amounts: &Amounts,
    dice: &mut Dice,
    notes: &mut Notes,
) -> Outcome<()> {
    let mut latencies = Vec::new();
    let end = Instant::now() + amounts.patience;
    while latencies.len() < amounts.kills && Instant::now() < end {
        let label = &labels[dice.below(labels.len())];
        latencies.push(restart(session, label, dice)?);
    }
    notes.take_some(&metric::RESTART_P50, percentile(latencies.clone(), 50));
    notes.take_some(&metric::RESTART_P99, percentile(latencies, 99));
    Ok(())
}

/// Kills a service after a random pause; milliseconds until its next run is in its main.
pub(crate) fn restart(session: &mut Session<'_>, label: &str, dice: &mut Dice) -> Outcome<f64> {
    pause(Duration::from_micros(2000 + dice.below(20_000) as u64))?;
    session.starts.refresh()?;
    let before = session.starts.latest[label];
    let killed = Moment::now();
    process::signal(before.pid, Signal::SIGKILL)?;
    session.wait_for_run(label, before.run + 1)?;
    Ok(session.starts.latest[label].at.since(killed))
}

fn clients(
    session: &mut Session<'_>,
    labels: &[String],
    amounts: &Amounts,
    dice: &mut Dice,
    notes: &mut Notes,
) -> Outcome<()> {
    let list = series(amounts, || session.ask(session.peer.list(&session.site)))?;
    notes.take_some(&metric::LIST, list);
    let status = series(amounts, || {
        let label = &labels[dice.below(labels.len())];
        session.ask(session.peer.status(&session.site, label))
    })?;
    notes.take_some(&metric::STATUS, status);
    let round_trip = series(amounts, || {
        let label = &labels[dice.below(labels.len())];
        stop_and_start(session, label)
    })?;
    notes.take_some(&metric::STOP_START, round_trip);
    Ok(())
}

/// The median of several measurements, fewer if they take long.
pub(crate) fn series(
    amounts: &Amounts,
    mut measure: impl FnMut() -> Outcome<f64>,
) -> Outcome<Option<f64>> {
    let mut values = Vec::new();
    let end = Instant::now() + amounts.patience / 2;
    while values.len() < amounts.asks && (values.is_empty() || Instant::now() < end) {
        values.push(measure()?);
        pause(Duration::from_millis(2))?;
    }
    Ok(median(values))
}

/// Until the old run is gone, the new one in its main, and the client has come back.
fn stop_and_start(session: &mut Session<'_>, label: &str) -> Outcome<f64> {
    session.starts.refresh()?;
    let before = session.starts.latest[label];
    let end = Ends::of([before.pid])?;
    let began = Moment::now();
    session.ask(session.peer.stop(&session.site, label))?;
    end.wait(Duration::from_secs(20))?;
    session.ask(session.peer.start(&session.site, label))?;
    let returned = Moment::now();
    session.wait_for_run(label, before.run + 1)?;
    Ok(session.starts.latest[label].at.max(returned).since(began))
}
