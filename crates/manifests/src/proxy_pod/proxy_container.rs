//! The container of the proxy: probes, ports, resources and what it may do.
//!
//! It runs without root, with a read-only file system and without capabilities, so it is allowed in
//! namespaces that enforce the restricted Pod Security Standard.

use serde_json::{Value, json};

use super::mounted_files::MountedFiles;

/// The name of the container, and of the volume with its files.
pub(crate) const CONTAINER: &str = "portcullis";

/// The name of the port for clients.
pub(crate) const DATA_PORT: &str = "portcullis";

/// The name of the admin port.
pub(crate) const ADMIN_PORT: &str = "portcullis-adm";

/// The label of pods with a proxy; its value is `sidecar` or `gateway`.
pub(crate) const PROXY_LABEL: &str = "portcullis.dev/proxy";

/// Where the files are mounted.
const DIRECTORY: &str = "/etc/portcullis";

/// Seconds between the end of new traffic and SIGTERM: endpoints are removed everywhere meanwhile.
pub const PRE_STOP_SECONDS: u64 = 5;

/// Memory in addition to that of bodies: contracts, connections and buffers.
const OTHER_MEMORY_MIB: usize = 256;

/// What is particular to a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxySettings {
    /// The image.
    pub image: String,
    /// The port for clients.
    pub data_port: u16,
    /// The port for probes, metrics and operators.
    pub admin_port: u16,
    /// Whether the admin port speaks TLS.
    pub has_admin_tls: bool,
    /// Processors that it may use: one for each data core.
    pub cores: usize,
    /// The bound of the memory of all bodies, in MiB.
    pub body_memory_mib: usize,
    /// Variables whose values are in a Secret, because a ConfigMap is not for secrets.
    pub secret_variables: Vec<String>,
}

impl ProxySettings {
    /// The container. A sidecar that Kubernetes starts before the application, and stops after it, is
    /// an init container that is always restarted.
    pub(crate) fn container(&self, secret: &str, is_sidecar: bool) -> Value {
        let image = &self.image;
        let mut container = json!({
            "name": CONTAINER,
            "image": image,
            "args": ["serve", "--config", format!("{DIRECTORY}/config.toml")],
            "env": self.environment(secret),
            "ports": [
                {"name": DATA_PORT, "containerPort": self.data_port, "protocol": "TCP"},
                {"name": ADMIN_PORT, "containerPort": self.admin_port, "protocol": "TCP"},
            ],
            // The process runs. A contract at an address may not be there yet.
            "startupProbe": self.probe("/livez", 1, 60),
            "livenessProbe": self.probe("/livez", 10, 3),
            "readinessProbe": self.probe("/readyz", 5, 2),
            "lifecycle": {"preStop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
            "resources": self.resources(is_sidecar),
            "securityContext": security_context(),
            "volumeMounts": [{"name": CONTAINER, "mountPath": DIRECTORY, "readOnly": true}],
        });
        if is_sidecar {
            container["restartPolicy"] = json!("Always");
        }
        container
    }

    /// A sidecar shares its node with many others, so it reserves little.
    fn resources(&self, is_sidecar: bool) -> Value {
        let memory = self.body_memory_mib + OTHER_MEMORY_MIB;
        let limits = json!({"cpu": self.cores.to_string(), "memory": format!("{memory}Mi")});
        let requests = if is_sidecar {
            json!({"cpu": "100m", "memory": "128Mi"})
        } else {
            limits.clone()
        };
        json!({"requests": requests, "limits": limits})
    }

    /// The variable of the image would override the file.
    fn environment(&self, secret: &str) -> Value {
        let address = format!("0.0.0.0:{}", self.admin_port);
        let admin = json!({"name": "PORTCULLIS_ADMIN__ADDRESS", "value": address});
        let secrets = self.secret_variables.iter().map(|name| {
            let key = json!({"name": secret, "key": name});
            json!({"name": name, "valueFrom": {"secretKeyRef": key}})
        });
        std::iter::once(admin).chain(secrets).collect()
    }

    fn probe(&self, path: &str, period: u32, failures: u32) -> Value {
        let scheme = if self.has_admin_tls { "HTTPS" } else { "HTTP" };
        json!({
            "httpGet": {"path": path, "port": self.admin_port, "scheme": scheme},
            "periodSeconds": period,
            "timeoutSeconds": 2,
            "failureThreshold": failures,
        })
    }
}

/// The volume with the files.
pub(crate) fn volume(files: &MountedFiles, config_map: &str) -> Value {
    json!({"name": CONTAINER, "configMap": files.volume_source(config_map)})
}

/// What every container of ours does without: rights of the root user, capabilities, a file system that
/// it can change.
pub(crate) fn security_context() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": true,
        "runAsNonRoot": true,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}
