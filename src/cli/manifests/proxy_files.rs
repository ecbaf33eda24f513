//! The files of a proxy in a pod: its configuration, the catalog and the contracts.

use std::path::{Path, PathBuf};

use portcullis_config::{Config, ContractSource, EffectiveKey, FlagOverrides, ServiceConfig};
use portcullis_contract::{BrokenPartPolicy, shared_folder};
use portcullis_manifests::{ManifestProblem, ManifestProblems, MountedFiles};

use super::compressed_contracts::compress_contracts;
use super::config_text::{ConfigText, ReplacedValue, toml_list, toml_text};
use super::manifests_args::ProxyArgs;
use super::manifests_error::ManifestsError;
use crate::cli::inputs::{ConfigArgument, KnownNames, compile_contract, config_path};
use crate::cli::run_error::RunError;
use crate::source::{self, ReferenceRoot};

/// The name of the catalog in the pod.
const CATALOG: &str = "squads.toml";

/// A configuration with what it was read from.
#[derive(Debug)]
pub(super) struct ProxyConfig {
    pub(super) config: Config,
    path: PathBuf,
    keys: Vec<EffectiveKey>,
}

/// The files of a pod.
#[derive(Debug)]
pub(super) struct ProxyFiles {
    pub(super) mounted: MountedFiles,
    pub(super) secret_variables: Vec<String>,
}

impl ProxyConfig {
    /// Reads the configuration. Variables of this machine do not apply to the pod.
    pub(super) fn load(named: Option<&Path>) -> Result<Self, RunError> {
        let path = config_path(named, ConfigArgument::Flag)?;
        let flags = FlagOverrides::default();
        let refused = |errors| RunError::from(ManifestsError::Configuration(errors));
        let config = portcullis_config::load(Some(&path), [], &flags).map_err(refused)?;
        let keys = config.written.keys();
        Ok(Self { config, path, keys })
    }

    /// The service with this name.
    pub(super) fn service(&self, name: &str) -> Result<&ServiceConfig, RunError> {
        let mut services = self.config.services.iter();
        let service = services.find(|service| service.name == name);
        service.ok_or_else(|| {
            let known = self.config.services.iter();
            RunError::UnknownService {
                name: name.to_owned(),
                known: KnownNames::instead_of(name, known.map(|service| service.name.as_str())),
            }
        })
    }

    /// The value of a key if the configuration sets it, in TOML.
    pub(super) fn written(&self, path: &str) -> Option<&str> {
        let key = self.keys.iter().find(|key| key.path() == path)?;
        key.source.is_some().then_some(key.value.as_str())
    }

    /// The configuration with the contracts of these services, and the catalog. `replaced` has what
    /// differs in the pod, besides paths and addresses.
    pub(super) fn files(
        &self,
        services: &[&ServiceConfig],
        args: &ProxyArgs,
        mut replaced: Vec<ReplacedValue>,
    ) -> Result<ProxyFiles, RunError> {
        let mut files = Vec::new();
        let admin = format!("0.0.0.0:{}", self.config.admin_port());
        replaced.push(ReplacedValue::text("admin.address", &admin));
        if !args.pod_network.is_empty() {
            check_networks(&args.pod_network).map_err(ManifestsError::from)?;
            let networks = toml_list(args.pod_network.iter().map(String::as_str));
            replaced.push(ReplacedValue::toml("identity.trusted_peers", networks));
        }
        if let Some(catalog) = self.catalog_path() {
            files.push((CATALOG.to_owned(), text_file(&catalog, &self.config)?));
            replaced.push(ReplacedValue::text("catalog.path", CATALOG));
        }
        for service in services {
            let is_alone = services.len() == 1;
            files.extend(self.contract_files(service, is_alone, &mut replaced)?);
        }
        compress_contracts(&mut files, &mut replaced);
        let keys = self.keys_of(services);
        let text = ConfigText::write(&keys, &replaced);
        ManifestProblems::unless_any(text.problems, ()).map_err(ManifestsError::from)?;
        files.insert(0, ("config.toml".to_owned(), text.toml));
        let mounted = MountedFiles::new(files).map_err(ManifestsError::from)?;
        Ok(ProxyFiles {
            mounted,
            secret_variables: text.secret_variables,
        })
    }

    /// The contract and the catalog for the gate, with their paths.
    pub(super) fn gate_files(
        &self,
        service: &ServiceConfig,
    ) -> Result<(String, String, MountedFiles), RunError> {
        let catalog = self
            .catalog_path()
            .ok_or_else(|| manifest_error("the gate needs a catalog; name it as `catalog.path`"))?;
        if !service.overlays.is_empty() {
            return Err(manifest_error(format!(
                "{}: the hook has no overlays; apply them to the contract in the pipeline",
                service.name
            )));
        }
        let mut replaced = Vec::new();
        let mut files = self.contract_files(service, true, &mut replaced)?;
        compress_contracts(&mut files, &mut replaced);
        let Some((contract, _)) = files.first().cloned() else {
            return Err(manifest_error(format!(
                "{}: the contract is at an address, and the gate decides about files; run it in the \
                 pipeline",
                service.name
            )));
        };
        files.push((CATALOG.to_owned(), text_file(&catalog, &self.config)?));
        let files = MountedFiles::new(files).map_err(ManifestsError::from)?;
        Ok((contract, CATALOG.to_owned(), files))
    }

    /// The keys of all sections but those of other services.
    fn keys_of(&self, services: &[&ServiceConfig]) -> Vec<EffectiveKey> {
        let mut is_kept = true;
        let mut kept = Vec::new();
        for key in &self.keys {
            if key.header == "[[services]]" {
                let name = key.table.strip_prefix("services.").unwrap_or_default();
                is_kept = services.iter().any(|service| service.name == name);
            }
            if is_kept {
                kept.push(key.clone());
            }
        }
        kept
    }

    fn catalog_path(&self) -> Option<PathBuf> {
        let value: toml::Table = format!("path = {}", self.written("catalog.path")?)
            .parse()
            .ok()?;
        let directory = self.path.parent().unwrap_or(Path::new(""));
        Some(directory.join(value.get("path")?.as_str()?))
    }

    /// The files of a service's contract with their paths in the pod. The contract of a service that
    /// is alone has no folder, so a ConfigMap can be mounted without a list of its files.
    fn contract_files(
        &self,
        service: &ServiceConfig,
        is_alone: bool,
        replaced: &mut Vec<ReplacedValue>,
    ) -> Result<Vec<(String, String)>, RunError> {
        let key = |key: &str| format!("services.{}.{key}", service.name);
        let mut mounted = Vec::new();
        if let ContractSource::File(path) = &service.contract {
            let paths = self.contract_paths(service, path)?;
            let folder = shared_folder(&paths.iter().map(PathBuf::as_path).collect::<Vec<_>>());
            let root = match (is_alone, paths.len()) {
                (true, 1) => String::new(),
                _ => format!("{}/", service.name),
            };
            for path in &paths {
                let relative = path.strip_prefix(&folder).unwrap_or(path).display();
                let text = text_file(path, &self.config)?;
                mounted.push((format!("{root}{relative}"), text));
            }
            if let Some((entry, _)) = mounted.first() {
                let mut contract = ReplacedValue::text(key("contract"), entry);
                if !root.is_empty() {
                    contract.companion = Some(("ref_root", toml_text(&service.name)));
                }
                replaced.push(contract);
            }
        }
        replaced.push(ReplacedValue::removed(key("ref_root")));
        let mut overlays = Vec::new();
        for (index, path) in service.overlays.iter().enumerate() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = if is_alone {
                format!("overlay-{index}-{name}")
            } else {
                format!("{}-overlays/{index}-{name}", service.name)
            };
            mounted.push((name.clone(), text_file(path, &self.config)?));
            overlays.push(name);
        }
        if !overlays.is_empty() {
            let overlays = toml_list(overlays.iter().map(String::as_str));
            replaced.push(ReplacedValue::toml(key("overlays"), overlays));
        }
        Ok(mounted)
    }

    /// The files of a contract without its overlays, the entry first. A contract that the proxy would
    /// refuse is refused here.
    fn contract_paths(
        &self,
        service: &ServiceConfig,
        path: &Path,
    ) -> Result<Vec<PathBuf>, RunError> {
        let root =
            ReferenceRoot::new(service.ref_root.clone()).with_overlays(service.overlays.clone());
        let reading = service.contract_reading;
        let documents = root.load_as(path, &self.config.limits, reading)?;
        let mut paths = documents.paths();
        paths.retain(|path| !service.overlays.contains(path));
        let name = path.display().to_string();
        compile_contract(documents, &name, (BrokenPartPolicy::Refuse, reading))?;
        // A tolerant reading accepts references that lead nowhere.
        paths.retain(|path| path.exists());
        Ok(paths)
    }
}

fn text_file(path: &Path, config: &Config) -> Result<String, RunError> {
    let bytes = source::read_contract_file(path, config.limits.contract_bytes_max as u64)?;
    String::from_utf8(bytes).map_err(|_| {
        manifest_error(format!(
            "{}: not UTF-8: save the file as UTF-8",
            path.display()
        ))
    })
}

/// An error about arguments or files.
pub(super) fn manifest_error(message: impl Into<String>) -> RunError {
    ManifestsError::from(ManifestProblem::at(None, message)).into()
}

fn check_networks(networks: &[String]) -> Result<(), ManifestProblems> {
    let is_network = |text: &str| {
        let (address, bits) = text.split_once('/').unwrap_or((text, "0"));
        let bits: Option<u8> = bits.parse().ok();
        match address.parse() {
            Ok(std::net::IpAddr::V4(_)) => bits.is_some_and(|bits| bits <= 32),
            Ok(std::net::IpAddr::V6(_)) => bits.is_some_and(|bits| bits <= 128),
            Err(_) => false,
        }
    };
    let invalid = networks.iter().filter(|network| !is_network(network));
    let problems = invalid.map(|network| {
        let message =
            format!("--pod-network: expected a network such as 10.244.0.0/16, found {network:?}");
        ManifestProblem::at(None, message)
    });
    ManifestProblems::unless_any(problems.collect(), ())
}
