//! How runs end, and what signals do.

use supervisor_core::Exit;
use supervisord::os::Signal;

use crate::world::World;

#[tokio::test]
async fn exit_codes_are_told() {
    let mut world = World::new();
    for code in [0, 1, 37, 255] {
        let launch = world.script(&format!("exit {code}"));
        assert_eq!(world.done(launch).await, Exit::Code(code));
    }
}

#[tokio::test]
async fn signals_that_end_a_process_are_told() {
    let mut world = World::new();
    for (name, number, is_crash) in
        [("TERM", 15, false), ("KILL", 9, false), ("SEGV", 11, true), ("ABRT", 6, true)]
    {
        let launch = world.script(&format!("ulimit -c 0; kill -{name} $$"));
        let exit = world.done(launch).await;
        assert_eq!(exit, Exit::Signal { number, core: false, crash: is_crash });
    }
}

#[tokio::test]
async fn a_real_time_signal_is_told_too() {
    let mut world = World::new();
    let launch = world.script("kill -40 $$");
    assert_eq!(world.done(launch).await, Exit::Signal { number: 40, core: false, crash: false });
}

#[tokio::test]
async fn terminate_reaches_the_whole_group() {
    let mut world = World::new();
    let launch = world.script("sleep 1000 & sleep 1000 & echo ready; wait");
    let (run, pid) = world.started(launch).await;
    assert_eq!(world.processes.pid(run), Some(pid));
    world.written("out").await;
    world.processes.signal(run, Signal::Terminate);
    assert_eq!(world.over(run).await.status(), Some(-15));
    assert_eq!(world.processes.pid(run), None);
}

#[tokio::test]
async fn a_signal_by_number_reaches_a_trap() {
    let mut world = World::new();
    let launch = world.script("trap 'exit 5' USR1; echo ready; while :; do sleep 0.01; done");
    let (run, _) = world.started(launch).await;
    world.written("out").await;
    let number = supervisord::os::signal_number("USR1").unwrap();
    world.processes.signal(run, Signal::Number(number));
    assert_eq!(world.over(run).await, Exit::Code(5));
}

#[tokio::test]
async fn orders_given_before_the_start_was_told_are_kept() {
    let mut world = World::new();
    for _ in 0..50 {
        let launch = world.script("trap '' TERM; sleep 1000 & wait");
        let run = world.spawn(launch);
        world.processes.kill(run);
        match world.news().await {
            supervisord::os::News::Spawned { .. } => {
                assert_eq!(world.over(run).await.status(), Some(-9));
            }
            supervisord::os::News::SpawnFailed { error, .. } => {
                assert!(error.to_string().contains("SIGKILL"), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
    let launch = world.program("/bin/sleep");
    let run = {
        let mut launch = launch;
        launch.arguments = vec!["sleep".into(), "1000".into()];
        world.spawn(launch)
    };
    world.processes.signal(run, Signal::Terminate);
    assert!(matches!(world.news().await, supervisord::os::News::Spawned { .. }));
    assert_eq!(world.over(run).await.status(), Some(-15));
}

#[tokio::test]
async fn orders_for_runs_that_are_over_do_nothing() {
    let mut world = World::new();
    let launch = world.script("exit 0");
    let (run, _) = world.started(launch).await;
    world.over(run).await;
    world.processes.signal(run, Signal::Terminate);
    world.processes.kill(run);
    assert_eq!(world.processes.identity(run), None);
    world.processes.forget(run.service);
}

#[tokio::test]
async fn an_identity_outlives_the_table() {
    let mut world = World::new();
    let launch = world.script("sleep 1000");
    let (run, pid) = world.started(launch).await;
    let identity = world.processes.identity(run).unwrap();
    assert_eq!(identity.pid, pid);
    assert!(identity.started.is_some() || identity.inode.is_some());
    assert_eq!(world.processes.identity(run), Some(identity));
    world.processes.kill(run);
    world.over(run).await;
}
