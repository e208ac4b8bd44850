//! Every way a start can fail says what, where and why.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use supervisord::os::{Account, Launch, Limit, Resource, SpawnError, Stage, Stdio};

use crate::world::{World, is_root};

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[track_caller]
fn check(error: &SpawnError, stage: Stage, errno: Option<i32>, text: &str) {
    assert_eq!((error.stage, error.errno), (stage, errno), "{error}");
    assert_eq!(error.to_string(), text);
}

async fn failure(change: impl FnOnce(&World, &mut Launch)) -> SpawnError {
    let mut world = World::new();
    let mut launch = world.script("exit 0");
    change(&world, &mut launch);
    world.failure(launch).await
}

#[tokio::test]
async fn a_missing_directory() {
    let error = failure(|_, launch| launch.directory = "/srv/nowhere".into()).await;
    let text = "chdir /srv/nowhere: No such file or directory";
    check(&error, Stage::Directory, Some(libc::ENOENT), text);
    assert_eq!(error.path(), Some(Path::new("/srv/nowhere")));
}

#[tokio::test]
async fn a_missing_root() {
    if !is_root() {
        return eprintln!("skipped: only root may change the root directory");
    }
    let error = failure(|_, launch| launch.root = Some("/srv/nowhere".into())).await;
    let text = "chroot /srv/nowhere: No such file or directory";
    check(&error, Stage::Root, Some(libc::ENOENT), text);
}

#[tokio::test]
async fn a_log_in_a_missing_directory() {
    for stream in 0..3 {
        let error = failure(|_, launch| {
            let streams = [&mut launch.stdin, &mut launch.stdout, &mut launch.stderr];
            *streams.into_iter().nth(stream).unwrap() = Stdio::File("/srv/nowhere/log".into());
        })
        .await;
        let text = "open /srv/nowhere/log: No such file or directory";
        check(&error, Stage::Open, Some(libc::ENOENT), text);
    }
}

#[tokio::test]
async fn a_fifo_that_nobody_reads() {
    let error = failure(|world, launch| {
        let fifo = world.path("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        launch.stdout = Stdio::File("fifo".into());
    })
    .await;
    check(&error, Stage::Open, Some(libc::ENXIO), "open fifo: No such device or address");
}

#[tokio::test]
async fn a_missing_program() {
    let error = failure(|_, launch| launch.program = "/srv/web".into()).await;
    check(&error, Stage::Exec, Some(libc::ENOENT), "exec /srv/web: No such file or directory");
    assert_eq!(error.path(), Some(Path::new("/srv/web")));
}

#[tokio::test]
async fn a_program_that_is_not_in_the_path() {
    let error = failure(|_, launch| {
        launch.program = "no-such-program".into();
        launch.environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
    })
    .await;
    let text = "exec no-such-program: not found in PATH (/usr/bin:/bin)";
    check(&error, Stage::Exec, Some(libc::ENOENT), text);
}

#[tokio::test]
async fn a_program_in_the_path_that_may_not_be_executed() {
    let mut world = World::new();
    let file = world.path("tool");
    fs::write(&file, "#!/bin/sh\n").unwrap();
    let mut launch = world.program("tool");
    let directory = file.parent().unwrap().display();
    launch.environment = vec![("PATH".into(), format!("/nowhere:{directory}:/bin").into())];
    let error = world.failure(launch).await;
    let text = format!("exec {}: Permission denied", file.display());
    check(&error, Stage::Exec, Some(libc::EACCES), &text);
}

#[tokio::test]
async fn a_program_without_permission() {
    let mut world = World::new();
    let file = world.path("plain");
    fs::write(&file, "#!/bin/sh\n").unwrap();
    let launch = world.program(file.to_str().unwrap());
    let error = world.failure(launch).await;
    let text = format!("exec {}: Permission denied", file.display());
    check(&error, Stage::Exec, Some(libc::EACCES), &text);
}

#[tokio::test]
async fn a_script_whose_interpreter_is_missing() {
    let mut world = World::new();
    executable(&world.path("x.sh"), "#! /usr/bin/no-such-shell -e\n");
    for program in [world.path("x.sh").to_str().unwrap().to_owned(), "./x.sh".into()] {
        let launch = world.program(&program);
        let error = world.failure(launch).await;
        let text = format!(
            "exec {program}: interpreter /usr/bin/no-such-shell: No such file or directory"
        );
        check(&error, Stage::Exec, Some(libc::ENOENT), &text);
    }
}

#[tokio::test]
async fn a_script_without_interpreter() {
    let mut world = World::new();
    executable(&world.path("x.sh"), "echo hello\n");
    let launch = world.program("./x.sh");
    let error = world.failure(launch).await;
    let text = "exec ./x.sh: Exec format error (a script begins with #! and its interpreter)";
    check(&error, Stage::Exec, Some(libc::ENOEXEC), text);
}

#[tokio::test]
async fn an_unknown_user_or_group() {
    let user = |name: &str| Account { user: Some(name.into()), group: None, init_groups: true };
    let error = failure(|_, launch| launch.account = Some(user("nobody2"))).await;
    check(&error, Stage::Account, None, "user nobody2: no such user");
    let account = Account { group: Some("nogroup2".into()), ..user("nobody") };
    let error = failure(|_, launch| launch.account = Some(account)).await;
    check(&error, Stage::Account, None, "user nogroup2: no such group");
}

#[tokio::test]
async fn a_limit_that_cannot_be() {
    let limit = Limit { resource: Resource::NumberOfFiles, soft: Some(20), hard: Some(10) };
    let error = failure(|_, launch| launch.limits = vec![limit]).await;
    check(&error, Stage::Limit, Some(libc::EINVAL), "limit NumberOfFiles: Invalid argument");
}

#[tokio::test]
async fn an_argument_with_a_nul() {
    let error = failure(|_, launch| launch.arguments.push("a\0b".into())).await;
    assert_eq!(error.stage, Stage::Prepare);
}

#[tokio::test]
async fn a_file_the_user_may_not_open() {
    if !is_root() {
        return eprintln!("skipped: only root may change the user");
    }
    let error = failure(|_, launch| {
        launch.directory = "/".into();
        launch.stdout = Stdio::File("/not-for-nobody".into());
        launch.account = Some(Account { user: Some("nobody".into()), ..Account::default() });
    })
    .await;
    check(&error, Stage::Open, Some(libc::EACCES), "open /not-for-nobody: Permission denied");
}
