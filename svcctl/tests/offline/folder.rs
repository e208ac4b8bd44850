//! A folder with files in it, and the client run there; nothing of the caller's environment.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The folder.
pub(crate) struct Folder(TempDir);

/// How a run of the client ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    /// With these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, content) in files {
            folder.file(name, content);
        }
        folder
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Puts a file there.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let file = self.0.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, content).unwrap();
        file
    }

    /// Runs `svcctl` there, which finds no daemon.
    pub(crate) fn svcctl(&self, words: &[&str]) -> Ran {
        self.svcctl_fed(words, "")
    }

    /// The same, with something on its standard input.
    pub(crate) fn svcctl_fed(&self, words: &[&str], input: &str) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_svcctl"))
            .args(words)
            .env_clear()
            .env("SUPERVISORD_BASE", self.path())
            .env("TZ", "UTC")
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Whoever does not read may hang up.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs `svcctl`, which must succeed and have nothing to remark; its output.
    #[track_caller]
    pub(crate) fn said(&self, words: &[&str]) -> String {
        let ran = self.svcctl(words);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{words:?}");
        ran.stdout
    }
}

/// An XML property list whose body begins on line 5; the program is there on every machine.
pub(crate) fn xml(body: &str) -> String {
    let program = env!("CARGO_BIN_EXE_svcctl");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\n\
         <key>Label</key><string>web</string>\n\
         <key>ProgramArguments</key><array><string>{program}</string></array>\n{body}\n\
         </dict></plist>\n"
    )
}
