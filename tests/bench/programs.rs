//! How large the programs are, and how long one takes that only says who it is.

use std::fs;
use std::process::{Command, Stdio};

use crate::fault::{Cannot as _, Fault, Outcome};
use crate::metric;
use crate::options::Amounts;
use crate::peers::{Peer, Program};
use crate::results::real;
use crate::run::Notes;
use crate::services::series;
use crate::starts::Moment;

pub(crate) fn measure(peer: &dyn Peer, amounts: &Amounts, notes: &mut Notes) -> Outcome<()> {
    let Some([daemon, client]) = peer.programs() else { return Ok(()) };
    if notes.repetition == 0 {
        notes.take_some(&metric::DAEMON_SIZE, size(&daemon)?);
        notes.take_some(&metric::CLIENT_SIZE, size(&client)?);
    }
    notes.take_some(&metric::DAEMON_START, series(amounts, || run(&daemon))?);
    notes.take_some(&metric::CLIENT_START, series(amounts, || run(&client))?);
    Ok(())
}

/// KiB; none for a script, which is nothing without its interpreter.
fn size(program: &Program) -> Outcome<Option<f64>> {
    let file = fs::read(&program.path).cannot(format!("read {}", program.path.display()))?;
    Ok((!file.starts_with(b"#!")).then(|| real(file.len()) / 1024.0))
}

fn run(program: &Program) -> Outcome<f64> {
    let mut command = Command::new(&program.path);
    command.args(program.arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Moment::now();
    let status = command.status().cannot(format!("run {command:?}"))?;
    let took = Moment::now().since(began);
    if status.success() { Ok(took) } else { Err(Fault(format!("{command:?} ended: {status}"))) }
}
