//! The programs that measuring needs: built where that is wanted, else found.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::workspace;

use crate::fault::{Cannot as _, Fault, Outcome};
use crate::options::Options;

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) work: PathBuf,
    pub(crate) log_work: PathBuf,
    pub(crate) supervisord: PathBuf,
    pub(crate) svcctl: PathBuf,
    pub(crate) child: PathBuf,
    pub(crate) floor: PathBuf,
}

/// How the child and the floor are linked, so that their start is that of the kernel.
const STATIC: [&str; 5] =
    ["--", "-C", "target-feature=+crt-static", "-C", "relocation-model=static"];

impl Tools {
    pub(crate) fn find(options: &Options) -> Outcome<Self> {
        let executable = env::current_exe().cannot("find this program")?;
        let built = executable.parent().expect("a program is in a folder");
        // What cargo put into another profile's folder was built with all of that profile.
        if built.ends_with("release") {
            for helper in ["bench-child", "bench-floor"] {
                let words = ["rustc", "--package", "tests", "--bin", helper];
                if cargo(built, &[&words[..], &STATIC].concat()).is_err() {
                    eprintln!(
                        "bench: {helper} is linked dynamically, since static libraries are missing"
                    );
                    cargo(built, &["build", "--package", "tests", "--bin", helper])?;
                }
            }
            if options.bin_dir.is_none() {
                cargo(built, &["build", "--package", "supervisord", "--package", "svcctl"])?;
            }
        }
        let bin_dir = options.bin_dir.as_deref().unwrap_or(built);
        let log_work = options.log_dir.as_ref().unwrap_or(&options.work);
        Ok(Self {
            work: absolute(&options.work)?,
            log_work: absolute(log_work)?,
            supervisord: absolute(&bin_dir.join("supervisord"))?,
            svcctl: absolute(&bin_dir.join("svcctl"))?,
            child: absolute(&built.join("bench-child"))?,
            floor: absolute(&built.join("bench-floor"))?,
        })
    }

    /// The command of a child that signs that ledger.
    pub(crate) fn child(&self, ledger: &Path, label: &str, mode: &str) -> Vec<String> {
        let child = self.child.display().to_string();
        let mut words = vec![child, ledger.display().to_string(), label.to_owned()];
        words.extend(mode.split(' ').map(str::to_owned));
        words
    }

    /// True if the child needs no dynamic loader, which else is most of its start.
    pub(crate) fn child_is_static(&self) -> bool {
        fs::read(&self.child).is_ok_and(|elf| !has_interpreter(&elf))
    }
}

fn absolute(path: &Path) -> Outcome<PathBuf> {
    let what = || format!("find {}; --help tells where it is looked for", path.display());
    path.canonicalize().cannot(what())
}

fn cargo(built: &Path, words: &[&str]) -> Outcome<()> {
    let target = built.parent().expect("a profile's folder is in target's");
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace()).args([words[0], "--release", "--quiet", "--target-dir"]);
    command.arg(target).args(&words[1..]);
    let status = command.status().cannot("run cargo")?;
    if status.success() { Ok(()) } else { Err(Fault(format!("cargo {} failed", words.join(" ")))) }
}

/// Looks for the program header that names a dynamic loader (ELF, 64 bits).
fn has_interpreter(elf: &[u8]) -> bool {
    const INTERPRETER: u32 = 3;
    let number = |at: usize, length: usize| {
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(elf.get(at..at + length)?);
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    };
    let header = || Some((number(0x20, 8)?, number(0x36, 2)?, number(0x38, 2)?));
    let Some((first, size, count)) = header() else { return false };
    (0..count).any(|at| number(first + at * size, 4) == Some(INTERPRETER as usize))
}
