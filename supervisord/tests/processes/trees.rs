//! The whole tree of a run: what is left of it, what kills it, when it is gone.

use std::fs;

use supervisor_core::Exit;
use supervisord::os::{News, Reach, Signal};

use crate::world::{World, exists};

/// A tree that leaves its group, its parent and its session, and is deaf to SIGTERM.
const ESCAPE: &str = "trap '' TERM; : > pids; \
    for i in 1 2 3; do \
        (setsid sh -c 'trap \"\" TERM; sh -c \"echo \\$\\$ >> pids; sleep 1000\" & \
            echo $$ >> pids; sleep 1000' &) ; \
    done; \
    while [ \"$(wc -l < pids)\" != 6 ]; do sleep 0.01; done; echo ready; ";

fn pids(world: &World) -> Vec<u32> {
    let text = fs::read_to_string(world.path("pids")).unwrap();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

async fn kill_ends_all(mut world: World) {
    let launch = world.script(&format!("{ESCAPE} sleep 1000"));
    let (run, pid) = world.started(launch).await;
    world.written("out").await;
    let pids = pids(&world);
    assert!(pids.iter().all(|pid| exists(*pid)));
    world.processes.kill(run);
    assert_eq!(world.over(run).await.status(), Some(-9));
    gone(&mut world, &pids).await;
    assert!(!exists(pid));
}

/// Waits until nobody is left, not even as a zombie: an orphan is reaped when its signal comes.
async fn gone(world: &mut World, pids: &[u32]) {
    world
        .until(|world| {
            assert!(world.processes.try_news().is_none());
            !pids.iter().any(|pid| exists(*pid))
        })
        .await;
}

#[tokio::test]
async fn kill_ends_a_tree_that_escapes_and_is_deaf() {
    kill_ends_all(World::new()).await;
}

#[tokio::test]
async fn kill_ends_such_a_tree_without_control_groups() {
    kill_ends_all(World::without_control_groups()).await;
}

async fn leftovers_are_told(mut world: World) {
    let launch = world.script(&format!("{ESCAPE} exit 3"));
    let (run, _) = world.started(launch).await;
    assert_eq!(world.ended(run).await, (Exit::Code(3), false));
    assert_eq!(world.processes.pid(run), None);
    let pids = pids(&world);
    assert!(pids.iter().all(|pid| exists(*pid)));
    world.processes.signal(run, Signal::Terminate);
    world.processes.kill(run);
    world.cleared(run).await;
    gone(&mut world, &pids).await;
}

#[tokio::test]
async fn what_is_left_of_a_tree_is_told_and_then_cleared() {
    leftovers_are_told(World::new()).await;
}

#[tokio::test]
async fn what_is_left_is_told_without_control_groups() {
    leftovers_are_told(World::without_control_groups()).await;
}

async fn a_tree_clears_by_itself(mut world: World) {
    nix::unistd::mkfifo(&world.path("gate"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let launch = world.script("(read line < gate) & exit 0");
    let (run, _) = world.started(launch).await;
    assert_eq!(world.ended(run).await, (Exit::Code(0), false));
    fs::write(world.path("gate"), "go\n").unwrap();
    world.cleared(run).await;
}

#[tokio::test]
async fn a_tree_that_ends_by_itself_is_cleared() {
    a_tree_clears_by_itself(World::new()).await;
}

#[tokio::test]
async fn a_group_that_ends_by_itself_is_cleared() {
    a_tree_clears_by_itself(World::without_control_groups()).await;
}

#[tokio::test]
async fn an_abandoned_group_is_neither_waited_for_nor_signalled() {
    for world in [World::new as fn() -> World, World::without_control_groups].map(Box::new) {
        let mut world = world();
        let mut launch = world.script("sleep 1000 & echo $! > pids; echo ready; wait");
        launch.reach = Reach::Process;
        let (run, _) = world.started(launch).await;
        world.written("out").await;
        world.processes.signal(run, Signal::Terminate);
        assert!(world.ended(run).await.1);
        world.processes.kill(run);
        world.processes.forget(run.service);
        let pids = pids(&world);
        assert!(exists(pids[0]));
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(pids[0] as i32),
            nix::sys::signal::Signal::SIGKILL,
        )
        .unwrap();
        gone(&mut world, &pids).await;
    }
}

#[tokio::test]
async fn a_forgotten_service_leaves_no_control_group() {
    let mut world = World::new();
    let launch = world.script("sleep 1000");
    let (run, pid) = world.started(launch).await;
    let Some(group) = world.processes.identity(run).unwrap().control_group else {
        return eprintln!("skipped: no writable cgroup2 here");
    };
    assert!(group.ends_with("test"), "{}", group.display());
    let procs = fs::read_to_string(group.join("cgroup.procs")).unwrap();
    assert!(procs.lines().any(|line| line == pid.to_string()), "{procs}");
    fs::create_dir_all(group.join("below/deeper")).unwrap();
    world.processes.forget(run.service);
    assert!(group.exists(), "something lives there");
    world.processes.kill(run);
    world.over(run).await;
    assert!(!group.exists());
    let own = group.parent().unwrap().to_owned();
    drop(world);
    assert!(!own.exists());
}

#[tokio::test]
async fn a_group_is_kept_over_restarts() {
    let mut world = World::new();
    let mut groups = Vec::new();
    for number in 1..=2 {
        let run = supervisor_core::Run { service: supervisor_core::ServiceId(99), number };
        let launch = world.script("read line");
        world.processes.spawn(run, launch);
        assert!(matches!(world.news().await, News::Spawned { .. } | News::Exited { .. }));
        if let Some(identity) = world.processes.identity(run) {
            groups.push(identity.control_group);
        }
        assert!(matches!(world.news().await, News::Exited { .. }));
    }
    assert!(groups.windows(2).all(|pair| pair[0] == pair[1]));
    world.processes.forget(supervisor_core::ServiceId(99));
}
