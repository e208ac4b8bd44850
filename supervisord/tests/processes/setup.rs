//! What a process finds when its program is entered.

use std::{collections::HashMap, ffi::OsString, fs, os::fd::OwnedFd, sync::Arc};

use supervisord::os::{Account, Limit, Resource, Stdio};

use crate::world::{World, is_root};

async fn output(script: &str, change: impl FnOnce(&mut supervisord::os::Launch)) -> String {
    let mut world = World::new();
    let mut launch = world.script(script);
    change(&mut launch);
    world.output(launch).await
}

#[tokio::test]
async fn arguments_and_environment_are_exactly_those_given() {
    let mut world = World::new();
    let mut launch = world.program("/usr/bin/env");
    launch.arguments = vec!["odd name".into(), "-u".into(), "NONE".into()];
    launch.environment = vec![("A".into(), "b c".into()), ("EMPTY".into(), "".into())];
    let text = world.output(launch).await;
    let (before, after) = text.split_once("SUPERVISORD_DOMAIN=test-").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    assert_eq!(before, "A=b c\nEMPTY=\n");
    assert_eq!(after, "SUPERVISORD_LABEL=test\nSUPERVISORD_RUN=1\n");
}

#[tokio::test]
async fn the_first_argument_need_not_be_the_program() {
    let text = output("", |launch| {
        launch.arguments = ["other", "-c", "tr '\\0' '|' < /proc/$$/cmdline", "x y", ""]
            .map(OsString::from)
            .to_vec();
    });
    assert_eq!(text.await, "other|-c|tr '\\0' '|' < /proc/$$/cmdline|x y||");
}

#[tokio::test]
async fn a_program_without_slash_is_searched_in_its_own_path() {
    let mut world = World::new();
    let mut launch = world.script("echo $0");
    launch.program = "sh".into();
    assert_eq!(world.output(launch).await, "sh\n");
    let mut launch = world.program("true");
    launch.environment.clear();
    assert_eq!(world.output(launch).await, "sh\n", "found without any PATH");
}

#[tokio::test]
async fn directory_umask_and_nice_are_set() {
    let text = output("pwd; umask; cut -d' ' -f19 /proc/self/stat", |launch| {
        launch.directory = "/usr/share".into();
        launch.umask = Some(0o27);
        launch.nice = Some(7);
    });
    assert_eq!(text.await, "/usr/share\n0027\n7\n");
}

#[tokio::test]
async fn a_log_is_made_under_the_umask_and_appended_to() {
    use std::os::unix::fs::MetadataExt;
    let mut world = World::new();
    fs::write(world.path("old"), "before\n").unwrap();
    let mut launch = world.script("echo out; echo err >&2; cat /proc/self/fdinfo/1 >&2");
    launch.umask = Some(0o137);
    launch.stdout = Stdio::File("old".into());
    launch.stderr = Stdio::File("new".into());
    world.done(launch).await;
    assert_eq!(fs::read_to_string(world.path("old")).unwrap(), "before\nout\n");
    let new = fs::read_to_string(world.path("new")).unwrap();
    assert!(new.starts_with("err\n"), "{new}");
    // O_APPEND and O_WRONLY, and neither O_NONBLOCK nor O_CLOEXEC.
    assert!(new.lines().any(|line| line == "flags:\t0102001"), "{new}");
    assert_eq!(fs::metadata(world.path("new")).unwrap().mode() & 0o777, 0o640);
}

#[tokio::test]
async fn input_comes_from_a_file_or_from_nowhere() {
    let mut world = World::new();
    fs::write(world.path("in"), "hello\n").unwrap();
    let mut launch = world.script("cat");
    launch.stdin = Stdio::File("in".into());
    assert_eq!(world.output(launch).await, "hello\n");
    let launch = world.script("cat");
    assert_eq!(world.output(launch).await, "hello\n");
}

#[tokio::test]
async fn limits_are_set_and_the_daemons_own_raise_is_not_handed_on() {
    let mut world = World::new();
    let launch = world.script("ulimit -Sn; ulimit -Hn");
    let text = world.output(launch).await;
    let numbers: Vec<u64> = text.lines().map(|line| line.parse().unwrap()).collect();
    let own = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap();
    assert_eq!(own.0, own.1, "the daemon takes what it may");
    assert_eq!(numbers[1], own.1);
    fs::remove_file(world.path("out")).unwrap();
    let mut launch = world.script("ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Ss; ulimit -St");
    launch.limits = vec![
        Limit { resource: Resource::NumberOfFiles, soft: Some(100), hard: None },
        Limit { resource: Resource::Core, soft: Some(0), hard: Some(i64::MAX as u64) },
        Limit { resource: Resource::Stack, soft: Some(1 << 20), hard: None },
        Limit { resource: Resource::NumberOfFiles, soft: None, hard: Some(200) },
        Limit { resource: Resource::Cpu, soft: None, hard: Some(77) },
    ];
    assert_eq!(world.output(launch).await, "100\n200\n0\n1024\n77\n");
}

#[tokio::test]
async fn a_process_has_only_the_descriptors_it_was_given() {
    let _open = fs::File::open("/dev/null").unwrap();
    // The shell's own open of the directory is the last.
    assert_eq!(output("cd /proc/$$/fd; echo *", |_| {}).await, "0 1 2 3\n");
}

#[tokio::test]
async fn handles_are_given_in_order_from_three_on() {
    let mut world = World::new();
    fs::write(world.path("a"), "a\n").unwrap();
    fs::write(world.path("b"), "b\n").unwrap();
    let open = |name: &str| Arc::new(OwnedFd::from(fs::File::open(world.path(name)).unwrap()));
    let mut launch = world.script("cat <&3; cat <&4; cat; cd /proc/$$/fd; echo *");
    launch.handles = vec![open("b"), open("a")];
    launch.stdin = Stdio::Handle(open("a"));
    let text = world.output(launch).await;
    assert_eq!(text, "b\na\na\n0 1 2 3 4 5\n");
}

#[tokio::test]
async fn a_pipe_is_handed_over() {
    let mut world = World::new();
    let (reader, writer) = std::io::pipe().unwrap();
    let mut launch = world.script("echo through");
    launch.stdout = Stdio::Handle(Arc::new(writer.into()));
    world.done(launch).await;
    // Nobody here holds the other end any more, or this would wait for ever.
    assert_eq!(std::io::read_to_string(reader).unwrap(), "through\n");
}

#[tokio::test]
async fn signals_are_as_after_login() {
    let text = output("exec cat /proc/self/status", |_| {}).await;
    let sets: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("Sig")).collect();
    assert_eq!(sets.len(), 5, "{sets:?}");
    for set in sets.iter().filter(|set| !set.starts_with("Q:")) {
        assert!(set.ends_with(":\t0000000000000000"), "{sets:?}");
    }
}

#[tokio::test]
async fn a_process_leads_its_own_session_and_group() {
    let mut world = World::new();
    let launch = world.script("cut -d' ' -f1,5,6 /proc/$$/stat");
    let (run, pid) = world.started(launch).await;
    world.ended(run).await;
    assert_eq!(fs::read_to_string(world.path("out")).unwrap(), format!("{pid} {pid} {pid}\n"));
}

#[tokio::test]
async fn a_user_is_assumed_whole() {
    if !is_root() {
        return eprintln!("skipped: only root may change the user");
    }
    let account = Account { user: Some("nobody".into()), group: None, init_groups: true };
    let facts = supervisord::os::user::look_up(&account).unwrap();
    let mut world = World::new();
    let show = "grep -E '^(Uid|Gid|Groups)' /proc/self/status; echo $USER $LOGNAME $HOME $SHELL";
    let mut launch = world.script(show);
    launch.directory = "/".into();
    launch.environment.push(("HOME".into(), "/mine".into()));
    launch.account = Some(account);
    let (reader, writer) = std::io::pipe().unwrap();
    launch.stdout = Stdio::Handle(Arc::new(writer.into()));
    launch.stderr = Stdio::Null;
    world.done(launch).await;
    let text = std::io::read_to_string(reader).unwrap();
    let lines: HashMap<&str, &str> = text.lines().filter_map(|l| l.split_once(":\t")).collect();
    let uid = facts.credentials.uid.unwrap();
    let gid = facts.credentials.gid;
    assert_eq!(lines["Uid"], format!("{uid}\t{uid}\t{uid}\t{uid}"));
    assert_eq!(lines["Gid"], format!("{gid}\t{gid}\t{gid}\t{gid}"));
    let groups: Vec<u32> =
        lines["Groups"].split_whitespace().map(|group| group.parse().unwrap()).collect();
    assert_eq!(Some(groups), facts.credentials.groups);
    let shell = facts.person.unwrap().shell;
    assert!(text.ends_with(&format!("nobody nobody /mine {}\n", shell.display())), "{text}");
}

#[tokio::test]
async fn without_init_groups_no_group_of_root_remains() {
    if !is_root() {
        return eprintln!("skipped: only root may change the user");
    }
    let mut world = World::new();
    let (reader, writer) = std::io::pipe().unwrap();
    let mut launch = world.script("id -u; id -g; id -G");
    launch.directory = "/".into();
    launch.stdout = Stdio::Handle(Arc::new(writer.into()));
    launch.stderr = Stdio::Null;
    launch.account = Some(Account {
        user: Some("nobody".into()),
        group: Some("daemon".into()),
        init_groups: false,
    });
    world.done(launch).await;
    let text = std::io::read_to_string(reader).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], lines[2], "{text}");
    assert_ne!(lines[0], "0");
}

#[tokio::test]
async fn a_root_directory_is_what_the_process_sees() {
    if !is_root() {
        return eprintln!("skipped: only root may change the root directory");
    }
    let mut world = World::new();
    let mut launch = world.program("/bin/sh");
    fs::create_dir(world.path("jail")).unwrap();
    launch.root = Some(world.path("jail"));
    launch.directory = "/".into();
    launch.stdout = Stdio::File("/log".into());
    launch.stderr = Stdio::Null;
    let error = world.failure(launch).await;
    assert_eq!(error.to_string(), "exec /bin/sh: No such file or directory");
    assert!(world.path("jail/log").exists(), "the log was opened inside");
}
