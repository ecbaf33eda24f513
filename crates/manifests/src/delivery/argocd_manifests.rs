//! An `AppProject` for each squad, and one `ApplicationSet` with an application for each service and
//! namespace.
//!
//! A project may deploy only to the namespaces of its squad, and cannot change what isolates it. Names
//! of releases begin with the name of the squad, and two equal names of applications are refused.

use std::collections::BTreeMap;

use portcullis_vocabulary::{CatalogFile, Squad};
use serde_json::{Value, json};

use crate::manifest_document::ManifestDocument;
use crate::manifest_problem::{ManifestProblem, ManifestProblems};
use crate::object_name::{is_dns_label, name_problem};
use crate::squad::check_catalog;

/// How the sources of an application become manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationSource {
    /// A Helm chart; the release has the name of the squad in front.
    Helm,
    /// A kustomization; all names have the name of the squad in front.
    Kustomize,
}

/// Where applications come from and go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgocdSettings {
    /// The Git repository.
    pub repository: String,
    /// The branch, tag or commit.
    pub revision: String,
    /// The folder of a service; `{squad}`, `{service}` and `{namespace}` stand for their names.
    pub path: String,
    /// What is in that folder.
    pub source: ApplicationSource,
    /// The API server of the destination.
    pub server: String,
    /// The namespace of Argo CD.
    pub namespace: String,
}

/// The objects that a squad must not change: they isolate it.
const ISOLATING: [(&str, &str); 5] = [
    ("", "ResourceQuota"),
    ("", "LimitRange"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
];

/// All projects, and the set of applications.
///
/// # Errors
/// If names of the catalog cannot be names of objects, or if two applications would have one name.
pub fn argocd_manifests(
    file: &CatalogFile,
    settings: &ArgocdSettings,
) -> Result<Vec<ManifestDocument>, ManifestProblems> {
    check_catalog(file)?;
    let squads: Vec<&Squad> = file
        .catalog
        .squads()
        .iter()
        .filter(|squad| !squad.namespaces.is_empty())
        .collect();
    let problem = |squad: &&Squad| {
        let location = file.places.squads.get(&squad.name);
        name_problem("squad", squad.name.as_str(), location)
    };
    let mut problems: Vec<ManifestProblem> = squads.iter().filter_map(problem).collect();
    let elements = elements(file, &squads, settings, &mut problems);
    if elements.is_empty() && problems.is_empty() {
        let message = "no squad has both a service and a namespace, so there is nothing to deploy";
        problems.push(ManifestProblem::at(None, message));
    }
    ManifestProblems::unless_any(problems, ())?;
    let projects = squads.iter().map(|squad| project(squad, settings));
    let mut documents: Vec<ManifestDocument> = projects.map(ManifestDocument::new).collect();
    documents.push(ManifestDocument::new(application_set(&elements, settings)));
    Ok(documents)
}

/// One application for each service in each namespace of its squad.
fn elements(
    file: &CatalogFile,
    squads: &[&Squad],
    settings: &ArgocdSettings,
    problems: &mut Vec<ManifestProblem>,
) -> Vec<Value> {
    let mut taken: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    let mut elements = Vec::new();
    for squad in squads {
        for namespace in &squad.namespaces {
            for service in &squad.services {
                let application = format!("{namespace}-{service}");
                let location = file.places.services.get(service);
                if let Some((namespace, other)) = taken.get(&application) {
                    let message = format!(
                        "the application {application} would be that of {service} and that of \
                         {other} in {namespace}; rename the service or the namespace"
                    );
                    problems.push(ManifestProblem::at(location, message));
                }
                let release = format!("{}-{service}", squad.name);
                for name in [&application, &release] {
                    if !is_dns_label(name) {
                        let message = format!(
                            "`{name}` is too long for the name of an application or a release; \
                             shorten the name of the service, the squad or the namespace"
                        );
                        problems.push(ManifestProblem::at(location, message));
                    }
                }
                taken.insert(application.clone(), (namespace, service));
                let path = settings.path.replace("{squad}", squad.name.as_str());
                let path = path.replace("{service}", service);
                elements.push(json!({
                    "application": application,
                    "squad": squad.name.as_str(),
                    "service": service,
                    "namespace": namespace,
                    "release": release,
                    "path": path.replace("{namespace}", namespace),
                }));
            }
        }
    }
    elements
}

fn metadata(name: &str, settings: &ArgocdSettings) -> Value {
    json!({
        "name": name,
        "namespace": settings.namespace,
        "labels": {"app.kubernetes.io/managed-by": "portcullis"},
    })
}

fn project(squad: &Squad, settings: &ArgocdSettings) -> Value {
    let destination =
        |namespace: &String| json!({"server": settings.server, "namespace": namespace});
    let destinations: Value = squad.namespaces.iter().map(destination).collect();
    let isolating: Value = ISOLATING
        .iter()
        .map(|(group, kind)| json!({"group": group, "kind": kind}))
        .collect();
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": metadata(squad.name.as_str(), settings),
        "spec": {
            "description": format!("Services of the squad {}", squad.name),
            "sourceRepos": [settings.repository],
            "destinations": destinations,
            "clusterResourceWhitelist": [],
            "namespaceResourceBlacklist": isolating,
        },
    })
}

fn application_set(elements: &[Value], settings: &ArgocdSettings) -> Value {
    let mut source = json!({
        "repoURL": settings.repository,
        "targetRevision": settings.revision,
        "path": "{{.path}}",
    });
    match settings.source {
        ApplicationSource::Helm => source["helm"] = json!({"releaseName": "{{.release}}"}),
        ApplicationSource::Kustomize => {
            source["kustomize"] = json!({"namePrefix": "{{.squad}}-"});
        }
    }
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": metadata("squads", settings),
        "spec": {
            "goTemplate": true,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [{"list": {"elements": elements}}],
            "template": {
                "metadata": {
                    "name": "{{.application}}",
                    "labels": {
                        "app.kubernetes.io/name": "{{.service}}",
                        "portcullis.dev/squad": "{{.squad}}",
                    },
                },
                "spec": {
                    "project": "{{.squad}}",
                    "source": source,
                    "destination": {"server": settings.server, "namespace": "{{.namespace}}"},
                    "syncPolicy": {
                        "automated": {"prune": true, "selfHeal": true},
                        // The namespaces are those of `manifests squad`.
                        "syncOptions": ["CreateNamespace=false"],
                    },
                },
            },
        },
    })
}
