//! What all connections of a data core share.

use std::rc::Rc;

use super::connection_registry::ConnectionRegistry;
use super::proxy_opening::ListenerProxies;
use super::tls_opening::ListenerTls;
use crate::limits::ClientLimits;

/// What all connections of a data core share.
#[derive(Debug)]
pub(super) struct ConnectionContext<H> {
    pub(super) handler: Rc<H>,
    pub(super) limits: Rc<ClientLimits>,
    /// The PROXY protocol, if it is required.
    pub(super) proxies: Option<ListenerProxies>,
    /// TLS of the port, if it has any.
    pub(super) tls: Option<ListenerTls>,
    pub(super) registry: Rc<ConnectionRegistry>,
}
