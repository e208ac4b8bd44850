//! Chaos by seed: verbs of several clients, kills of the daemon, of services and of their children,
//! upgrades, a full disk; an observer that believes only /proc and what the puppets wrote.
//!
//! Short by default: `SVC_CHAOS_SECONDS=300` makes it long and large, `SVC_SEED=n` replays it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use harness::{
    BINARIES, Daemon, Dice, Output, PATIENCE, SmallDisk, journal, number, observer, skip, wait_for,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// What a service has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Absent,
    Up,
    Down,
    /// A verb about it did not get through; either is right.
    Open,
}

struct Chaos {
    daemon: Daemon,
    dice: Dice,
    fates: Vec<Fate>,
    bystanders: Vec<(Child, PathBuf)>,
    aside: tempfile::TempDir,
    disk: Option<SmallDisk>,
    steps: BTreeMap<&'static str, usize>,
}

fn label(service: usize) -> String {
    format!("web-{service:03}")
}

/// Those that neither crash nor end by themselves.
fn is_steady(service: usize) -> bool {
    ![3, 4].contains(&(service % 10))
}

fn signal_9(pid: u32) {
    // It may have ended by itself meanwhile; nothing here reuses pids that fast.
    let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL);
}

impl Chaos {
    fn new(seed: u64, services: usize) -> Self {
        let disk = SmallDisk::mount("16m").inspect_err(|why| skip("a full disk", why)).ok();
        let place = disk.as_ref().map_or("/tmp".into(), |disk| disk.path().to_owned());
        let mut daemon = Daemon::prepare_in(&place);
        let aside = tempfile::Builder::new().prefix("sv-aside-").tempdir_in("/tmp").unwrap();
        // What the puppets write must not get lost on a full disk.
        for folder in ["journals", "definitions"] {
            std::fs::create_dir(aside.path().join(folder)).unwrap();
            let link = daemon.base().join(folder);
            std::os::unix::fs::symlink(aside.path().join(folder), link).unwrap();
        }
        let log = daemon.base().join("daemon.log");
        std::os::unix::fs::symlink(aside.path().join("daemon.log"), log).unwrap();
        daemon.start_again();
        Self {
            daemon,
            dice: Dice::new(seed),
            fates: vec![Fate::Absent; services],
            bystanders: Vec::new(),
            aside,
            disk,
            steps: BTreeMap::new(),
        }
    }

    /// Of every ten one is deaf, one has a family, one crashes all the time, one ends at once.
    fn file(&self, service: usize) -> PathBuf {
        let puppet = self.daemon.service(&label(service)).key("ExitTimeOut", 1);
        let puppet = puppet.key("KeepAlive", true).key("ThrottleInterval", 0);
        match service % 10 {
            1 => puppet.does(&["--deaf"]),
            2 => puppet.does(&["--children", "1", "--grandchildren", "--term-after", "20"]),
            3 => puppet.does(&["--exit", "1", "--exit-after", "300"]).key("ThrottleInterval", 1),
            4 => puppet.does(&["--exit", "0"]).without("KeepAlive"),
            _ => puppet,
        }
        .file()
    }

    fn step(&mut self) {
        let kind = match self.dice.below(16) {
            0..=6 => "verbs",
            7..=8 => "verbs and a kill",
            9 => "kill of the daemon",
            10 => "kill of a service",
            11 => "kill of a child",
            12 => "upgrade",
            13 => "verbs and an upgrade",
            14 => "verbs on a full disk",
            _ => "a bystander",
        };
        *self.steps.entry(kind).or_default() += 1;
        let before = self.steady();
        let touched = match kind {
            "verbs" => self.verbs(|_| ()),
            "verbs and a kill" => {
                let pause = Duration::from_millis(u64::try_from(self.dice.below(60)).unwrap());
                self.verbs(|daemon| {
                    thread::sleep(pause);
                    signal_9(daemon.pid());
                })
            }
            "kill of the daemon" => {
                signal_9(self.daemon.pid());
                Vec::new()
            }
            "kill of a service" => self.kill_one(|process| !process.contains("--role")),
            "kill of a child" => self.kill_one(|process| process.contains("--role")),
            "upgrade" => {
                self.daemon.done(&["upgrade"]);
                Vec::new()
            }
            "verbs and an upgrade" => self.verbs(|daemon| {
                daemon.ctl(&["upgrade"]);
            }),
            "verbs on a full disk" => self.verbs_on_a_full_disk(),
            _ => self.bystander(),
        };
        if kind.ends_with("kill") || kind.contains("daemon") {
            wait_for("the daemon to die", PATIENCE, || self.daemon.has_died().then_some(()));
            self.daemon.start_again();
        }
        self.check(kind, &before, &touched);
    }

    /// A few clients at once, each about a service of its own, and something else meanwhile.
    fn verbs(&mut self, meanwhile: impl FnOnce(&Daemon)) -> Vec<usize> {
        let mut services: Vec<usize> = (0..4).map(|_| self.dice.below(self.fates.len())).collect();
        services.sort_unstable();
        services.dedup();
        let asked: Vec<(usize, Vec<String>, Fate)> = services
            .iter()
            .map(|service| {
                let verb = self.dice.below(5);
                let (verb, fate) = match (self.fates[*service], verb) {
                    (Fate::Absent | Fate::Open, _) => ("add", Fate::Up),
                    (_, 0) => ("remove", Fate::Absent),
                    (_, 1 | 2) => ("stop", Fate::Down),
                    (_, 3) => ("start", Fate::Up),
                    (_, _) => ("restart", Fate::Up),
                };
                let mut words = vec![verb.to_owned()];
                if verb == "add" {
                    words.push("--replace".to_owned());
                    words.push(self.file(*service).to_str().unwrap().to_owned());
                } else {
                    words.push(label(*service));
                }
                (*service, words, fate)
            })
            .collect();
        let daemon = &self.daemon;
        let outputs: Vec<Output> = thread::scope(|scope| {
            let clients: Vec<_> = asked
                .iter()
                .map(|(_, words, _)| {
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    scope.spawn(move || daemon.ctl(&words))
                })
                .collect();
            meanwhile(daemon);
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        for ((service, words, fate), output) in asked.iter().zip(outputs) {
            // Added anew over what was stopped, or a start that has no process to show.
            let is_clear = output.code == 0 && !(words[0] == "add" && self.was_down(*service));
            self.fates[*service] = if is_clear { *fate } else { Fate::Open };
            let ours = output.code == 0
                || !is_steady(*service)
                || ["hung up", "listens at", "No space", "can't", "cannot", "superseded"]
                    .iter()
                    .any(|words| output.stderr.contains(words));
            assert!(ours, "{words:?}: {output:?}");
        }
        services
    }

    fn was_down(&self, service: usize) -> bool {
        self.fates[service] == Fate::Open
    }

    fn verbs_on_a_full_disk(&mut self) -> Vec<usize> {
        let Some(disk) = self.disk.take() else { return Vec::new() };
        disk.fill();
        let mut touched = self.verbs(|_| ());
        if self.dice.below(2) == 0 {
            signal_9(self.daemon.pid());
            wait_for("the daemon to die", PATIENCE, || self.daemon.has_died().then_some(()));
            // It has to begin without any room.
            self.daemon.start_again();
            touched.extend(self.verbs(|_| ()));
        }
        disk.free();
        self.disk = Some(disk);
        // Without being asked it writes down what it could not, and only then may be killed again.
        wait_for("the record of runs to be whole again", PATIENCE, || {
            let log = self.daemon.log();
            let stale = log.rfind("which a next daemon needs");
            (stale <= log.rfind("written down again")).then_some(())
        });
        touched
    }

    fn kill_one(&mut self, is_meant: impl Fn(&str) -> bool) -> Vec<usize> {
        let all = observer::services_below(self.daemon.base());
        let meant: Vec<_> = all.iter().filter(|process| is_meant(&process.command)).collect();
        if meant.is_empty() {
            return Vec::new();
        }
        let process = meant[self.dice.below(meant.len())];
        signal_9(process.pid);
        let named = (0..self.fates.len()).filter(|n| process.command.contains(&label(*n)));
        named.collect()
    }

    /// A stranger among the pids of the services, who writes down whatever he is told.
    fn bystander(&mut self) -> Vec<usize> {
        let note = self.aside.path().join(format!("bystander-{}", self.bystanders.len()));
        let mut stranger = std::process::Command::new(&BINARIES.puppet);
        stranger.args(["--deaf", "--log"]).arg(&note).stdout(Stdio::null()).stderr(Stdio::null());
        self.bystanders.push((stranger.spawn().unwrap(), note));
        Vec::new()
    }

    /// The processes of those that are to stay as they are.
    fn steady(&self) -> BTreeMap<usize, u32> {
        let rows = self.rows();
        let steady = (0..self.fates.len()).filter(|n| is_steady(*n) && self.fates[*n] == Fate::Up);
        steady.filter_map(|n| Some((n, pid_of(rows.get(&label(n))?)?))).collect()
    }

    fn rows(&self) -> BTreeMap<String, Value> {
        let list = self.daemon.json(&["list"]);
        let rows = list.as_array().unwrap().iter();
        rows.map(|row| (row["label"].as_str().unwrap().to_owned(), row.clone())).collect()
    }

    /// What holds after every step.
    fn check(&mut self, kind: &str, before: &BTreeMap<usize, u32>, touched: &[usize]) {
        let context = || format!("after {kind}, {:?}\n{}", self.steps, self.daemon.log());
        for (stranger, note) in &mut self.bystanders {
            assert!(stranger.try_wait().unwrap().is_none(), "a stranger was killed after {kind}");
            assert!(journal(note).len() <= 1, "a stranger was signalled after {kind}");
        }
        let rows = self.rows();
        for (service, pid) in before.iter().filter(|(service, _)| !touched.contains(service)) {
            let now = rows.get(&label(*service)).and_then(pid_of);
            assert_eq!(now, Some(*pid), "{} was lost {}", label(*service), context());
            assert!(observer::lives(*pid), "{} died {}", label(*service), context());
        }
        let mut mains = BTreeMap::new();
        for (label, pid) in observer::puppets_below(self.daemon.base()) {
            if let Some(other) = mains.insert(label.clone(), pid) {
                // A new run begins when the old one is gone; between two looks that is possible.
                let both = observer::lives(other) && observer::lives(pid);
                assert!(!both, "{label} runs twice, {other} and {pid} {}", context());
            }
        }
        for service in touched {
            let label = label(*service);
            assert_eq!(self.daemon.count(&label, "double"), 0, "{label} ran twice {}", context());
        }
    }

    /// Every service comes to where it has to be.
    fn settle(&mut self) {
        for service in 0..self.fates.len() {
            let name = label(service);
            let fate = self.fates[service];
            let row = wait_for(&format!("{name} to be {fate:?}"), PATIENCE, || {
                let row = self.daemon.row(&name);
                let pid = pid_of(&row);
                let is_consistent = match row["state"].as_str() {
                    None | Some("down") => pid.is_none(),
                    Some("up") => pid.is_some_and(observer::lives) && row["goal"] == "up",
                    Some(_) => !is_steady(service),
                };
                let is_reached = match fate {
                    Fate::Absent => row.is_null(),
                    Fate::Up => row["goal"] == "up" && (pid.is_some() || !is_steady(service)),
                    Fate::Down => row["goal"] == "down" && pid.is_none(),
                    Fate::Open => {
                        row.is_null()
                            || (row["goal"] == "down") == pid.is_none()
                            || !is_steady(service)
                    }
                };
                (is_consistent && is_reached).then_some(row)
            });
            if fate == Fate::Open {
                self.fates[service] = match row["goal"].as_str() {
                    None => Fate::Absent,
                    Some("down") => Fate::Down,
                    Some(_) => Fate::Up,
                };
            }
        }
        let expected = (0..self.fates.len()).filter(|n| self.fates[*n] != Fate::Absent).count();
        assert_eq!(self.rows().len(), expected);
        for service in 0..self.fates.len() {
            assert_eq!(self.daemon.count(&label(service), "double"), 0, "{}", label(service));
        }
    }

    fn end(&mut self) {
        self.settle();
        for (_, note) in &self.bystanders {
            assert_eq!(journal(note).len(), 1, "a stranger was signalled");
        }
        observer::wait_collected(self.daemon.pid());
        self.daemon.shut_down();
        assert_eq!(observer::services_below(self.daemon.base()), []);
        eprintln!("{:?}", self.steps);
    }
}

impl Drop for Chaos {
    fn drop(&mut self) {
        for (stranger, _) in &mut self.bystanders {
            let _ = stranger.kill();
            let _ = stranger.wait();
        }
    }
}

fn pid_of(row: &Value) -> Option<u32> {
    u32::try_from(row["pid"].as_u64()?).ok()
}

#[test]
fn whatever_happens_no_service_is_lost_none_doubled_and_no_stranger_hurt() {
    let seed = number("SVC_SEED", 20_260_101);
    let seconds = number("SVC_CHAOS_SECONDS", 15);
    let services = number("SVC_CHAOS_SERVICES", if seconds < 60 { 40 } else { 200 });
    let mut chaos = Chaos::new(seed, usize::try_from(services).unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut steps = 0;
    while Instant::now() < end {
        chaos.step();
        steps += 1;
        if steps % 16 == 0 {
            chaos.settle();
        }
    }
    chaos.end();
}
