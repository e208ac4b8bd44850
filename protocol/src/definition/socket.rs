//! Sockets a service wants opened for it, as written. Opening them is the daemon's.

use super::typed::{keyed, words};

words! {
    /// launchd.plist(5) `SockType`.
    SocketType {
        /// A byte stream.
        #[default]
        Stream = "stream",
        /// Datagrams.
        Datagram = "dgram",
        /// Sequenced packets.
        SequencedPacket = "seqpacket",
    }
}

words! {
    /// launchd.plist(5) `SockFamily`; absent means one socket per address found.
    SocketFamily {
        /// IPv4 only.
        #[default]
        V4 = "IPv4",
        /// IPv6 only.
        V6 = "IPv6",
        /// One socket that takes both.
        Both = "IPv4v6",
        /// A Unix domain socket, as the presence of a path says already.
        Unix = "Unix",
    }
}

words! {
    /// launchd.plist(5) `SockProtocol`.
    SocketProtocol {
        /// TCP.
        #[default]
        Tcp = "TCP",
        /// UDP.
        Udp = "UDP",
    }
}

keyed! {
    /// One entry of launchd.plist(5) `Sockets`.
    Socket {
        /// What kind of traffic it carries.
        kind: SocketType = "SockType";
        /// True to listen, false to connect.
        is_passive: bool = "SockPassive" or true;
        /// Host name or address to bind; absent means every address.
        node_name: Option<String> = "SockNodeName";
        /// Port: a number or a name of the services database; absent means any free one.
        service_name: Option<Service> = "SockServiceName";
        /// Address family; absent means each that the name resolves to.
        family: Option<SocketFamily> = "SockFamily";
        /// Transport, where the type leaves a choice.
        protocol: Option<SocketProtocol> = "SockProtocol";
        /// Path of a Unix domain socket; an existing socket there is removed first.
        path_name: Option<String> = "SockPathName";
        /// Mode bits given to the path.
        path_mode: Option<u32> = "SockPathMode";
        /// Numeric owner given to the path.
        path_owner: Option<u32> = "SockPathOwner";
        /// Numeric group given to the path.
        path_group: Option<u32> = "SockPathGroup";
        /// Environment variable that receives the path of a socket in a fresh private folder.
        secure_socket_with_key: Option<String> = "SecureSocketWithKey";
        /// Multicast group to join.
        multicast_group: Option<String> = "MulticastGroup";
        /// Asks for the destination address of each datagram.
        receive_packet_info: bool = "ReceivePacketInfo";
    }
}

keyed! {
    /// launchd.plist(5) `inetdCompatibility`; its presence alone switches the mode on.
    Inetd {
        /// True: one process gets the listening socket. False: one process per connection.
        wait: bool = "Wait";
        /// How many connections are served at once; absent means any number.
        instances: Option<u32> = "Instances";
    }
}

/// A port, or the name of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Service {
    /// A port number.
    Port(u32),
    /// A name of the services database, or a number written as text.
    Name(String),
}

impl super::typed::Typed for Service {
    fn read(value: &plist::Value) -> Option<Self> {
        let named = String::read(value).map(Self::Name);
        named.or_else(|| u32::read(value).map(Self::Port))
    }

    fn write(&self) -> Option<plist::Value> {
        match self {
            Self::Port(port) => port.write(),
            Self::Name(name) => name.write(),
        }
    }
}
