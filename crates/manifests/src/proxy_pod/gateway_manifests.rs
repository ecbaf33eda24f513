//! A gateway: the proxy as a separate deployment, with its Service, its scaling and its monitoring.

use serde_json::{Value, json};

use super::mounted_files::MountedFiles;
use super::proxy_container::{
    ADMIN_PORT, CONTAINER, DATA_PORT, PROXY_LABEL, ProxySettings, volume,
};
use crate::manifest_document::ManifestDocument;

/// The rules of `deploy/prometheus`, each with the name of its object.
const RULES: [(&str, &str); 2] = [
    (
        "portcullis-recording",
        include_str!("../../../../deploy/prometheus/recording.rules.yaml"),
    ),
    (
        "portcullis-alerts",
        include_str!("../../../../deploy/prometheus/alerts.rules.yaml"),
    ),
];

/// Processor use above which replicas are added, in percent of what is reserved.
const CPU_PERCENT: u32 = 70;

/// How a gateway is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewaySettings {
    /// The namespace of the gateway.
    pub namespace: String,
    /// Whether its port for clients speaks TLS.
    pub has_data_tls: bool,
    /// Seconds that a replica needs to end its requests.
    pub drain_seconds: u64,
    /// The least and the most replicas.
    pub replicas: (u32, u32),
    /// Requests per second of one replica above which replicas are added.
    pub requests_per_second: Option<u32>,
}

/// All objects of a gateway.
pub fn gateway_manifests(
    proxy: &ProxySettings,
    files: &MountedFiles,
    settings: &GatewaySettings,
) -> Vec<ManifestDocument> {
    let objects = [
        config_map(files, settings),
        deployment(proxy, files, settings),
        service(settings),
        disruption_budget(settings),
        autoscaler(settings),
        pod_monitor(proxy, settings),
    ];
    let mut documents = vec![namespace(proxy, settings)];
    documents.extend(objects.into_iter().map(ManifestDocument::new));
    for (name, rules) in RULES {
        let object = json!({
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": metadata(settings, name),
        });
        documents.push(ManifestDocument::new(object).with_yaml("spec", rules));
    }
    documents
}

fn namespace(proxy: &ProxySettings, settings: &GatewaySettings) -> ManifestDocument {
    let mut notes = format!(
        "The gateway in the namespace {}. PodMonitor and PrometheusRule need the Prometheus Operator.",
        settings.namespace
    );
    if !proxy.secret_variables.is_empty() {
        notes.push_str(&format!(
            "\nThe Secret {CONTAINER} needs the keys {}.",
            proxy.secret_variables.join(", ")
        ));
    }
    let object = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": settings.namespace,
            "labels": {
                "app.kubernetes.io/managed-by": "portcullis",
                "pod-security.kubernetes.io/enforce": "restricted",
            },
        },
    });
    ManifestDocument::new(object).with_comment(notes)
}

fn selector() -> Value {
    json!({"app.kubernetes.io/name": CONTAINER, "app.kubernetes.io/component": "gateway"})
}

fn metadata(settings: &GatewaySettings, name: &str) -> Value {
    let mut labels = selector();
    labels["app.kubernetes.io/managed-by"] = json!("portcullis");
    json!({"name": name, "namespace": settings.namespace, "labels": labels})
}

fn config_map(files: &MountedFiles, settings: &GatewaySettings) -> Value {
    let mut object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(settings, CONTAINER),
    });
    files.fill(&mut object);
    object
}

/// The number of replicas belongs to the autoscaler.
fn deployment(proxy: &ProxySettings, files: &MountedFiles, settings: &GatewaySettings) -> Value {
    let mut labels = selector();
    labels[PROXY_LABEL] = json!("gateway");
    let spread = |topology: &str| {
        json!({
            "maxSkew": 1,
            "topologyKey": topology,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector()},
        })
    };
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(settings, CONTAINER),
        "spec": {
            "selector": {"matchLabels": selector()},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "automountServiceAccountToken": false,
                    "containers": [proxy.container(CONTAINER, false)],
                    "terminationGracePeriodSeconds": settings.drain_seconds,
                    "topologySpreadConstraints": [
                        spread("kubernetes.io/hostname"),
                        spread("topology.kubernetes.io/zone"),
                    ],
                    "volumes": [volume(files, CONTAINER)],
                },
            },
        },
    })
}

fn service(settings: &GatewaySettings) -> Value {
    let (name, port) = if settings.has_data_tls {
        ("https", 443)
    } else {
        ("http", 80)
    };
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(settings, CONTAINER),
        "spec": {
            "selector": selector(),
            "ports": [{
                "name": name,
                "appProtocol": name,
                "port": port,
                "protocol": "TCP",
                "targetPort": DATA_PORT,
            }],
        },
    })
}

fn disruption_budget(settings: &GatewaySettings) -> Value {
    json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(settings, CONTAINER),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": selector()}},
    })
}

fn autoscaler(settings: &GatewaySettings) -> Value {
    let (replicas_min, replicas_max) = settings.replicas;
    let cpu = json!({"type": "Utilization", "averageUtilization": CPU_PERCENT});
    let mut metrics = vec![json!({"type": "Resource", "resource": {"name": "cpu", "target": cpu}})];
    if let Some(rate) = settings.requests_per_second {
        let target = json!({"type": "AverageValue", "averageValue": rate.to_string()});
        let metric = json!({"name": "portcullis_requests_per_second"});
        metrics.push(json!({"type": "Pods", "pods": {"metric": metric, "target": target}}));
    }
    json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(settings, CONTAINER),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": CONTAINER},
            "minReplicas": replicas_min,
            "maxReplicas": replicas_max,
            "metrics": metrics,
        },
    })
}

/// Scrapes gateways and sidecars of all namespaces as the job that the rules and the dashboard name.
fn pod_monitor(proxy: &ProxySettings, settings: &GatewaySettings) -> Value {
    let mut endpoint = json!({
        "port": ADMIN_PORT,
        "path": "/metrics",
        "relabelings": [{"targetLabel": "job", "replacement": "portcullis"}],
    });
    if proxy.has_admin_tls {
        endpoint["scheme"] = json!("https");
    }
    json!({
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": metadata(settings, CONTAINER),
        "spec": {
            "namespaceSelector": {"any": true},
            "selector": {"matchExpressions": [{"key": PROXY_LABEL, "operator": "Exists"}]},
            "podMetricsEndpoints": [endpoint],
        },
    })
}
