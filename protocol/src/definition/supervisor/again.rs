//! When a service is started again, how soon, and when no more. Rules only, no clock.

use crate::definition::typed::{keyed, words};
use std::time::Duration;

words! {
    /// Which ends lead to a restart.
    RestartOn {
        /// Every one.
        #[default]
        Always = "Always",
        /// Those not successful.
        Failure = "Failure",
        /// The successful ones.
        Success = "Success",
        /// Signals and crashes, but no other exit status.
        Abnormal = "Abnormal",
        /// None.
        Never = "Never",
    }
}

keyed! {
    /// The restart rule.
    Restart {
        /// Which exits lead to a restart.
        on: RestartOn = "On";
        /// Exit statuses that count as success beside 0.
        success_exit_codes: Vec<i64> = "SuccessExitCodes";
        /// Exit statuses after which it is never restarted.
        never_exit_codes: Vec<i64> = "NeverExitCodes";
        /// Signals whose death counts as success.
        signals: Vec<String> = "Signals";
    }
}

keyed! {
    /// How long to wait before a restart.
    Backoff {
        /// The first wait.
        initial: Duration = "Initial" or Duration::from_secs(1);
        /// What each wait is multiplied by.
        factor: f64 = "Factor" or 2.0;
        /// The longest wait.
        max: Duration = "Max" or Duration::from_secs(60);
        /// The part of a wait that is left to chance, 0 to 1.
        jitter: f64 = "Jitter";
        /// A run as long as this makes the next wait the first again.
        reset_after: Duration = "ResetAfter" or Duration::from_secs(60);
    }
}

keyed! {
    /// When to give up: more than `burst` starts within `interval`.
    StartLimit {
        /// How many starts are allowed.
        burst: u32 = "Burst" or 5;
        /// Within which time.
        interval: Duration = "Interval" or Duration::from_secs(60);
    }
}
