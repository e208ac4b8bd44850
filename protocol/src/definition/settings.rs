//! What holds for all services of a supervisor, where their definitions do not say: the settings.
//!
//! A property list like a definition, in the same formats, judged by the same checks. Never opens
//! a file.

use super::check::Checker;
use super::fault::{Fault, Severity};
use super::keys::SETTINGS;
use super::node::Value;
use super::supervisor::Log;
use super::typed::{Keyed as _, keyed};
use super::{cause::Cause, source};

keyed! {
    /// The settings of a supervisor.
    Settings {
        /// How logs are kept.
        log: LogSettings = "Log";
    }
}

keyed! {
    /// How logs are kept whose definitions do not say.
    LogSettings {
        /// How many bytes everything in the folder of logs may have together.
        quota: Option<u64> = "Quota";
        .. {
            /// How each is kept.
            each: Log;
        }
    }
}

/// What came of reading settings: all faults, and the settings unless one of them is an error.
#[must_use]
pub fn read_settings(bytes: &[u8]) -> (Option<Settings>, Vec<Fault>) {
    let broken = |cause: &Cause, line| (None, vec![Fault::new(Severity::Error, "", line, cause)]);
    let (root, format) = match source::parse(bytes) {
        Ok(parsed) => parsed,
        Err(error) => return broken(&error.cause, error.line),
    };
    let what = root.value.what();
    let Value::Dictionary(entries) = root.value else {
        return broken(&Cause::NotDictionary(what), root.line);
    };
    let mut checker = Checker::new(format);
    let keys = checker.root(entries, SETTINGS);
    let (faults, _) = checker.finish();
    let is_refused = faults.iter().any(Fault::is_error);
    ((!is_refused).then(|| Settings::read_from(&keys)), faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_like_definitions() {
        let (settings, faults) = read_settings(
            br#"{"Log": {"MaxSize": "32M", "Keep": 3, "Compress": false, "Quota": "1G"}}"#,
        );
        let log = settings.unwrap().log;
        assert_eq!((log.each.max_size, log.each.keep), (Some(32 << 20), Some(3)));
        assert_eq!((log.each.compress, log.quota), (Some(false), Some(1 << 30)));
        assert_eq!(faults, []);
        assert_eq!(read_settings(b"{}").0, Some(Settings::default()));
    }

    #[test]
    fn wrong_values_refuse_them_and_unknown_keys_are_named() {
        for (text, word) in [
            (r#"{"Log": {"MaxSize": "lots"}}"#, "MaxSize"),
            (r#"{"Log": {"Keep": -1}}"#, "Keep"),
            (r#"{"Log": 7}"#, "Log"),
            ("[]", "dictionary"),
            ("hello", ""),
        ] {
            let (settings, faults) = read_settings(text.as_bytes());
            assert_eq!(settings, None, "{text}");
            assert!(faults[0].to_string().contains(word), "{}", faults[0]);
        }
        let (settings, faults) = read_settings(br#"{"Log": {"Kep": 3}}"#);
        assert!(settings.is_some());
        assert!(faults[0].to_string().contains("Kep"), "{}", faults[0]);
    }
}
