//! Which hosts a service is for. Knows no host itself.

use super::Definition;
use std::fmt;

/// Why a service is not loaded on a host. Shown as a sentence that begins with the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOff {
    /// The key that says so.
    pub key: &'static str,
    /// The rest of the sentence.
    pub cause: String,
}

impl fmt::Display for KeptOff {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.key, self.cause)
    }
}

impl Definition {
    /// Why it is not loaded on the host of that name, if so; names are compared whole and without
    /// regard to case, as launchd does.
    #[must_use]
    pub fn kept_off(&self, host: &str) -> Option<KeptOff> {
        let names = |hosts: &[String]| hosts.iter().any(|name| name.eq_ignore_ascii_case(host));
        let (only, never) = (&self.rare.limit_load_to_hosts, &self.rare.limit_load_from_hosts);
        if !only.is_empty() && !names(only) {
            let cause = format!("names {}, and this host is {host}", only.join(", "));
            return Some(KeptOff { key: "LimitLoadToHosts", cause });
        }
        let cause = || format!("names this host, {host}");
        names(never).then(|| KeptOff { key: "LimitLoadFromHosts", cause: cause() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_for_the_hosts_named_and_not_for_those_excepted() {
        let definition = |only: &[&str], never: &[&str]| {
            let mut definition = Definition::simple("web", vec!["web".to_owned()]);
            let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
            definition.rare.limit_load_to_hosts = names(only);
            definition.rare.limit_load_from_hosts = names(never);
            definition
        };
        for (only, never, why) in [
            (&[][..], &[][..], None),
            (&["beta", "ALPHA"], &[], None),
            (
                &["alpha.local"],
                &[],
                Some("LimitLoadToHosts names alpha.local, and this host is alpha"),
            ),
            (&["b", "c"], &[], Some("LimitLoadToHosts names b, c, and this host is alpha")),
            (&[], &["beta"], None),
            (&[], &["Alpha"], Some("LimitLoadFromHosts names this host, alpha")),
            (&["alpha"], &["alpha"], Some("LimitLoadFromHosts names this host, alpha")),
        ] {
            let kept_off = definition(only, never).kept_off("alpha");
            assert_eq!(kept_off.map(|kept_off| kept_off.to_string()).as_deref(), why);
        }
    }
}
