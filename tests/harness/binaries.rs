//! The binaries under test: built once, or taken from `SVC_BIN_DIR`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The binaries every scenario uses.
pub static BINARIES: LazyLock<Binaries> = LazyLock::new(Binaries::find);

/// Where the binaries are.
#[derive(Debug)]
pub struct Binaries {
    /// The daemon.
    pub supervisord: PathBuf,
    /// The client.
    pub svcctl: PathBuf,
    /// The service under test.
    pub puppet: PathBuf,
    /// The folder of what was built here.
    pub built: PathBuf,
}

/// The workspace's top folder.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a member of a workspace")
}

impl Binaries {
    /// `SVC_BIN_DIR` replaces the product's binaries, never the puppet. `SVC_BUILT` says that all
    /// was built already, where there is no cargo: under wine.
    fn find() -> Self {
        let executable = env::current_exe().expect("a running test has a path");
        let built = executable
            .ancestors()
            .nth(2)
            .expect("cargo puts tests two folders below its profile's")
            .to_owned();
        let installed = env::var_os("SVC_BIN_DIR").map(PathBuf::from);
        if env::var_os("SVC_BUILT").is_none() {
            build(&built, if installed.is_some() { &["tests", "rust-http"] } else { &[] });
        }
        let installed = installed.unwrap_or_else(|| built.clone());
        let place = |folder: &Path, name| {
            let path = folder.join(name).with_extension(env::consts::EXE_EXTENSION);
            assert!(path.is_file(), "there is no {}", path.display());
            path
        };
        Self {
            supervisord: place(&installed, "supervisord"),
            svcctl: place(&installed, "svcctl"),
            puppet: place(&built, "puppet"),
            built,
        }
    }
}

/// Cargo tells where a binary is only inside its own package, so these packages (without any, the
/// workspace) are built here, into the folder that the running test came from.
fn build(profile: &Path, packages: &[&str]) {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace()).args(["build", "--quiet", "--bins"]);
    if packages.is_empty() {
        command.arg("--workspace");
    }
    for package in packages {
        command.args(["--package", package]);
    }
    command.arg("--target-dir").arg(profile.parent().expect("a profile's folder is in target's"));
    if profile.ends_with("release") {
        command.arg("--release");
    }
    // The jobs that the cargo around this one has to give away are not given while it runs tests.
    for variable in ["MAKEFLAGS", "MFLAGS", "CARGO_MAKEFLAGS"] {
        command.env_remove(variable);
    }
    let status = command.status().expect("cargo runs");
    assert!(status.success(), "the workspace does not build");
}
