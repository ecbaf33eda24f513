//! What the platform decides for all squads.

/// The names and ports that the catalog does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SquadSettings {
    /// In front of the name of a squad, it is the group of its members at the identity provider.
    pub group_prefix: String,
    /// The namespace of the Prometheus that scrapes the proxies.
    pub monitoring_namespace: String,
    /// The namespace of a gateway that calls the services.
    pub gateway_namespace: Option<String>,
    /// The port of the proxy that other squads may call.
    pub data_port: u16,
    /// The admin port of the proxy, which Prometheus may call.
    pub admin_port: u16,
}
