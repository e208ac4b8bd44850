//! When a service is kept alive. Says what was asked; deciding is the supervisor's.

use super::typed::{Typed, keyed};
use plist::Value;

/// When a service that is not running is to be started again: launchd.plist(5) `KeepAlive`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum KeepAlive {
    /// Only on demand: the default, and the meaning of `false` and of an empty dictionary.
    #[default]
    Never,
    /// Always, whatever the exit status, and from the start on.
    Always,
    /// When any of the conditions holds.
    When(Box<Conditions>),
}

keyed! {
    /// The conditions of a `KeepAlive` dictionary, joined by *or*; one absent plays no part.
    Conditions {
        /// Holds after an exit whose being status 0 equals this; asks for a first start either way.
        successful_exit: Option<bool> = "SuccessfulExit";
        /// Holds after an exit whose being a crash equals this; asks for a first start either way.
        crashed: Option<bool> = "Crashed";
        /// Holds while any of the paths exists (`true`) or does not (`false`).
        path_state: Vec<(String, bool)> = "PathState";
        /// Holds while any of the services is loaded (`true`) or is not (`false`).
        other_job_enabled: Vec<(String, bool)> = "OtherJobEnabled";
        /// Holds while any of the services is loaded and is (`true`) or is not (`false`) running.
        other_job_active: Vec<(String, bool)> = "OtherJobActive";
        /// Holds while some network interface but loopback is up (`true`) or none is (`false`).
        network_state: Option<bool> = "NetworkState";
        /// Keeps the service from every start until it is first asked for.
        after_initial_demand: bool = "AfterInitialDemand";
    }
}

impl Typed for KeepAlive {
    fn read(value: &Value) -> Option<Self> {
        if let Some(always) = value.as_boolean() {
            return Some(if always { Self::Always } else { Self::Never });
        }
        let conditions = Conditions::read(value)?;
        Some(match conditions == Conditions::default() {
            true => Self::Never,
            false => Self::When(Box::new(conditions)),
        })
    }

    fn write(&self) -> Option<Value> {
        match self {
            Self::Never => Some(Value::Boolean(false)),
            Self::Always => Some(Value::Boolean(true)),
            Self::When(conditions) => conditions.write(),
        }
    }
}
