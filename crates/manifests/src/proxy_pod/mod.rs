//! The parts of a pod that runs the proxy, as a sidecar or as a gateway.

mod gateway_manifests;
mod mounted_files;
mod proxy_container;
mod sidecar_manifests;

pub use gateway_manifests::{GatewaySettings, gateway_manifests};
pub use mounted_files::{CONFIG_MAP_BYTES_MAX, MountedFiles};
pub(crate) use proxy_container::{CONTAINER, PROXY_LABEL, security_context, volume};
pub use proxy_container::{PRE_STOP_SECONDS, ProxySettings};
pub use sidecar_manifests::SidecarManifests;
