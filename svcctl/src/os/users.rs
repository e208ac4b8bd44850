//! Users and groups of a Unix machine, by name or number.
//!
//! Must never guess: what could not be asked is not called unknown.

use std::cell::RefCell;
use std::collections::HashMap;

use nix::unistd::geteuid;

/// True when that is the user this process runs as.
pub(crate) fn is_user(name: &str) -> bool {
    matches!(find::user(name), Found::Known(_, uid) if uid == geteuid().as_raw())
}

/// False when there is no such user, by name or number.
pub(crate) fn knows_user(name: &str) -> bool {
    !matches!(find::user(name), Found::Unknown)
}

/// False when there is no such group; a number is one.
pub(crate) fn knows_group(name: &str) -> bool {
    name.parse::<u32>().is_ok() || !matches!(find::group(name), Found::Unknown)
}

/// The name of the user of that number, asked for once.
pub(crate) fn user_name(uid: u32) -> Option<String> {
    thread_local! {
        static KNOWN: RefCell<HashMap<u32, Option<String>>> = RefCell::default();
    }
    let ask = || match find::user(&uid.to_string()) {
        Found::Known(name, _) => Some(name),
        Found::Unknown | Found::NotAsked => None,
    };
    KNOWN.with_borrow_mut(|known| known.entry(uid).or_insert_with(ask).clone())
}

/// What came of looking for a user or a group.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// The name and the number.
    Known(String, u32),
    Unknown,
    NotAsked,
}

#[cfg(target_os = "linux")]
mod find {
    use std::process::{Command, Stdio};

    use super::Found;

    /// What getent(1) ends with when there is no such key.
    const NO_SUCH_KEY: i32 = 2;

    pub(super) fn user(key: &str) -> Found {
        entry("passwd", key)
    }

    pub(super) fn group(key: &str) -> Found {
        entry("group", key)
    }

    /// Asks another program: the C library may be linked in here, and one that is cannot load the
    /// plug-ins that nsswitch.conf(5) names.
    fn entry(database: &str, key: &str) -> Found {
        if key.is_empty() || key.starts_with('-') {
            return Found::Unknown;
        }
        let mut getent = Command::new("getent");
        let Ok(said) = getent.args([database, key]).stderr(Stdio::null()).output() else {
            return Found::NotAsked;
        };
        // As passwd(5) and group(5) have it: the name, a password, the number.
        let text = String::from_utf8_lossy(&said.stdout);
        let mut fields = text.lines().next().unwrap_or_default().split(':');
        let name = fields.next().unwrap_or_default().to_owned();
        match (fields.nth(1).and_then(|number| number.parse().ok()), said.status.code()) {
            (Some(number), _) => Found::Known(name, number),
            (None, Some(NO_SUCH_KEY)) => Found::Unknown,
            (None, _) => Found::NotAsked,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn users_and_groups_are_found_by_name_and_by_number() {
            let root = Found::Known("root".to_owned(), 0);
            assert_eq!(user("root"), root);
            assert_eq!(user("0"), root);
            assert_eq!(group("root"), root);
        }

        #[test]
        fn what_is_not_there_is_unknown() {
            for key in ["nobody-of-this-name", "", "-s", "--help"] {
                assert_eq!(user(key), Found::Unknown, "{key:?}");
                assert_eq!(group(key), Found::Unknown, "{key:?}");
            }
        }

        #[test]
        fn what_could_not_be_asked_is_not_unknown() {
            assert_eq!(entry("no-such-database", "root"), Found::NotAsked);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod find {
    use nix::errno::Errno;
    use nix::unistd::{Group, Uid, User};

    use super::Found;

    pub(super) fn user(key: &str) -> Found {
        let numbered = || match key.parse() {
            Ok(uid) => User::from_uid(Uid::from_raw(uid)),
            Err(_) => Ok(None),
        };
        let user = User::from_name(key)
            .and_then(|named| named.map_or_else(numbered, |user| Ok(Some(user))));
        found(user.map(|user| user.map(|user| (user.name, user.uid.as_raw()))))
    }

    pub(super) fn group(key: &str) -> Found {
        found(
            Group::from_name(key).map(|group| group.map(|group| (group.name, group.gid.as_raw()))),
        )
    }

    fn found(asked: Result<Option<(String, u32)>, Errno>) -> Found {
        match asked {
            Ok(Some((name, number))) => Found::Known(name, number),
            Ok(None) => Found::Unknown,
            Err(_) => Found::NotAsked,
        }
    }
}
