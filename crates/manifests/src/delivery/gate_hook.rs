//! The gate as a hook of Argo CD: a Job that runs before a sync, and stops it if the contract may not
//! be deployed.
//!
//! The contract and the catalog are in a ConfigMap that is a hook of an earlier wave, so the gate
//! judges what is about to be deployed and not what runs.

use serde_json::{Value, json};

use crate::manifest_document::ManifestDocument;
use crate::manifest_problem::ManifestProblem;
use crate::object_name::name_problem;
use crate::proxy_pod::{MountedFiles, security_context};

/// What the gate decides about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateHook {
    /// The squad that deploys.
    pub squad: String,
    /// The service.
    pub service: String,
    /// The image of this program.
    pub image: String,
    /// Where deployments are recorded.
    pub registry: String,
    /// The address of Prometheus.
    pub prometheus: Option<String>,
    /// The path of the contract among the files.
    pub contract: String,
    /// The path of the catalog among the files.
    pub catalog: String,
}

const DIRECTORY: &str = "/etc/portcullis";

const VOLUME: &str = "portcullis";

/// The ConfigMap and the Job.
///
/// # Errors
/// If the service cannot name an object.
pub fn gate_hook(
    hook: &GateHook,
    files: &MountedFiles,
) -> Result<Vec<ManifestDocument>, ManifestProblem> {
    if let Some(problem) = name_problem("service", &hook.service, None) {
        return Err(problem);
    }
    let name = format!("portcullis-gate-{}", hook.service);
    let mut config_map = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(hook, &name, -1),
    });
    files.fill(&mut config_map);
    let job = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(hook, &name, 0),
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": 300,
            "template": {"spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": false,
                "containers": [container(hook)],
                "volumes": [{"name": VOLUME, "configMap": files.volume_source(&name)}],
            }},
        },
    });
    let notes = format!(
        "Belongs to the manifests of {}: Argo CD runs it before each sync. The Secret\n\
         portcullis-registry has the credentials of the registry as variables, such as\n\
         AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        hook.service
    );
    Ok(vec![
        ManifestDocument::new(config_map).with_comment(notes),
        ManifestDocument::new(job),
    ])
}

fn metadata(hook: &GateHook, name: &str, wave: i32) -> Value {
    json!({
        "name": name,
        "labels": {
            "app.kubernetes.io/managed-by": "portcullis",
            "portcullis.dev/squad": hook.squad,
        },
        "annotations": {
            "argocd.argoproj.io/hook": "PreSync",
            "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
            "argocd.argoproj.io/sync-wave": wave.to_string(),
        },
    })
}

fn container(hook: &GateHook) -> Value {
    let contract = format!("{DIRECTORY}/{}", hook.contract);
    let catalog = format!("{DIRECTORY}/{}", hook.catalog);
    let flags = [
        ("--squad", hook.squad.as_str()),
        ("--service", &hook.service),
        ("--contract", &contract),
        ("--ref-root", DIRECTORY),
        ("--catalog", &catalog),
        ("--registry", &hook.registry),
    ];
    let prometheus = hook.prometheus.iter();
    let prometheus = prometheus.map(|url| ("--prometheus", url.as_str()));
    let mut args = vec!["gate"];
    for (flag, value) in flags.into_iter().chain(prometheus) {
        args.extend([flag, value]);
    }
    args.extend(["--by", "argocd", "--record"]);
    json!({
        "name": "gate",
        "image": hook.image,
        "args": args,
        "envFrom": [{"secretRef": {"name": "portcullis-registry", "optional": true}}],
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"cpu": "1", "memory": "512Mi"},
        },
        "securityContext": security_context(),
        "volumeMounts": [{"name": VOLUME, "mountPath": DIRECTORY, "readOnly": true}],
    })
}
