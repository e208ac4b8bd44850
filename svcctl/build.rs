//! Links the unwinder into the daemon and the client, and the C library into the client, where
//! that is known to work: loading them takes a third of a whole run of the client. The daemon keeps
//! the C library outside, which asks plug-ins of the system who a user is (nsswitch.conf(5)).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What the compiler asks the linker for, in the order it does.
const LIBRARIES: [&str; 6] = ["util", "rt", "pthread", "m", "dl", "c"];

fn main() {
    // Nothing in the folder of the package counts.
    println!("cargo:rerun-if-env-changed=PATH");
    let is = |key: &str, value: &str| env::var(key).is_ok_and(|found| found == value);
    let is_gnu = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    let is_native = env::var_os("HOST") == env::var_os("TARGET");
    if !is_gnu || !is_native || archive("gcc_eh").is_none() {
        return;
    }
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    // Found by the linker before the library of that name; a script, as libc.so is one.
    let script = |name: &str, text: &str| {
        fs::write(folder.join(format!("lib{name}.a")), text).expect("the folder is ours");
    };
    script("gcc_s", "INPUT(-lgcc_eh)\n");
    println!("cargo:rustc-link-search=native={}", folder.display());

    let found: Option<Vec<PathBuf>> = LIBRARIES.iter().map(|name| archive(name)).collect();
    if let Some(found) = found.filter(|_| is("CARGO_PKG_NAME", "svcctl")) {
        for (name, path) in LIBRARIES.iter().zip(found) {
            script(name, &format!("GROUP({} -lgcc -lgcc_eh)\n", path.display()));
        }
        println!("cargo:rustc-link-arg=-static-pie");
    }
}

/// Where the compiler has that library for linking it in.
fn archive(name: &str) -> Option<PathBuf> {
    let ask = format!("-print-file-name=lib{name}.a");
    let said = Command::new("cc").arg(ask).output().ok()?;
    let path = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    // Without a path it is not known to the compiler.
    Some(PathBuf::from(path)).filter(|path| Path::is_absolute(path))
}
