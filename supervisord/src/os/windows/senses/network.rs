//! Tells when network interfaces or their addresses change, and whether any is of use.

use std::ffi::c_void;
use std::io;
use std::ptr;

use tokio::sync::Notify;
use windows_sys::Win32::Foundation::{ERROR_BUFFER_OVERFLOW, ERROR_NO_DATA, ERROR_SUCCESS, HANDLE};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    CancelMibChangeNotify2, GAA_FLAG_SKIP_ANYCAST, GAA_FLAG_SKIP_DNS_SERVER,
    GAA_FLAG_SKIP_MULTICAST, GetAdaptersAddresses, IF_TYPE_SOFTWARE_LOOPBACK,
    IP_ADAPTER_ADDRESSES_LH, MIB_IPINTERFACE_ROW, MIB_NOTIFICATION_TYPE, MIB_UNICASTIPADDRESS_ROW,
    NotifyIpInterfaceChange, NotifyUnicastIpAddressChange,
};
use windows_sys::Win32::NetworkManagement::Ndis::IfOperStatusUp;
use windows_sys::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, AF_UNSPEC, SOCKADDR_IN, SOCKADDR_IN6, SOCKET_ADDRESS,
};

/// Something changed.
static NEWS: Notify = Notify::const_new();

/// The system's news of interfaces and addresses.
#[derive(Debug)]
pub struct Network {
    registered: [HANDLE; 2],
}

impl Network {
    /// Listens from now on.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let mut network = Self { registered: [ptr::null_mut(); 2] };
        let [interfaces, addresses] = &mut network.registered;
        // SAFETY: the handles are live places, and the calls that come want no context.
        unsafe {
            let told = Some(interface_changed as _);
            check(NotifyIpInterfaceChange(AF_UNSPEC, told, ptr::null(), false, interfaces))?;
            let told = Some(address_changed as _);
            check(NotifyUnicastIpAddressChange(AF_UNSPEC, told, ptr::null(), false, addresses))?;
        }
        Ok(network)
    }

    /// Waits for news; may be dropped and called again without loss.
    pub async fn changed(&self) {
        NEWS.notified().await;
    }

    /// Whether the network is up now.
    pub fn is_up(&self) -> bool {
        is_up().unwrap_or_else(|error| {
            log::error!("cannot list the network's interfaces: {error}");
            false
        })
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for registered in self.registered.into_iter().filter(|handle| !handle.is_null()) {
            // SAFETY: given back once; no call comes afterwards.
            unsafe { CancelMibChangeNotify2(registered) };
        }
    }
}

unsafe extern "system" fn interface_changed(
    _: *const c_void,
    _: *const MIB_IPINTERFACE_ROW,
    _: MIB_NOTIFICATION_TYPE,
) {
    NEWS.notify_one();
}

unsafe extern "system" fn address_changed(
    _: *const c_void,
    _: *const MIB_UNICASTIPADDRESS_ROW,
    _: MIB_NOTIFICATION_TYPE,
) {
    NEWS.notify_one();
}

/// An interface other than loopback is up and has an address that reaches beyond its own link.
fn is_up() -> io::Result<bool> {
    let flags = GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
    let family = u32::from(AF_UNSPEC);
    let mut size = 16 * 1024_u32;
    loop {
        // In words, since what is put there has pointers.
        let mut room = vec![0_u64; size.div_ceil(8) as usize];
        let first: *mut IP_ADAPTER_ADDRESSES_LH = room.as_mut_ptr().cast();
        // SAFETY: the room is of that size.
        match unsafe { GetAdaptersAddresses(family, flags, ptr::null(), first, &mut size) } {
            // SAFETY: the system has put a list there, whose parts all lie in the room.
            ERROR_SUCCESS => return Ok(unsafe { list(first, |one| one.Next).any(is_of_use) }),
            ERROR_BUFFER_OVERFLOW => {}
            // There is no adapter at all.
            ERROR_NO_DATA => return Ok(false),
            error => return check(error).map(|()| false),
        }
    }
}

fn is_of_use(adapter: &IP_ADAPTER_ADDRESSES_LH) -> bool {
    // SAFETY: the list and its addresses lie where the adapter does.
    let mut addresses = unsafe { list(adapter.FirstUnicastAddress, |one| one.Next) };
    adapter.OperStatus == IfOperStatusUp
        && adapter.IfType != IF_TYPE_SOFTWARE_LOOPBACK
        // SAFETY: as above.
        && addresses.any(|one| unsafe { reaches_beyond(&one.Address) })
}

/// # Safety
/// Each must lead to the next, which lives as long, and the last to null.
unsafe fn list<'a, T: 'a>(first: *mut T, next: fn(&T) -> *mut T) -> impl Iterator<Item = &'a T> {
    // SAFETY: as the caller has it.
    let at = |place: *mut T| unsafe { place.as_ref() };
    std::iter::successors(at(first), move |one| at(next(one)))
}

/// # Safety
/// It must lead to an address of the family it names.
unsafe fn reaches_beyond(address: &SOCKET_ADDRESS) -> bool {
    let socket = address.lpSockaddr;
    // SAFETY: as the caller has it.
    unsafe {
        match (*socket).sa_family {
            AF_INET => {
                let bytes = (*socket.cast::<SOCKADDR_IN>()).sin_addr.S_un.S_addr.to_ne_bytes();
                !std::net::Ipv4Addr::from(bytes).is_link_local()
            }
            AF_INET6 => {
                let bytes = (*socket.cast::<SOCKADDR_IN6>()).sin6_addr.u.Byte;
                !std::net::Ipv6Addr::from(bytes).is_unicast_link_local()
            }
            _ => false,
        }
    }
}

/// The result of a call that tells failure by its number.
fn check(error: u32) -> io::Result<()> {
    match error {
        ERROR_SUCCESS => Ok(()),
        error => Err(io::Error::from_raw_os_error(error.cast_signed())),
    }
}
