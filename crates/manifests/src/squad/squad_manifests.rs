//! The namespaces of squads with quota, limits and rights.

use portcullis_vocabulary::{CatalogFile, Squad};
use serde_json::{Value, json};

use super::catalog_names::check_catalog;
use super::squad_metadata::{labels, metadata};
use super::squad_settings::SquadSettings;
use super::traffic_policies::traffic_policies;
use crate::manifest_document::ManifestDocument;
use crate::manifest_problem::{ManifestProblem, ManifestProblems};

/// The objects of one squad, or of all squads.
///
/// # Errors
/// If names of the catalog cannot be names of objects, or if there is no namespace.
pub fn squad_manifests(
    file: &CatalogFile,
    selected: Option<&Squad>,
    settings: &SquadSettings,
) -> Result<Vec<ManifestDocument>, ManifestProblems> {
    check_catalog(file)?;
    let squads = match selected {
        Some(squad) => std::slice::from_ref(squad),
        None => file.catalog.squads(),
    };
    let mut documents = Vec::new();
    for squad in squads {
        for namespace in &squad.namespaces {
            documents.extend(namespace_objects(squad, namespace, settings));
            let policies = traffic_policies(&file.catalog, squad, namespace, settings);
            documents.extend(policies.into_iter().map(ManifestDocument::new));
        }
    }
    if documents.is_empty() {
        let location = selected.and_then(|squad| file.places.squads.get(&squad.name));
        let message = match selected {
            Some(squad) => format!("{} has no namespace; add `namespaces`", squad.name),
            None => "no squad has a namespace; add `namespaces` to the squads".to_owned(),
        };
        return Err(ManifestProblem::at(location, message).into());
    }
    Ok(documents)
}

fn namespace_objects(
    squad: &Squad,
    namespace: &str,
    settings: &SquadSettings,
) -> Vec<ManifestDocument> {
    let group = format!("{}{}", settings.group_prefix, squad.name);
    let objects = [
        namespace_object(squad, namespace),
        quota(squad, namespace),
        limits(squad, namespace),
        role(squad, namespace),
        role_binding(squad, namespace, &group),
    ];
    let mut documents: Vec<ManifestDocument> =
        objects.into_iter().map(ManifestDocument::new).collect();
    let comment = format!("{namespace}: squad {}", squad.name);
    if let Some(first) = documents.first_mut() {
        *first = first.clone().with_comment(comment);
    }
    documents
}

/// Who may create a privileged pod can leave its namespace, so the baseline is enforced.
fn namespace_object(squad: &Squad, namespace: &str) -> Value {
    let mut labels = labels(squad);
    labels["pod-security.kubernetes.io/enforce"] = json!("baseline");
    labels["pod-security.kubernetes.io/warn"] = json!("restricted");
    let contacts = [
        ("email", &squad.email),
        ("chat", &squad.chat),
        ("oncall", &squad.oncall),
        ("cost-center", &squad.cost_center),
    ];
    let annotation = |(key, value): (&str, &Option<String>)| {
        let value = value.as_ref()?;
        Some((format!("portcullis.dev/{key}"), json!(value)))
    };
    let annotations: serde_json::Map<_, _> = contacts.into_iter().filter_map(annotation).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": namespace, "labels": labels, "annotations": annotations},
    })
}

fn quota(squad: &Squad, namespace: &str) -> Value {
    let quota = &squad.quota;
    json!({
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": metadata(squad, namespace, "squad"),
        "spec": {"hard": {
            "requests.cpu": quota.requests_cpu.as_str(),
            "requests.memory": quota.requests_memory.as_str(),
            "limits.cpu": quota.limits_cpu.as_str(),
            "limits.memory": quota.limits_memory.as_str(),
            "pods": quota.pods.to_string(),
        }},
    })
}

/// Under a quota, a pod without requests and limits is refused; these are its defaults.
fn limits(squad: &Squad, namespace: &str) -> Value {
    let limits = &squad.limits;
    json!({
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": metadata(squad, namespace, "squad"),
        "spec": {"limits": [{
            "type": "Container",
            "default": {"cpu": limits.cpu.as_str(), "memory": limits.memory.as_str()},
            "defaultRequest": {
                "cpu": limits.cpu_request.as_str(),
                "memory": limits.memory_request.as_str(),
            },
            "max": {"memory": limits.memory_max.as_str()},
        }]},
    })
}

/// Members may do everything with workloads, and read what isolates them.
fn role(squad: &Squad, namespace: &str) -> Value {
    let all = [
        "get",
        "list",
        "watch",
        "create",
        "update",
        "patch",
        "delete",
        "deletecollection",
    ];
    let read = ["get", "list", "watch"];
    let rule = |group: &str, resources: &[&str], verbs: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    let core = [
        "configmaps",
        "persistentvolumeclaims",
        "pods",
        "pods/attach",
        "pods/exec",
        "pods/portforward",
        "secrets",
        "serviceaccounts",
        "services",
    ];
    let workloads = [
        "deployments",
        "deployments/scale",
        "replicasets",
        "statefulsets",
        "statefulsets/scale",
    ];
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": metadata(squad, namespace, "squad"),
        "rules": [
            rule("", &core, &all),
            rule("apps", &workloads, &all),
            rule("batch", &["cronjobs", "jobs"], &all),
            rule("autoscaling", &["horizontalpodautoscalers"], &all),
            rule("policy", &["poddisruptionbudgets"], &all),
            rule("", &["events", "limitranges", "pods/log", "resourcequotas"], &read),
            rule("networking.k8s.io", &["ingresses", "networkpolicies"], &read),
            rule("rbac.authorization.k8s.io", &["rolebindings", "roles"], &read),
        ],
    })
}

fn role_binding(squad: &Squad, namespace: &str, group: &str) -> Value {
    let api_group = "rbac.authorization.k8s.io";
    json!({
        "apiVersion": format!("{api_group}/v1"),
        "kind": "RoleBinding",
        "metadata": metadata(squad, namespace, "squad"),
        "roleRef": {"apiGroup": api_group, "kind": "Role", "name": "squad"},
        "subjects": [{"apiGroup": api_group, "kind": "Group", "name": group}],
    })
}
