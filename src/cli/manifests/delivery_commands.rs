//! `portcullis manifests injection`, `argocd`, `gate-hook` and `rollouts`.

use portcullis_manifests::{
    AdmissionVersion, AnalysisSettings, ApplicationSource, ArgocdSettings, GateHook,
    ManifestDocument, ProxySettings, argocd_manifests, gate_hook, injection_manifests,
    rollout_analysis,
};

use super::manifests_args::{
    AdmissionApi, ArgocdArgs, GateHookArgs, InjectionArgs, RolloutsArgs, SourceKind,
};
use super::manifests_error::ManifestsError;
use super::proxy_files::{ProxyConfig, manifest_error};
use super::sidecar_command::SIDECAR_BODY_MEMORY_MIB;
use super::squad_command::{check_namespaces, load_catalog};
use crate::cli::run_error::RunError;

/// The policy that adds sidecars.
pub(super) fn injection(args: &InjectionArgs) -> Vec<ManifestDocument> {
    let settings = ProxySettings {
        image: args.image.clone(),
        data_port: args.port,
        admin_port: args.admin_port,
        has_admin_tls: false,
        cores: 1,
        body_memory_mib: SIDECAR_BODY_MEMORY_MIB,
        secret_variables: Vec::new(),
    };
    let version = match args.api {
        AdmissionApi::V1alpha1 => AdmissionVersion::Alpha,
        AdmissionApi::V1beta1 => AdmissionVersion::Beta,
        AdmissionApi::V1 => AdmissionVersion::Stable,
    };
    injection_manifests(&settings, version)
}

/// The projects and the set of applications.
pub(super) fn argocd(args: &ArgocdArgs) -> Result<Vec<ManifestDocument>, RunError> {
    check_namespaces([("--namespace", Some(&args.namespace))].into_iter())?;
    let file = load_catalog(&args.catalog)?;
    let settings = ArgocdSettings {
        repository: args.repository.clone(),
        revision: args.revision.clone(),
        path: args.path.clone(),
        source: match args.source {
            SourceKind::Helm => ApplicationSource::Helm,
            SourceKind::Kustomize => ApplicationSource::Kustomize,
        },
        server: args.server.clone(),
        namespace: args.namespace.clone(),
    };
    Ok(argocd_manifests(&file, &settings).map_err(ManifestsError::from)?)
}

/// The hook of one service.
pub(super) fn hook(args: &GateHookArgs) -> Result<Vec<ManifestDocument>, RunError> {
    let proxy = ProxyConfig::load(args.config.as_deref())?;
    let service = proxy.service(&args.service)?;
    let provider = proxy.config.provider_of(service, None);
    let provider = provider.and_then(|id| proxy.config.catalog.squad(id));
    let provider = provider.ok_or_else(|| {
        manifest_error(format!(
            "no squad of the catalog provides {}; add it to the `services` of a squad",
            service.name
        ))
    })?;
    let (contract, catalog, files) = proxy.gate_files(service)?;
    let hook = GateHook {
        squad: provider.name.to_string(),
        service: service.name.clone(),
        image: args.image.clone(),
        registry: args.registry.clone(),
        prometheus: args.prometheus.clone(),
        contract,
        catalog,
    };
    Ok(gate_hook(&hook, &files).map_err(ManifestsError::from)?)
}

/// The analysis of rollouts.
pub(super) fn rollouts(args: &RolloutsArgs) -> Result<Vec<ManifestDocument>, RunError> {
    if !(0.0..=1.0).contains(&args.violations_max) {
        return Err(manifest_error(format!(
            "--violations-max {}: expected a share from 0.0 to 1.0",
            args.violations_max
        )));
    }
    Ok(vec![rollout_analysis(&AnalysisSettings {
        prometheus: args.prometheus.clone(),
        violations_max: args.violations_max,
    })])
}
