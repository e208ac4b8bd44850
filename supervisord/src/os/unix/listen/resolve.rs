//! Host and service names to addresses, by the system's own rules. May take as long as a name
//! server does.

use std::ffi::{CStr, CString};
use std::ptr;

use nix::sys::socket::{SockaddrLike as _, SockaddrStorage};

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) node: Option<&'a str>,
    pub(super) service: Option<&'a str>,
    /// `AF_UNSPEC` for whatever there is.
    pub(super) family: libc::c_int,
    pub(super) kind: libc::c_int,
    pub(super) protocol: libc::c_int,
    /// To be bound, not connected to.
    pub(super) is_passive: bool,
}

/// All addresses, in the system's order; never none.
pub(super) fn resolve(wanted: Wanted<'_>) -> Result<Vec<SockaddrStorage>, String> {
    let text = |word: Option<&str>| {
        let word = word.map(CString::new).transpose();
        word.map_err(|_| "a name holds a NUL character".to_owned())
    };
    let (node, service) = (text(wanted.node)?, text(wanted.service)?);
    let pointer = |word: &Option<CString>| word.as_ref().map_or(ptr::null(), |word| word.as_ptr());
    // SAFETY: all zero is what the call wants of the fields that are not set here.
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    hints.ai_family = wanted.family;
    hints.ai_socktype = wanted.kind;
    hints.ai_protocol = wanted.protocol;
    if wanted.is_passive {
        hints.ai_flags |= libc::AI_PASSIVE;
    }
    let mut list = ptr::null_mut();
    // With neither name the call would refuse; any port of any address is what is meant.
    let any = CString::from(c"0");
    let service_pointer =
        if node.is_none() && service.is_none() { any.as_ptr() } else { pointer(&service) };
    // SAFETY: the strings end in NUL, hints and list are live.
    let result = unsafe {
        libc::getaddrinfo(pointer(&node), service_pointer, &raw const hints, &raw mut list)
    };
    if result != 0 {
        // SAFETY: the text of an error is constant and ends in NUL.
        let cause = unsafe { CStr::from_ptr(libc::gai_strerror(result)) };
        return Err(cause.to_string_lossy().into_owned());
    }
    let mut found = Vec::new();
    let mut next = list;
    // SAFETY: the list is as the call made it; it ends in null.
    while let Some(entry) = unsafe { next.as_ref() } {
        // SAFETY: address and length belong together and live as long as the list.
        let address = unsafe { SockaddrStorage::from_raw(entry.ai_addr, Some(entry.ai_addrlen)) };
        found.extend(address.filter(|address| !found.contains(address)));
        next = entry.ai_next;
    }
    // SAFETY: the list is the call's, and nothing refers to it any more.
    unsafe { libc::freeaddrinfo(list) };
    if found.is_empty() { Err("it has no address".to_owned()) } else { Ok(found) }
}
