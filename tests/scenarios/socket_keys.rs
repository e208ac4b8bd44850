//! Keys of `Sockets` that few use, each by what it does to the socket.

use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;

use harness::{Daemon, PATIENCE, free, observer, skip};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, getsockopt, recv, send, socket,
    sockopt,
};
use serde_json::json;

use crate::sockets::{pid, server, text};
use crate::spawning::skip_unless_root;

/// Sends a datagram there and waits for the answer.
fn ask_datagram(to: (Ipv4Addr, u16)) -> String {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(b"hello", to).unwrap();
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[test]
fn a_socket_that_is_not_passive_is_connected() {
    let daemon = Daemon::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let socket =
        json!({"SockPassive": false, "SockNodeName": "127.0.0.1", "SockServiceName": port});
    daemon.service("web").key("Sockets", json!({"Upstream": socket})).add();
    let (mut stream, _) = listener.accept().unwrap();
    let service = daemon.running("web");
    let descriptor = observer::descriptor(service, 3).unwrap();
    send(descriptor.as_raw_fd(), b"from the service", MsgFlags::empty()).unwrap();
    drop(descriptor);
    daemon.done(&["remove", "web"]);
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert_eq!(said, "from the service", "and nobody holds it when the service is gone");
}

#[test]
fn what_nobody_listens_at_refuses_a_socket_that_is_to_be_connected() {
    let daemon = Daemon::start();
    let socket = json!({"SockPassive": false, "SockPathName": daemon.base().join("nobody")});
    let service = daemon.service("web").key("Sockets", json!({"Upstream": socket}));
    let said = daemon.refused(1, &["add", text(&service.file())]);
    assert!(said.contains("Sockets.Upstream: cannot connect to "), "{said}");
}

#[test]
fn a_protocol_stands_for_the_type() {
    let daemon = Daemon::start();
    let port = free::port();
    let socket =
        json!({"SockProtocol": "UDP", "SockNodeName": "127.0.0.1", "SockServiceName": port});
    server(&daemon, "web", json!({"Datagrams": socket})).add();
    let answer = ask_datagram((Ipv4Addr::LOCALHOST, port));
    assert_eq!(pid(&answer), u64::from(daemon.running("web")));
}

#[test]
fn sequenced_packets_are_listened_for() {
    let daemon = Daemon::start();
    let path = daemon.base().join("packets");
    let socket_key = json!({"SockType": "seqpacket", "SockPathName": text(&path)});
    server(&daemon, "web", json!({"Packets": socket_key})).add();
    let kind = SockType::SeqPacket;
    let peer = socket(AddressFamily::Unix, kind, SockFlag::SOCK_CLOEXEC, None).unwrap();
    connect(peer.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
    send(peer.as_raw_fd(), b"hello", MsgFlags::empty()).unwrap();
    let mut answer = [0; 512];
    let length = recv(peer.as_raw_fd(), &mut answer, MsgFlags::empty()).unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert_eq!(pid(&answer), u64::from(daemon.running("web")));
}

#[test]
fn a_path_gets_the_owner_and_group_it_is_given() {
    if skip_unless_root() {
        return;
    }
    let daemon = Daemon::start();
    let path = daemon.base().join("owned");
    let socket = json!({"SockPathName": text(&path), "SockPathOwner": 4711, "SockPathGroup": 4712});
    server(&daemon, "web", json!({"Owned": socket})).add();
    let found = fs::metadata(&path).unwrap();
    assert_eq!((found.uid(), found.gid()), (4711, 4712));
}

#[test]
fn a_multicast_group_is_joined() {
    let group = Ipv4Addr::new(239, 255, 47, 11);
    let probe = UdpSocket::bind("0.0.0.0:0").unwrap();
    if probe.join_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED).is_err() {
        return skip("MulticastGroup", "no interface here takes part in multicast");
    }
    let daemon = Daemon::start();
    let port = free::port();
    let socket = json!({"SockType": "dgram", "SockFamily": "IPv4", "SockServiceName": port,
        "MulticastGroup": group.to_string()});
    server(&daemon, "web", json!({"Group": socket})).add();
    let answer = ask_datagram((group, port));
    assert_eq!(pid(&answer), u64::from(daemon.running("web")));
}

#[test]
fn where_a_datagram_was_sent_to_is_told_to_who_asks() {
    let daemon = Daemon::start();
    for (address, asks) in [("127.0.0.1", false), ("127.0.0.1", true), ("::1", true)] {
        if TcpListener::bind((address, 0)).is_err() {
            continue;
        }
        let socket = json!({"SockType": "dgram", "SockNodeName": address,
            "SockServiceName": free::port(), "ReceivePacketInfo": asks});
        daemon.service("web").key("Sockets", json!({"Datagrams": socket})).add();
        let Some(descriptor) = observer::descriptor(daemon.running("web"), 3) else {
            return skip("ReceivePacketInfo", "the kernel shows no descriptors of others");
        };
        let told = match address {
            "::1" => getsockopt(&descriptor, sockopt::Ipv6RecvPacketInfo),
            _ => getsockopt(&descriptor, sockopt::Ipv4PacketInfo),
        };
        assert_eq!(told, Ok(asks), "{address}");
        daemon.done(&["remove", "web"]);
    }
}
