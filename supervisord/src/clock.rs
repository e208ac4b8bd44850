//! The one place where the daemon reads the time.

use std::time::{Instant, SystemTime};

use jiff::Timestamp;
use supervisor_core::Moment;

/// Monotonic time since the daemon began, and how it lies to the wall clock's.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// Begins now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment::after(self.began.elapsed())
    }

    /// A moment, past or future, as the wall clock shows it now; a set clock moves all answers.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    pub fn wall(&self, moment: Moment) -> Timestamp {
        let now = self.now();
        let wall = Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH);
        let shifted = if moment < now { wall - (now - moment) } else { wall + (moment - now) };
        shifted.round(jiff::Unit::Millisecond).unwrap_or(shifted)
    }

    /// Returns at that moment, or never.
    pub async fn sleep_until(&self, moment: Option<Moment>) {
        match moment {
            Some(moment) => {
                tokio::time::sleep_until((self.began + moment.elapsed()).into()).await;
            }
            None => std::future::pending().await,
        }
    }
}
