//! From the root of the tree to the configuration.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use portcullis_vocabulary::protection::Protection;
use portcullis_vocabulary::{AlpnProtocol, Catalog, ConfigLocation};

use super::program_config::Config;
use super::sections::{
    Http2Config, IdentityContext, PortTlsConfig, ReloadConfig, ServiceContext, read_access_log,
    read_admin, read_http2, read_identity, read_limits, read_log, read_owner, read_port_tls,
    read_protection, read_refusals, read_reload, read_runtime, read_services, read_tiers,
    read_tracing,
};
use super::tree::config_value::{address, boolean};
use super::tree::{ConfigNode, ConfigSection, ConfigValueError};
use super::written_config::WrittenConfig;

/// Reads all sections. `catalog` is absent if none is configured or it was refused.
pub(super) fn read_config(
    mut root: ConfigSection<'_>,
    catalog: Option<Arc<Catalog>>,
    directory: &Path,
) -> Config {
    let default = Config::default();
    let listen = read_listen(root.section("listen"), &default, directory);
    let (admin_address, admin_token, admin_tls) =
        read_admin(root.section("admin"), default.admin_address, directory);
    if listen.address == admin_address && listen.address.port() != 0 {
        root.refuse_at(
            listen.location,
            "listen.address",
            "is the admin address too; try another port",
        );
    }
    let identity = read_identity(
        root.section("identity"),
        &IdentityContext {
            tls: &listen.tls,
            catalog: catalog.as_deref(),
            directory,
        },
    );
    let runtime = read_runtime(root.section("runtime"));
    let limits = read_limits(root.section("limits"));
    let log = read_log(root.section("log"));
    let access_log = read_access_log(root.section("access_log"));
    let metrics_enabled = read_metrics_enabled(root.section("metrics"));
    let owner = read_owner(root.section("owner"));
    let tracing = read_tracing(root.section("tracing"));
    let refusals = read_refusals(root.section("refusals"));
    let tiers = read_tiers(root.section("tiers"));
    let context = ServiceContext {
        catalog: catalog.as_deref(),
        directory,
        protection: read_protection(&mut root, &Protection::default()),
        reload: read_reload(root.section("reload"), &ReloadConfig::default(), directory),
        audience: refusals.audience,
    };
    let services = read_services(&mut root, &context);
    root.finish();
    Config {
        listen_address: listen.address,
        listen_tls: listen.tls,
        listen_http2: listen.http2,
        via: listen.via,
        admin_address,
        admin_tls,
        admin_token,
        catalog: catalog.unwrap_or_default(),
        identity,
        runtime,
        limits,
        tiers,
        log,
        access_log,
        metrics_enabled,
        owner,
        tracing,
        refusals,
        services,
        written: WrittenConfig::default(),
    }
}

/// `[listen]`.
struct ListenSection {
    address: SocketAddr,
    location: ConfigLocation,
    via: String,
    tls: PortTlsConfig,
    http2: Http2Config,
}

fn read_listen(
    mut section: ConfigSection<'_>,
    default: &Config,
    directory: &Path,
) -> ListenSection {
    let location = section.location_of("address");
    let address = section.value("address", default.listen_address, address);
    let via = section.value("via", default.via.clone(), pseudonym);
    let mut tls = read_port_tls(section.section("tls"), &default.listen_tls, directory);
    let http2 = read_http2(section.section("http2"));
    if !http2.is_enabled() {
        tls.alpn.retain(|protocol| *protocol != AlpnProtocol::Http2);
        if tls.alpn.is_empty() {
            let message = "leaves no protocol, because HTTP/2 is off; add \"http/1.1\"";
            section.refuse("tls.alpn", message);
        }
    }
    section.finish();
    ListenSection {
        address,
        location,
        via,
        tls,
        http2,
    }
}

/// A pseudonym of RFC 9110 section 7.6.3, without characters that its readers must quote.
fn pseudonym(node: &ConfigNode) -> Result<String, ConfigValueError> {
    const CHARS_MAX: usize = 64;
    let is_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let name = node
        .text()
        .filter(|name| (1..=CHARS_MAX).contains(&name.len()) && name.chars().all(is_char));
    name.map(str::to_owned).ok_or_else(|| {
        ConfigValueError::expected(format!(
            "1 to {CHARS_MAX} letters, digits, '.', '_' and '-'"
        ))
    })
}

fn read_metrics_enabled(mut section: ConfigSection<'_>) -> bool {
    let enabled = section.value("enabled", true, boolean);
    section.finish();
    enabled
}
