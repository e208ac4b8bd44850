//! System V's init, or what is compatible with it: a script with the Linux Standard Base's header,
//! and update-rc.d or chkconfig.

use std::fs;
use std::path::Path;

use super::plan::Call;
use super::script::{Script, arguments, path, pid_file};
use super::{Registration, quote};

/// The script, as it is packaged.
pub(super) const TEMPLATE: &str = include_str!("../../../packaging/sysvinit/supervisord");

/// The tools that make the links for boot: Debian's, and Red Hat's.
pub(super) const TOOLS: [&str; 3] =
    ["/usr/sbin/update-rc.d", "/usr/sbin/chkconfig", "/sbin/chkconfig"];

pub(super) fn script(registration: &Registration) -> Script {
    let Registration { name, program, display_name, description, .. } = registration;
    let debian = Path::new(TOOLS[0]).exists();
    let (enable, disable) = if debian {
        let update = |words: &[&str]| Call::new("update-rc.d", words.iter().copied());
        (update(&[name, "defaults"]), update(&["-f", name, "remove"]))
    } else {
        let update = |verb| Call::new("chkconfig", [verb, name.as_str()]);
        (update("--add"), update("--del"))
    };
    Script {
        manager: "init.d",
        template: TEMPLATE,
        lines: vec![
            ("# Provides:          ", name.clone()),
            ("# Short-Description: ", display_name.clone()),
            ("# Description:       ", description.clone()),
            ("name=", quote::shell(name)),
            ("program=", quote::shell(&program.to_string_lossy())),
            ("pidfile=", quote::shell(&pid_file(registration).to_string_lossy())),
            ("    \"$program\" ", arguments(registration)),
        ],
        enable,
        disable,
        is_enabled: is_linked(name),
        run: |registration, verb| Call::new(path(registration), [verb]),
    }
}

/// A runlevel that people use starts it.
fn is_linked(name: &str) -> bool {
    ["/etc/rc3.d", "/etc/rc.d/rc3.d"]
        .into_iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .any(|entries| {
            let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
            names.into_iter().any(|link| link.starts_with('S') && link.get(3..) == Some(name))
        })
}
