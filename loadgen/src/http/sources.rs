//! Where connections come from: local addresses, each in its turn.
//!
//! A connection is told from others by its four numbers (RFC 9293, section 3.4): towards one address and port
//! of the target, one local address has as many connections as there are local ports. More come from more
//! addresses.

use std::{
    cell::Cell,
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    rc::Rc,
    sync::Arc,
};

use tokio::net::{TcpSocket, TcpStream};

/// Local addresses connections are bound to; with none the system chooses. Clones take turns together.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    addresses: Arc<[IpAddr]>,
    turn: Rc<Cell<usize>>,
}

impl Sources {
    pub(super) fn new(addresses: Arc<[IpAddr]>) -> Self {
        Self { addresses, turn: Rc::default() }
    }

    /// Whether this address can be reached from one of them: IPv4 from IPv4, IPv6 from IPv6.
    pub(super) fn reach(&self, to: SocketAddr) -> bool {
        self.addresses.is_empty() || self.alike(to).next().is_some()
    }

    /// Connects, from the address whose turn it is.
    pub(super) async fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        let alike = self.alike(to).count();
        if alike == 0 {
            return TcpStream::connect(to).await;
        }
        let turn = self.turn.get();
        self.turn.set(turn.wrapping_add(1));
        let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        if let Some(from) = self.alike(to).nth(turn % alike) {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        socket.connect(to).await
    }

    /// The local address for datagrams towards this one: the `n`th of the sources in turn, else the one the system
    /// would send from.
    pub(super) fn towards(&self, to: SocketAddr, n: u64) -> io::Result<IpAddr> {
        let alike = self.alike(to).count() as u64;
        if let Some(from) = n.checked_rem(alike).and_then(|turn| self.alike(to).nth(turn as usize)) {
            return Ok(from);
        }
        let any = if to.is_ipv4() { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) };
        // Connecting a datagram socket sends nothing: it looks the route up (udp(7)).
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect(to)?;
        Ok(socket.local_addr()?.ip())
    }

    fn alike(&self, to: SocketAddr) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().copied().filter(move |from| from.is_ipv4() == to.is_ipv4())
    }
}
