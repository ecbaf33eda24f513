//! `portcullis manifests sidecar`.

use portcullis_config::{ServiceConfig, UpstreamTarget};
use portcullis_manifests::{ManifestDocument, ProxySettings, SidecarManifests};

use super::config_text::ReplacedValue;
use super::manifests_args::{SidecarArgs, SidecarFormat};
use super::manifests_error::ManifestsError;
use super::proxy_files::{ProxyConfig, manifest_error};
use crate::cli::run_error::RunError;

/// The memory of all bodies of a sidecar, unless it is configured.
pub(super) const SIDECAR_BODY_MEMORY_MIB: usize = 128;

const MIB: usize = 1 << 20;

/// The manifest of a sidecar in the chosen form.
pub(super) fn sidecar(args: &SidecarArgs) -> Result<ManifestDocument, RunError> {
    let proxy = ProxyConfig::load(args.proxy.config.as_deref())?;
    let service = proxy.service(&args.service)?;
    if args.proxy.pod_network.is_empty() {
        return Err(manifest_error(
            "--pod-network is missing: without the network of the callers' pods, their squad headers \
             are dropped; kubectl cluster-info dump shows it as --cluster-cidr",
        ));
    }
    let app_port = match args.app_port {
        Some(port) => port,
        None => local_port(service).ok_or_else(|| {
            manifest_error(
                "--app-port is missing: the port that the application listens on in the pod, such \
                 as 3000",
            )
        })?,
    };
    let limits = &proxy.config.limits;
    let body_memory_mib = match proxy.written("limits.body_memory_max") {
        Some(_) => limits.body_memory_max.div_ceil(MIB),
        None => SIDECAR_BODY_MEMORY_MIB,
    };
    let cores = proxy.config.runtime.data_cores.max(1);
    let key = |key: &str| format!("services.{}.{key}", service.name);
    let mut replaced = vec![
        ReplacedValue::text("listen.address", &format!("0.0.0.0:{}", args.port)),
        ReplacedValue::text("limits.body_memory_max", &format!("{body_memory_mib} MiB")),
        ReplacedValue::toml("runtime.data_cores", cores.to_string()),
        ReplacedValue::text(key("upstream"), &format!("http://127.0.0.1:{app_port}")),
        ReplacedValue::removed(key("hosts")),
    ];
    // The next hop is in the pod and plain.
    for name in ["ca", "client_cert", "client_key", "server_name", "spiffe"] {
        replaced.push(ReplacedValue::removed(key(&format!("upstream_tls.{name}"))));
    }
    let files = proxy.files(&[service], &args.proxy, replaced)?;
    let settings = ProxySettings {
        image: args.proxy.image.clone(),
        data_port: args.port,
        admin_port: proxy.config.admin_port(),
        has_admin_tls: proxy.config.admin_tls.is_enabled(),
        cores,
        body_memory_mib,
        secret_variables: files.secret_variables,
    };
    let app = (app_port, args.container.clone());
    let sidecar = SidecarManifests::new(&service.name, settings, files.mounted, app)
        .map_err(ManifestsError::from)?;
    Ok(match args.format {
        SidecarFormat::Component => sidecar.component().map_err(ManifestsError::from)?,
        SidecarFormat::Patch => sidecar.patch(),
        SidecarFormat::ConfigMap => sidecar.config_map(),
    })
}

/// The port of an upstream on this machine, which is the pod.
fn local_port(service: &ServiceConfig) -> Option<u16> {
    if !service.servers.others.is_empty() {
        return None;
    }
    match &service.upstream {
        UpstreamTarget::Http(address) | UpstreamTarget::H2c(address)
            if ["127.0.0.1", "localhost", "::1"].contains(&address.host.as_str()) =>
        {
            Some(address.port)
        }
        UpstreamTarget::Http(_)
        | UpstreamTarget::H2c(_)
        | UpstreamTarget::Https(_)
        | UpstreamTarget::Mock
        | UpstreamTarget::Unix(_)
        | UpstreamTarget::Verdict(_) => None,
    }
}
