//! OpenRC, as in Alpine and Gentoo: an openrc-run script, rc-update and rc-service.

use std::path::Path;

use super::plan::Call;
use super::script::{Script, arguments, pid_file};
use super::{Registration, quote};

/// The script, as it is packaged.
pub(super) const TEMPLATE: &str = include_str!("../../../packaging/openrc/supervisord");

/// Where links say what runs in the usual runlevel.
const RUNLEVEL: &str = "/etc/runlevels/default";

pub(super) fn script(registration: &Registration) -> Script {
    let Registration { name, program, display_name, description, .. } = registration;
    let update = |verb| Call::new("rc-update", [verb, name.as_str(), "default"]);
    Script {
        manager: "OpenRC",
        template: TEMPLATE,
        lines: vec![
            ("name=", quote::shell(display_name)),
            ("description=", quote::shell(description)),
            ("program=", quote::shell(&program.to_string_lossy())),
            ("pidfile=", quote::shell(&pid_file(registration).to_string_lossy())),
            (RUN, arguments(registration)),
        ],
        enable: update("add"),
        disable: update("del"),
        is_enabled: Path::new(RUNLEVEL).join(name).exists(),
        run: |registration, verb| Call::new("rc-service", [registration.name.as_str(), verb]),
    }
}

/// How the line begins that starts the daemon.
const RUN: &str = "    running >/dev/null || \"$program\" ";
