//! Users and groups by name, and what a process of theirs finds in its environment.

use std::{ffi::CString, path::PathBuf};

use nix::{
    errno::Errno,
    unistd::{Gid, Group, Uid, User, getegid, geteuid},
};

use crate::os::{Account, Environment, SpawnError, Stage, imp};

/// The numbers a process runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user, or `None` to keep the daemon's.
    pub uid: Option<u32>,
    /// The group.
    pub gid: u32,
    /// The further groups, or `None` to keep the daemon's.
    pub groups: Option<Vec<libc::gid_t>>,
}

/// What is known of the user and group a definition names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// The numbers to run with.
    pub credentials: Credentials,
    /// The user's name, home and shell; `None` when only a group was named.
    pub person: Option<Person>,
}

/// What the environment of a user's process says of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// `USER` and `LOGNAME`.
    pub name: String,
    /// `HOME`.
    pub home: PathBuf,
    /// `SHELL`.
    pub shell: PathBuf,
}

/// Finds an account in the system's directory. May block as long as that directory does.
pub fn look_up(account: &Account) -> Result<Identified, SpawnError> {
    let user = account.user.as_deref().map(find_user).transpose()?;
    let group = account.group.as_deref().map(find_group).transpose()?;
    let gid = group.or(user.as_ref().map(|user| user.gid)).unwrap_or_else(getegid);
    let groups = match &user {
        Some(user) if account.init_groups => Some(groups_of(user, gid)?),
        Some(_) => Some(vec![gid.as_raw()]),
        None => None,
    };
    let uid = user.as_ref().map(|user| user.uid.as_raw());
    let person = user.map(|user| Person { name: user.name, home: user.dir, shell: user.shell });
    Ok(Identified { credentials: Credentials { uid, gid: gid.as_raw(), groups }, person })
}

impl Identified {
    /// Tells the environment of the user, where it does not say otherwise, and gives the numbers
    /// to change to, if there is anything to change.
    pub(super) fn claim(self, environment: &mut Environment) -> Option<Credentials> {
        if let Some(person) = self.person {
            let facts = [
                ("HOME", person.home.into_os_string()),
                ("USER", person.name.clone().into()),
                ("LOGNAME", person.name.into()),
                ("SHELL", person.shell.into_os_string()),
            ];
            for (name, value) in facts {
                if !environment.iter().any(|(known, _)| known == name) {
                    environment.push((name.into(), value));
                }
            }
        }
        // Whoever is not root may name himself; asking the system for it would be refused.
        let (uid, gid) = (geteuid(), getegid());
        let is_me = self.credentials.uid.is_none_or(|wanted| wanted == uid.as_raw())
            && self.credentials.gid == gid.as_raw();
        (uid.is_root() || !is_me).then_some(self.credentials)
    }
}

fn find_user(name: &str) -> Result<User, SpawnError> {
    let numbered = || name.parse().ok().and_then(|uid| User::from_uid(Uid::from_raw(uid)).ok()?);
    match User::from_name(name) {
        Ok(found) => found.or_else(numbered).ok_or_else(|| unknown(name, "no such user")),
        Err(errno) => Err(unreadable(name, errno)),
    }
}

fn find_group(name: &str) -> Result<Gid, SpawnError> {
    match Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid),
        Ok(None) => name.parse().map(Gid::from_raw).map_err(|_| unknown(name, "no such group")),
        Err(errno) => Err(unreadable(name, errno)),
    }
}

fn groups_of(user: &User, gid: Gid) -> Result<Vec<libc::gid_t>, SpawnError> {
    let name = CString::new(user.name.as_str()).unwrap_or_default();
    imp::groups_of(&name, gid.as_raw()).map_err(|errno| unreadable(&user.name, errno))
}

fn unknown(name: &str, detail: &str) -> SpawnError {
    SpawnError::because(Stage::Account, Some(name.into()), detail.into())
}

fn unreadable(name: &str, errno: Errno) -> SpawnError {
    SpawnError::new(Stage::Account, Some(name.into()), errno as i32)
}
