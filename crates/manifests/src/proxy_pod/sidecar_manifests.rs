//! The sidecar of one service: its ConfigMap, the patch for a workload, and both as one component of
//! kustomize.

use serde_json::{Value, json};

use super::mounted_files::MountedFiles;
use super::proxy_container::{DATA_PORT, PRE_STOP_SECONDS, PROXY_LABEL, ProxySettings, volume};
use crate::manifest_document::ManifestDocument;
use crate::manifest_problem::ManifestProblem;
use crate::object_name::name_problem;
use crate::yaml_text::yaml_text;

/// The sidecar of one service.
#[derive(Clone, Debug)]
pub struct SidecarManifests {
    service: String,
    settings: ProxySettings,
    files: MountedFiles,
    app_port: u16,
    /// The container of the application, if it is known.
    app_container: Option<String>,
}

impl SidecarManifests {
    /// The sidecar of a service whose application listens on a port of the pod.
    ///
    /// # Errors
    /// If the service cannot name an object, or if both listen on the same port: the containers of a
    /// pod share its addresses.
    pub fn new(
        service: &str,
        settings: ProxySettings,
        files: MountedFiles,
        (app_port, app_container): (u16, Option<String>),
    ) -> Result<Self, ManifestProblem> {
        if let Some(problem) = name_problem("service", service, None) {
            return Err(problem);
        }
        for (port, name) in [
            (settings.data_port, "--port"),
            (settings.admin_port, "admin.address"),
        ] {
            if port == app_port {
                return Err(ManifestProblem::at(
                    None,
                    format!(
                        "the application and the proxy cannot both listen on port {port} of the pod \
                         ({name}); let the application listen on another one, such as \
                         127.0.0.1:3000, and name it with --app-port"
                    ),
                ));
            }
        }
        Ok(Self {
            service: service.to_owned(),
            settings,
            files,
            app_port,
            app_container,
        })
    }

    /// The ConfigMap with the files of the proxy.
    pub fn config_map(&self) -> ManifestDocument {
        let mut object = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": self.config_map_name(), "labels": self.labels()},
        });
        self.files.fill(&mut object);
        let notes = if self.files.is_flat() {
            ""
        } else {
            "The volume needs the list of its files, so mount it by the patch or the component: the \
             injection cannot."
        };
        ManifestDocument::new(object).with_comment(notes)
    }

    /// The strategic merge patch for the pod template of a workload.
    pub fn patch(&self) -> ManifestDocument {
        let object = json!({"spec": {"template": self.template()}});
        ManifestDocument::new(object).with_comment(self.port_notes())
    }

    /// A component of kustomize with the ConfigMap and the patch.
    ///
    /// # Errors
    /// If a contract is compressed.
    pub fn component(&self) -> Result<ManifestDocument, ManifestProblem> {
        let selector = format!("app.kubernetes.io/name={}", self.service);
        // The names of a patch have no effect; those of its targets stay.
        let patch = |kind: &str| {
            let object = json!({
                "apiVersion": "apps/v1",
                "kind": kind,
                "metadata": {"name": "any"},
                "spec": {"template": self.template()},
            });
            json!({
                "target": {"group": "apps", "kind": kind, "labelSelector": selector},
                "patch": yaml_text(&object),
            })
        };
        let object = json!({
            "apiVersion": "kustomize.config.k8s.io/v1alpha1",
            "kind": "Component",
            "configMapGenerator": [{
                "name": self.config_map_name(),
                "literals": self.files.literals()?,
                // The name stays, so that a changed contract is reloaded without new pods.
                "options": {"disableNameSuffixHash": true},
            }],
            "patches": [patch("Deployment"), patch("StatefulSet")],
        });
        let notes = format!(
            "Changes Deployments and StatefulSets with the label {selector}.\n{}",
            self.port_notes()
        );
        Ok(ManifestDocument::new(object).with_comment(notes))
    }

    fn config_map_name(&self) -> String {
        format!("portcullis-{}", self.service)
    }

    fn labels(&self) -> Value {
        json!({
            "app.kubernetes.io/name": self.service,
            "app.kubernetes.io/managed-by": "portcullis",
        })
    }

    fn template(&self) -> Value {
        let name = self.config_map_name();
        let mut spec = json!({
            "initContainers": [self.settings.container(&name, true)],
            "volumes": [volume(&self.files, &name)],
        });
        if let Some(container) = &self.app_container {
            let sleep = json!({"sleep": {"seconds": PRE_STOP_SECONDS}});
            spec["containers"] = json!([{"name": container, "lifecycle": {"preStop": sleep}}]);
        }
        json!({"metadata": {"labels": {(PROXY_LABEL): "sidecar"}}, "spec": spec})
    }

    /// What the patch cannot change itself.
    fn port_notes(&self) -> String {
        let (port, app_port) = (self.settings.data_port, self.app_port);
        let mut notes = format!(
            "The proxy listens on {port} and forwards to 127.0.0.1:{app_port}. So that the \
             application is reachable only through it:\n\
             - let the application listen on 127.0.0.1:{app_port}, not on all addresses\n\
             - set `targetPort: {DATA_PORT}` in its Service\n\
             - replace its HTTP probes, which cannot reach 127.0.0.1: by `exec`, or by the port \
             {DATA_PORT} if the contract declares the path"
        );
        if self.app_container.is_none() {
            notes.push_str(&format!(
                "\nGive the application `lifecycle.preStop.sleep` of {PRE_STOP_SECONDS} seconds, \
                 too (--container NAME): it gets SIGTERM while requests still arrive."
            ));
        }
        if !self.settings.secret_variables.is_empty() {
            notes.push_str(&format!(
                "\nThe Secret {} needs the keys {}.",
                self.config_map_name(),
                self.settings.secret_variables.join(", ")
            ));
        }
        notes
    }
}
