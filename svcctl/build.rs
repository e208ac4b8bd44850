//! Links the unwinder in, where that is known to work: loading it as a library of its own takes a
//! quarter of the time of a whole run. The daemon is built with it too.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    // Nothing in the folder of the package counts.
    println!("cargo:rerun-if-env-changed=PATH");
    let is = |key: &str, value: &str| env::var(key).is_ok_and(|found| found == value);
    let is_gnu = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    let is_native = env::var_os("HOST") == env::var_os("TARGET");
    if !is_gnu || !is_native || !has_static_unwinder() {
        return;
    }
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    // Found by the linker before the library of that name; a script, as libc.so is one.
    fs::write(folder.join("libgcc_s.a"), "INPUT(-lgcc_eh)\n").expect("the folder is ours");
    println!("cargo:rustc-link-search=native={}", folder.display());
}

fn has_static_unwinder() -> bool {
    let asked = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output();
    // Without a path it is not known to the compiler.
    asked.is_ok_and(|said| {
        let path = String::from_utf8_lossy(&said.stdout);
        Path::new(path.trim()).is_absolute()
    })
}
