//! Sockets bound before the program gives its rights away, so that a port below 1024 can be used.
use std::io;
use std::net::{SocketAddr, TcpListener as StdTcp, UdpSocket as StdUdp};

use tokio::net::{TcpListener, UdpSocket};

/// How often the system may choose a port that is free for UDP and taken for TCP.
const TRIES: u32 = 20;

/// Bound, not yet read from.
#[derive(Debug, Default)]
pub struct Sockets {
    udp: Vec<StdUdp>,
    tcp: Vec<StdTcp>,
}

impl Sockets {
    /// Binds each address by UDP and TCP. Needs no runtime.
    pub fn bind(listen: &[SocketAddr]) -> io::Result<Self> {
        let mut sockets = Self::default();
        for address in listen {
            let (udp, tcp) = bind(*address)?;
            sockets.udp.push(udp);
            sockets.tcp.push(tcp);
        }
        Ok(sockets)
    }

    /// As the runtime wants them.
    pub(crate) fn open(self) -> io::Result<(Vec<UdpSocket>, Vec<TcpListener>)> {
        let udp = self.udp.into_iter().map(UdpSocket::from_std).collect::<io::Result<_>>()?;
        let tcp = self.tcp.into_iter().map(TcpListener::from_std).collect::<io::Result<_>>()?;
        Ok((udp, tcp))
    }
}

/// UDP and TCP on one port; when the system chooses, it may take a few tries.
fn bind(address: SocketAddr) -> io::Result<(StdUdp, StdTcp)> {
    let mut tries = 0;
    loop {
        let udp = StdUdp::bind(address)?;
        udp.set_nonblocking(true)?;
        let chosen = SocketAddr::new(address.ip(), udp.local_addr()?.port());
        match StdTcp::bind(chosen) {
            Ok(tcp) => {
                tcp.set_nonblocking(true)?;
                return Ok((udp, tcp));
            }
            Err(error) if address.port() != 0 || tries > TRIES => return Err(error),
            Err(_) => tries += 1,
        }
    }
}
