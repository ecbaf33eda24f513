//! Proxies of others, which a test runs in front of the program or behind it.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use super::app::until;

/// A proxy in a process of its own.
#[derive(Debug)]
pub(crate) struct RunningProxy {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl RunningProxy {
    /// Starts a command whose proxy listens at the address.
    pub(crate) fn start(command: &mut Command, address: SocketAddr) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let proxy = Self { child, address };
        until(|| TcpStream::connect(address).is_ok());
        proxy
    }
}

impl Drop for RunningProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that was free a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}
