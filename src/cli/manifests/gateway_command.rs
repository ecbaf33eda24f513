//! `portcullis manifests gateway`.

use std::time::Duration;

use portcullis_config::ListenAddress;
use portcullis_manifests::{
    GatewaySettings, ManifestDocument, PRE_STOP_SECONDS, ProxySettings, gateway_manifests,
};

use super::config_text::ReplacedValue;
use super::manifests_args::GatewayArgs;
use super::proxy_files::{ProxyConfig, manifest_error};
use super::squad_command::check_namespaces;
use crate::cli::run_error::RunError;

/// Data cores of a replica, unless they are configured.
const CORES: usize = 2;

const MIB: usize = 1 << 20;

/// Time for what a drain does after its timeouts.
const DRAIN_RESERVE: Duration = Duration::from_secs(5);

/// The manifests of a gateway.
pub(super) fn gateway(args: &GatewayArgs) -> Result<Vec<ManifestDocument>, RunError> {
    check_namespaces([("--namespace", Some(&args.namespace))].into_iter())?;
    if args.replicas_min > args.replicas_max {
        let (least, most) = (args.replicas_min, args.replicas_max);
        return Err(manifest_error(format!(
            "--replicas-min {least}: expected at most the {most} of --replicas-max"
        )));
    }
    let proxy = ProxyConfig::load(args.proxy.config.as_deref())?;
    let config = &proxy.config;
    let cores = match config.runtime.data_cores {
        0 => CORES,
        cores => cores,
    };
    let ports = config
        .listen_addresses
        .iter()
        .filter_map(ListenAddress::tcp);
    let Some(data_port) = ports.map(|address| address.port()).next() else {
        return Err(manifest_error(
            "listen.address: expected a TCP port, which the Service of a gateway needs".to_owned(),
        ));
    };
    let replaced = vec![
        ReplacedValue::text("listen.address", &format!("0.0.0.0:{data_port}")),
        ReplacedValue::toml("runtime.data_cores", cores.to_string()),
    ];
    let services: Vec<_> = config.services.iter().collect();
    let files = proxy.files(&services, &args.proxy, replaced)?;
    let settings = ProxySettings {
        image: args.proxy.image.clone(),
        data_port,
        admin_port: config.admin_port(),
        has_admin_tls: config.admin_tls.is_enabled(),
        cores,
        body_memory_mib: config.limits.body_memory_max.div_ceil(MIB),
        secret_variables: files.secret_variables,
    };
    let drain = config.limits.drain_delay + config.limits.drain_timeout + DRAIN_RESERVE;
    let gateway = GatewaySettings {
        namespace: args.namespace.clone(),
        has_data_tls: config.listen_tls.is_enabled(),
        drain_seconds: PRE_STOP_SECONDS + drain.as_secs(),
        replicas: (args.replicas_min, args.replicas_max),
        requests_per_second: args.requests_per_second,
    };
    Ok(gateway_manifests(&settings, &files.mounted, &gateway))
}
