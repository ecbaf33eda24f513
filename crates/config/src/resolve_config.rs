//! From the root of the tree to the configuration.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use portcullis_vocabulary::protection::Protection;
use portcullis_vocabulary::{Catalog, ConfigLocation};

use super::catalog::declared_dependencies;
use super::program_config::Config;
use super::sections::{
    EgressConfig, IdentityContext, ListenAddress, ListenSection, ReloadConfig, ServiceConfig,
    ServiceContext, read_access_log, read_admin, read_egress, read_identity, read_limits,
    read_listen, read_log, read_owner, read_protection, read_refusals, read_reload, read_runtime,
    read_services, read_tiers, read_tracing,
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
    refuse_shared_port(&mut root, &listen, &admin.address);
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
    let egress_location = root.location_of("egress");
    let mut taken = listen.addresses.clone();
    taken.push(admin.address.clone());
    let egress = read_calls(&mut root, catalog.as_deref(), directory, &taken);
    taken.extend(egress.listen_addresses.iter().cloned());
    let context = ServiceContext {
        catalog: catalog.as_deref(),
        directory,
        protection: read_protection(&mut root, &Protection::default()),
        reload: read_reload(root.section("reload"), &ReloadConfig::default(), directory),
        audience: refusals.audience,
        taken: RefCell::new(taken),
    };
    let services = read_services(&mut root, &context);
    check_vendor_prefixes(&mut root, egress_location, &egress, &services);
    root.finish();
    let dependencies = catalog.as_deref().map(declared_dependencies);
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
        egress,
        dependencies: Arc::new(dependencies.unwrap_or_default()),
        services,
        catalog: catalog.unwrap_or_default(),
        written: WrittenConfig::default(),
    }
}

/// Reports an admin port that is a port for clients too.
fn refuse_shared_port(root: &mut ConfigSection<'_>, listen: &ListenSection, admin: &ListenAddress) {
    let mut addresses = listen.addresses.iter();
    if let Some(address) = addresses.find(|address| address.overlaps(admin)) {
        let message = if address == admin {
            "is the admin address too; try another port".to_owned()
        } else {
            format!("overlaps with the admin address, {admin}; try another port")
        };
        root.refuse_at(listen.location.clone(), "listen.address", message);
    }
}

/// Reads `[egress]`, whose ports are not those of clients or operators.
fn read_calls(
    root: &mut ConfigSection<'_>,
    catalog: Option<&Catalog>,
    directory: &Path,
    taken: &[ListenAddress],
) -> EgressConfig {
    let location = root.location_of("egress");
    let egress = read_egress(root.section("egress"), catalog, directory);
    let mut taken = taken.iter();
    if taken.any(|one| egress.listen_addresses.iter().any(|own| own.overlaps(one))) {
        let message = "is an address of [listen] or [admin] too; try another port";
        root.refuse_at(location, "egress.address", message);
    }
    egress
}

/// Reports a forward proxy whose address no client can write in front of a prefix.
fn check_vendor_prefixes(
    root: &mut ConfigSection<'_>,
    location: ConfigLocation,
    egress: &EgressConfig,
    services: &[ServiceConfig],
) {
    let has_prefix = |service: &ServiceConfig| {
        let vendor = service.vendor.as_ref();
        vendor.is_some_and(|vendor| vendor.prefix.is_some())
    };
    let has_tcp = egress
        .listen_addresses
        .iter()
        .any(|own| own.tcp().is_some());
    if egress.is_on() && !has_tcp && services.iter().any(has_prefix) {
        let message = "has Unix sockets only, whose address no Host can name; a vendor with a prefix \
                       needs a TCP address";
        root.refuse_at(location, "egress.address", message);
    }
}

fn read_metrics_enabled(mut section: ConfigSection<'_>) -> bool {
    let enabled = section.value("enabled", true, boolean);
    section.finish();
    enabled
}
