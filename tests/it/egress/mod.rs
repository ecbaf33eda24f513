//! The calls that services make through the forward proxy.

pub(crate) mod called_hosts;
pub(crate) mod forward_proxy;
pub(crate) mod host_cases;
pub(crate) mod real_clients;
pub(crate) mod smokescreen;
pub(crate) mod vendor_addresses;
pub(crate) mod vendor_documents;
pub(crate) mod vendors;

use std::net::SocketAddr;

use crate::support::app::{App, SHOP, Site};

/// A catalog in which `orders` declares these hosts.
pub(crate) fn catalog(hosts: &str) -> String {
    format!(
        "[squads.payments]\nservices = [\"orders\", \"shop\"]\n[squads.search]\nservices = [\"find\"]\n\
         [services.orders.dependencies]\nallowed_hosts = [{hosts}]\n"
    )
}

/// A site with a forward proxy for the service `orders`, which declares these hosts.
pub(crate) fn site(hosts: &str, egress: &str) -> Site {
    site_of("service = \"orders\"\n", hosts, egress)
}

/// A site with a forward proxy. `caller` says who calls.
pub(crate) fn site_of(caller: &str, hosts: &str, egress: &str) -> Site {
    let top = format!(
        "[catalog]\npath = \"squads.toml\"\n[egress]\naddress = \"127.0.0.1:0\"\n{caller}{egress}\n"
    );
    Site::new(&top)
        .file("squads.toml", &catalog(hosts))
        .service("shop", SHOP, "mock", "")
}

/// Addresses of this machine may be called.
pub(crate) const LOCAL: &str = "[egress.addresses]\nallow = [\"127.0.0.0/8\", \"::1/128\"]";

/// The address of the forward proxy.
pub(crate) fn proxy(app: &App) -> SocketAddr {
    app.egress.expect("a forward proxy")
}
