//! Many at once, and what must not be left or changed by them.

use std::{collections::HashMap, fs};

use supervisor_core::{Exit, Run};
use supervisord::os::{Account, Limit, News, Reach, Resource, Stdio};

use crate::world::{World, is_root};

/// Open descriptors but for those of the runtimes of tests that wait for their turn.
fn descriptors() -> usize {
    let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let links = open.filter_map(|entry| fs::read_link(entry.path()).ok());
    let theirs = ["anon_inode:[eventpoll]", "anon_inode:[eventfd]", "socket:"];
    links.filter(|link| !theirs.iter().any(|name| link.to_string_lossy().starts_with(name))).count()
}

fn children() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let lists = tasks.map(|task| fs::read_to_string(task.path().join("children")));
    lists.flatten().map(|list| list.split_whitespace().count()).sum()
}

#[tokio::test]
async fn five_hundred_at_once_are_each_told_once_and_in_order() {
    let mut world = World::new();
    let before = descriptors();
    let runs: Vec<Run> = (0..500)
        .map(|number| {
            let mut launch = world.program("/bin/sh");
            launch.tree = format!("crowd-{number}");
            let code = number % 7;
            launch.arguments = vec!["sh".into(), "-c".into(), format!("exit {code}").into()];
            if number % 10 == 9 {
                launch.program = "/nowhere".into();
            }
            world.spawn(launch)
        })
        .collect();
    let mut told: HashMap<Run, Vec<News>> = HashMap::new();
    let is_over = |told: &HashMap<Run, Vec<News>>, run: &Run| {
        told.get(run).and_then(|all| all.last()).is_some_and(|last| match last {
            News::Exited { tree_empty, .. } => *tree_empty,
            News::Cleared { .. } | News::SpawnFailed { .. } => true,
            News::Spawned { .. } => false,
        })
    };
    while !runs.iter().all(|run| is_over(&told, run)) {
        let news = world.news().await;
        let run = match &news {
            News::Spawned { run, .. }
            | News::SpawnFailed { run, .. }
            | News::Exited { run, .. }
            | News::Cleared { run } => *run,
        };
        told.entry(run).or_default().push(news);
    }
    for (number, run) in runs.iter().enumerate() {
        match told[run].as_slice() {
            [News::SpawnFailed { .. }] => assert_eq!(number % 10, 9),
            [News::Spawned { .. }, News::Exited { exit, .. }]
            | [News::Spawned { .. }, News::Exited { exit, .. }, News::Cleared { .. }] => {
                assert_eq!(*exit, Exit::Code(number as u32 % 7));
            }
            other => panic!("{other:?}"),
        }
        world.processes.forget(run.service);
    }
    assert!(world.processes.try_news().is_none());
    assert_eq!(children(), 0, "no zombie is left");
    // A pidfd is closed after its news, and threads of the test before may still end.
    world.until(|_| descriptors() <= before).await;
}

#[tokio::test]
async fn many_are_killed_at_once() {
    let mut world = World::new();
    let runs: Vec<Run> = (0..100)
        .map(|number| {
            let mut launch = world.program("/bin/sleep");
            launch.tree = format!("crowd-{number}");
            launch.arguments = vec!["sleep".into(), "1000".into()];
            world.spawn(launch)
        })
        .collect();
    for run in &runs {
        world.processes.kill(*run);
    }
    let mut open = runs.len();
    while 0 < open {
        match world.news().await {
            News::Exited { exit, tree_empty, .. } => {
                assert_eq!(exit.status(), Some(-9));
                open -= usize::from(tree_empty);
            }
            News::Cleared { .. } => open -= 1,
            News::SpawnFailed { error, .. } => {
                assert!(error.to_string().contains("SIGKILL"), "{error}");
                open -= 1;
            }
            News::Spawned { .. } => {}
        }
    }
    for run in runs {
        world.processes.forget(run.service);
    }
    assert_eq!(children(), 0);
}

fn own_state() -> String {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let kept = ["Umask", "Uid", "Gid", "Groups", "SigBlk", "SigIgn", "SigCgt", "CapEff"];
    let mut state: String = status
        .lines()
        .filter(|line| kept.iter().any(|name| line.starts_with(name)))
        .map(|line| format!("{line}\n"))
        .collect();
    let dumpable = nix::sys::prctl::get_dumpable().unwrap();
    let nice = fs::read_to_string("/proc/self/stat").unwrap();
    let nice = nice.rsplit(')').next().unwrap().split(' ').nth(17).unwrap().to_owned();
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let cwd = std::env::current_dir().unwrap();
    state.push_str(&format!("{dumpable} {nice} {} {limits}", cwd.display()));
    state
}

#[tokio::test]
async fn failing_starts_leave_the_daemon_as_it_was() {
    let mut world = World::new();
    let launch = world.script("exit 0");
    world.done(launch).await;
    let (before, open) = (own_state(), descriptors());
    for round in 0..200 {
        let mut launch = world.script("exit 0");
        launch.umask = Some(0o77);
        launch.nice = Some(10);
        launch.limits =
            vec![Limit { resource: Resource::NumberOfFiles, soft: Some(10), hard: Some(10) }];
        launch.directory = "/tmp".into();
        if is_root() {
            launch.account = Some(Account {
                user: Some("nobody".into()),
                group: Some("daemon".into()),
                init_groups: true,
            });
        }
        launch.stdout = Stdio::Null;
        launch.stderr = Stdio::Null;
        match round % 4 {
            0 => launch.program = "/nowhere".into(),
            1 => launch.directory = "/nowhere".into(),
            2 => launch.stderr = Stdio::File("/nowhere/log".into()),
            _ => launch.limits[0].soft = Some(20),
        }
        world.failure(launch).await;
    }
    assert_eq!(own_state(), before);
    world.until(|_| descriptors() <= open).await;
    assert_eq!(children(), 0);
}

#[tokio::test]
async fn orphans_of_others_are_reaped_silently() {
    let mut world = World::without_control_groups();
    let mut launch = world.script("for i in 1 2 3 4 5; do (sleep 0.01 &) ; done; exec sleep 0.2");
    launch.reach = Reach::Process;
    assert_eq!(world.done(launch).await, Exit::Code(0));
    assert!(world.processes.try_news().is_none());
    assert_eq!(children(), 0);
}
