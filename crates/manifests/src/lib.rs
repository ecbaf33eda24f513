//! Manifests for the platform that services run on, from the catalog and the configuration.
//!
//! `proxy_pod` writes what runs the proxy, `squad` what isolates squads, `injection` a policy that adds
//! sidecars, `stores` accounts in shared stores, `delivery` how services get to the cluster, and
//! `objectives` the rules that watch what services promise, and `alerting` the routes of alerts. A [`ManifestDocument`] is one object of Kubernetes;
//! [`yaml_stream`] writes several. A [`ManifestProblem`] says which entry cannot be written as it is,
//! for example a name that Kubernetes does not allow.
//!
//! Invariants: everything is pure, so the same input gives the same text; a text of the catalog or
//! of a contract stays a text; two squads never get the same name.

mod yaml_text;
mod manifest_document;
mod manifest_problem;
mod object_name;
mod image_reference;
mod proxy_pod;
mod squad;
mod injection;
mod stores;
mod delivery;
mod objectives;
mod alerting;

pub use alerting::{AlertmanagerSettings, alertmanager_config};
pub use delivery::{
    AnalysisSettings, ApplicationSource, ArgocdSettings, GateHook, argocd_manifests, gate_hook,
    rollout_analysis,
};
pub use image_reference::is_image_reference;
pub use injection::{AdmissionVersion, injection_manifests};
pub use manifest_document::{ManifestDocument, yaml_stream};
pub use manifest_problem::{ManifestProblem, ManifestProblems};
pub use object_name::is_dns_label;
pub use objectives::{ObjectiveFormat, objective_manifests};
pub use proxy_pod::{
    CONFIG_MAP_BYTES_MAX, GatewaySettings, MountedFiles, PRE_STOP_SECONDS, ProxySettings,
    SidecarManifests, gateway_manifests,
};
pub use squad::{SquadSettings, squad_manifests};
pub use stores::{
    ConnectionLimits, PgbouncerSettings, pgbouncer_access, pgbouncer_sections, postgres_sql,
    redis_acl,
};
pub use yaml_text::yaml_text;
