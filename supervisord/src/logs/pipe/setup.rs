//! What a definition says about its piped log, ready for use. Pure.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use protocol::address::Paths;
use protocol::definition::{
    Definition, LogFormat, LogFull, LogMode, LogSink, SyslogFormat, file_name,
};

use super::Stream;
use crate::launch::log_file;
use crate::logs::sink::{JOURNALD, SYSLOG};
use crate::logs::{self, Defaults};

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) is_json: bool,
    pub(super) is_stamped: bool,
    pub(super) is_local: bool,
}

/// When a log is rotated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Bytes.
    pub(crate) size: Option<u64>,
    pub(crate) age: Option<Duration>,
}

impl Bounds {
    fn of(bounds: logs::Bounds) -> Self {
        Self { size: Some(bounds.max_size), age: bounds.max_age }
    }
}

/// Where a pipe is found, and which file its lines go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outlet {
    pub(super) stream: Stream,
    /// Its name in the folder of pipes.
    pub(super) name: String,
    pub(super) file: PathBuf,
}

/// Everything about the log of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setup {
    pub(super) label: Arc<str>,
    /// One for each stream that is told apart.
    pub(super) outlets: Vec<Outlet>,
    /// Which of them is standard output, and which standard error; `None` goes nowhere.
    pub(super) streams: [Option<usize>; 2],
    pub(super) form: Form,
    pub(super) bounds: Bounds,
    pub(super) drops_oldest: bool,
    pub(super) has_file: bool,
    pub(super) journald: Option<PathBuf>,
    pub(super) syslog: Option<(PathBuf, SyslogFormat)>,
}

impl Setup {
    /// `None` when the service writes its log itself.
    pub(super) fn of(definition: &Definition, here: (&Paths, &Defaults)) -> Option<Self> {
        let is_piped = definition.rare.supervisor.log.mode == LogMode::Pipe;
        is_piped.then(|| Self::told(definition, here))
    }

    /// For a run of an earlier daemon, which has the pipes that are there, even if by now its
    /// definition asks for others or for none.
    pub(super) fn found(
        definition: &Definition,
        (paths, defaults): (&Paths, &Defaults),
        is_there: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        let mut setup = Self::told(definition, (paths, defaults));
        let stem = file_name(&definition.label);
        setup.outlets.retain(|outlet| is_there(&outlet.name));
        let log = paths.log(&stem);
        let given = [&definition.standard_out_path, &definition.standard_error_path];
        for (stream, given) in [Stream::Output, Stream::Error].into_iter().zip(given) {
            let name = stream.pipe(&stem);
            if is_there(&name) && setup.outlets.iter().all(|outlet| outlet.name != name) {
                let file = log_file(given.as_deref(), definition, paths);
                let file = file.unwrap_or_else(|| log.clone());
                setup.outlets.push(Outlet { stream, name, file });
            }
        }
        (!setup.outlets.is_empty()).then_some(setup)
    }

    fn told(definition: &Definition, (paths, defaults): (&Paths, &Defaults)) -> Self {
        let log = &definition.rare.supervisor.log;
        // With a path of its own or without: it asks for a pipe, so it is rotated.
        let bounds = defaults.bounds(log, true).map(Bounds::of).unwrap_or_default();
        let is_json = log.format == LogFormat::Json;
        let file = |path: &Option<Box<str>>| log_file(path.as_deref(), definition, paths);
        let (out, err) =
            (file(&definition.standard_out_path), file(&definition.standard_error_path));
        // In one pipe what goes to one file keeps its order; only JSON tells the streams apart.
        let is_shared = out == err && !is_json;
        let stem = file_name(&definition.label);
        let mut outlets = Vec::new();
        let mut add = |file: Option<PathBuf>, stream: Stream| {
            let file = file?;
            outlets.push(Outlet { stream, name: stream.pipe(&stem), file });
            Some(outlets.len() - 1)
        };
        let first = add(out, Stream::Output);
        let second = if is_shared { first } else { add(err, Stream::Error) };
        let has = |sink| log.sinks.contains(&sink);
        let place =
            |given: &Option<String>, usual: &str| PathBuf::from(given.as_deref().unwrap_or(usual));
        Self {
            label: definition.label.as_str().into(),
            outlets,
            streams: [first, second],
            form: Form { is_json, is_stamped: log.timestamps, is_local: log.local_time },
            bounds,
            drops_oldest: log.full == LogFull::DropOldest,
            has_file: log.sinks.is_empty() || has(LogSink::File),
            journald: has(LogSink::Journald).then(|| place(&log.journald_socket, JOURNALD)),
            syslog: has(LogSink::Syslog)
                .then(|| (place(&log.syslog_socket, SYSLOG), log.syslog_format)),
        }
    }
}
