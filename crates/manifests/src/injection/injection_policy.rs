//! A `MutatingAdmissionPolicy`: the API server itself adds the sidecar to annotated pods.
//!
//! The annotation names a ConfigMap of the pod's namespace. There is no webhook, so nothing of ours
//! has to run for pods to be created. The policy uses JSON Patch, because apply configurations may
//! not set atomic lists, such as the dropped capabilities. A pod that cannot be changed is refused:
//! without the sidecar it would be unprotected.

use serde_json::{Value, json};

use super::cel_text::{cel_string, cel_text};
use crate::manifest_document::ManifestDocument;
use crate::proxy_pod::{CONTAINER, MountedFiles, PROXY_LABEL, ProxySettings, volume};

/// The annotation of pods that get a sidecar.
const ANNOTATION: &str = "portcullis.dev/contract";

const NAME: &str = "portcullis-sidecar";

/// The version of the API, which depends on that of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdmissionVersion {
    /// Kubernetes 1.32 and 1.33.
    Alpha,
    /// Kubernetes 1.34 and 1.35.
    Beta,
    /// Kubernetes 1.36 and later.
    Stable,
}

impl AdmissionVersion {
    const fn api_version(self) -> &'static str {
        match self {
            Self::Alpha => "admissionregistration.k8s.io/v1alpha1",
            Self::Beta => "admissionregistration.k8s.io/v1beta1",
            Self::Stable => "admissionregistration.k8s.io/v1",
        }
    }
}

/// The policy and its binding to the namespaces of squads.
pub fn injection_manifests(
    settings: &ProxySettings,
    version: AdmissionVersion,
) -> Vec<ManifestDocument> {
    let pods = json!({
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["pods"],
    });
    let policy = json!({
        "apiVersion": version.api_version(),
        "kind": "MutatingAdmissionPolicy",
        "metadata": metadata(),
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {"resourceRules": [pods]},
            "matchConditions": match_conditions(),
            "mutations": [{
                "patchType": "JSONPatch",
                "jsonPatch": {"expression": patch(settings)},
            }],
        },
    });
    let squads =
        json!({"matchExpressions": [{"key": "portcullis.dev/squad", "operator": "Exists"}]});
    let binding = json!({
        "apiVersion": version.api_version(),
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": metadata(),
        "spec": {"policyName": NAME, "matchResources": {"namespaceSelector": squads}},
    });
    let notes = format!(
        "Adds the sidecar to pods with the annotation {ANNOTATION}, in namespaces with the label\n\
         portcullis.dev/squad. The annotation names a ConfigMap of the namespace:\n\
         portcullis manifests sidecar --format config-map"
    );
    vec![
        ManifestDocument::new(policy).with_comment(notes),
        ManifestDocument::new(binding),
    ]
}

fn metadata() -> Value {
    json!({"name": NAME, "labels": {"app.kubernetes.io/managed-by": "portcullis"}})
}

fn match_conditions() -> Value {
    let annotation = cel_string(ANNOTATION);
    let container = cel_string(CONTAINER);
    let annotated =
        format!("has(object.metadata.annotations) && {annotation} in object.metadata.annotations");
    let no_sidecar = format!(
        "!has(object.spec.initContainers) || \
         !object.spec.initContainers.exists(container, container.name == {container})"
    );
    json!([
        {"name": "annotated", "expression": annotated},
        {"name": "no-sidecar", "expression": no_sidecar},
    ])
}

/// The operations of the patch. A list or map that is missing is created first.
fn patch(settings: &ProxySettings) -> String {
    let container = settings.container(NAME, true);
    let container = cel_text(&container, "Object.spec.initContainers");
    // The name of the ConfigMap is that of the annotation.
    let no_files = MountedFiles::default();
    let mounted = cel_text(&volume(&no_files, ANNOTATION), "Object.spec.volumes");
    let value = format!("object.metadata.annotations[{}]", cel_string(ANNOTATION));
    let mounted = mounted.replace(&cel_string(ANNOTATION), &value);
    let label = format!("/metadata/labels/{}", PROXY_LABEL.replace('/', "~1"));
    [
        created("object.metadata.labels", "/metadata/labels", "{}"),
        added(&label, &cel_string("sidecar")),
        created("object.spec.volumes", "/spec/volumes", "[]"),
        added("/spec/volumes/-", &mounted),
        created("object.spec.initContainers", "/spec/initContainers", "[]"),
        added("/spec/initContainers/-", &container),
    ]
    .join(" +\n")
        + "\n"
}

fn created(field: &str, path: &str, empty: &str) -> String {
    format!("(has({field}) ? [] : {})", added(path, empty))
}

fn added(path: &str, value: &str) -> String {
    let path = cel_string(path);
    format!("[JSONPatch{{op: \"add\", path: {path}, value: {value}}}]")
}
