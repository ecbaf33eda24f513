//! Resolves the names of hosts, by the resolver of the system. Tests bring their own answers.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;

use portcullis_egress::{CallDestination, OutboundHost};
use tokio::net::lookup_host;

/// What a lookup returns.
type LookupAnswer = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>>>>;

/// The answer of a test.
type LookupFunction = dyn Fn(&CallDestination) -> io::Result<Vec<SocketAddr>>;

/// How names are resolved.
#[derive(Clone)]
pub(super) enum HostLookup {
    /// By the system.
    System,
    /// By this function.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "tests resolve names to addresses of theirs")
    )]
    Function(Rc<LookupFunction>),
}

impl HostLookup {
    /// All addresses of a destination.
    pub(super) fn resolve(&self, to: &CallDestination) -> LookupAnswer {
        let port = to.port;
        match (self, &to.host) {
            (_, OutboundHost::Address(address)) => {
                let address = SocketAddr::new(*address, port);
                Box::pin(async move { Ok(vec![address]) })
            }
            (Self::System, OutboundHost::Name(name)) => {
                let name = name.clone();
                Box::pin(async move { Ok(lookup_host((&*name, port)).await?.collect()) })
            }
            (Self::Function(resolve), OutboundHost::Name(_)) => {
                let answer = resolve(to);
                Box::pin(async move { answer })
            }
        }
    }
}

impl fmt::Debug for HostLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Function(_) => "Function",
        })
    }
}
