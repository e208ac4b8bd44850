//! One `Processes` at a time, in a fresh directory, and waiting with a limit.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use supervisor_core::{Exit, Run, ServiceId};
use supervisord::os::{Launch, News, Options, Processes, SpawnError, Stdio};

/// Reaping takes every child of this program, so tests take turns.
static TURN: Mutex<()> = Mutex::new(());
static WORLDS: AtomicU32 = AtomicU32::new(0);
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) processes: Processes,
    directory: tempfile::TempDir,
    runs: u32,
    /// News that came while something else was waited for.
    kept: VecDeque<News>,
    _turn: MutexGuard<'static, ()>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A world where trees are process groups even if the host has control groups.
    pub(crate) fn without_control_groups() -> Self {
        Self::with(|options| options.control_groups = false)
    }

    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let number = WORLDS.fetch_add(1, Relaxed);
        let mut options = Options::new(format!("test-{}-{number}", std::process::id()));
        change(&mut options);
        let directory = tempfile::tempdir().unwrap();
        Self {
            processes: Processes::new(options).unwrap(),
            directory,
            runs: 0,
            kept: VecDeque::new(),
            _turn: turn,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A launch of a shell script whose output goes to `out`.
    pub(crate) fn script(&self, script: &str) -> Launch {
        let mut launch = self.program("/bin/sh");
        launch.arguments = ["sh", "-c", script].map(OsString::from).to_vec();
        launch
    }

    pub(crate) fn program(&self, program: &str) -> Launch {
        let mut launch = Launch::new("test", program);
        launch.environment = vec![("PATH".into(), "/usr/bin:/bin:/usr/sbin:/sbin".into())];
        launch.directory = self.directory.path().to_owned();
        launch.stdout = Stdio::File(self.path("out"));
        launch.stderr = Stdio::File(self.path("out"));
        launch
    }

    pub(crate) fn spawn(&mut self, launch: Launch) -> Run {
        self.runs += 1;
        let run = Run { service: ServiceId(self.runs), number: 1 };
        self.processes.spawn(run, launch);
        run
    }

    pub(crate) async fn news(&mut self) -> News {
        if let Some(news) = self.kept.pop_front() {
            return news;
        }
        let news = tokio::time::timeout(PATIENCE, self.processes.news()).await;
        news.expect("news within the limit")
    }

    /// Starts a process and waits until it is told to have started.
    pub(crate) async fn started(&mut self, launch: Launch) -> (Run, u32) {
        let run = self.spawn(launch);
        match self.news().await {
            News::Spawned { run: told, pid } if told == run => (run, pid),
            other => panic!("{other:?} instead of a start"),
        }
    }

    /// Waits for the end of a run.
    pub(crate) async fn ended(&mut self, run: Run) -> (Exit, bool) {
        match self.news().await {
            News::Exited { run: told, exit, tree_empty } if told == run => (exit, tree_empty),
            other => panic!("{other:?} instead of an end"),
        }
    }

    pub(crate) async fn cleared(&mut self, run: Run) {
        match self.news().await {
            News::Cleared { run: told } if told == run => {}
            other => panic!("{other:?} instead of all gone"),
        }
    }

    /// Waits until nothing is left of a run.
    pub(crate) async fn over(&mut self, run: Run) -> Exit {
        let (exit, tree_empty) = self.ended(run).await;
        if !tree_empty {
            self.cleared(run).await;
        }
        exit
    }

    /// Runs a process to its end, of which nothing is left.
    pub(crate) async fn done(&mut self, launch: Launch) -> Exit {
        let (run, _) = self.started(launch).await;
        self.over(run).await
    }

    /// Runs a process to a successful end and gives what it wrote.
    pub(crate) async fn output(&mut self, launch: Launch) -> String {
        let exit = self.done(launch).await;
        let output = fs::read_to_string(self.path("out")).unwrap();
        assert_eq!(exit, Exit::Code(0), "{output}");
        output
    }

    pub(crate) async fn failure(&mut self, launch: Launch) -> SpawnError {
        let run = self.spawn(launch);
        match self.news().await {
            News::SpawnFailed { run: told, error } if told == run => error,
            other => panic!("{other:?} instead of a failure"),
        }
    }

    /// Waits until a script has written a line to a file.
    pub(crate) async fn written(&mut self, name: &str) {
        let path = self.path(name);
        self.until(|_| fs::read_to_string(&path).is_ok_and(|text| text.ends_with('\n'))).await;
    }

    /// Waits for what no news tells.
    pub(crate) async fn until(&mut self, mut holds: impl FnMut(&mut Self) -> bool) {
        let wait = async {
            while !holds(self) {
                // The dead are reaped by who waits for news.
                tokio::select! {
                    news = self.processes.news() => self.kept.push_back(news),
                    () = tokio::time::sleep(Duration::from_millis(2)) => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("it holds within the limit");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for service in 1..=self.runs {
            self.processes.kill(Run { service: ServiceId(service), number: 1 });
        }
    }
}

/// Whether a process exists, be it only as a zombie.
pub(crate) fn exists(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}
