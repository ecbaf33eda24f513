//! From the root of the tree to the configuration.

use std::path::Path;
use std::sync::Arc;

use portcullis_vocabulary::Catalog;
use portcullis_vocabulary::protection::Protection;

use super::program_config::Config;
use super::sections::{
    IdentityContext, ReloadConfig, ServiceContext, read_access_log, read_admin, read_identity,
    read_limits, read_listen, read_log, read_owner, read_protection, read_refusals, read_reload,
    read_runtime, read_services, read_tiers, read_tracing,
};
use super::tree::ConfigSection;
use super::tree::config_value::boolean;
use super::written_config::WrittenConfig;

/// Reads all sections. `catalog` is absent if none is configured or it was refused.
pub(super) fn read_config(
    mut root: ConfigSection<'_>,
    catalog: Option<Arc<Catalog>>,
    directory: &Path,
) -> Config {
    let default = Config::default();
    let listen = read_listen(root.section("listen"), &default, directory);
    let admin = read_admin(
        root.section("admin"),
        (default.admin_address.clone(), &default.admin_file),
        directory,
    );
    let has_any_port = admin.address.tcp().is_some_and(|of| of.port() == 0);
    if !has_any_port && listen.addresses.contains(&admin.address) {
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
        listen_addresses: listen.addresses,
        listen_file: listen.file,
        listen_proxies: listen.proxies,
        listen_tls: listen.tls,
        listen_http2: listen.http2,
        via: listen.via,
        admin_address: admin.address,
        admin_file: admin.file,
        admin_tls: admin.tls,
        admin_token: admin.token,
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

fn read_metrics_enabled(mut section: ConfigSection<'_>) -> bool {
    let enabled = section.value("enabled", true, boolean);
    section.finish();
    enabled
}
