//! What is known about a service before it has a configuration.

use std::fs;
use std::path::{Component, Path, PathBuf};

use http::Method;
use portcullis_config::{FlagOverrides, ServiceConfig, UpstreamTarget, parse_catalog};
use portcullis_contract::{BrokenPartPolicy, CompiledContract};
use portcullis_control::ownership::{self, SquadBoundaries};
use portcullis_vocabulary::{ContractReading, Limits, SquadName};

use super::init_args::InitArgs;
use crate::cli::inputs::compile_contract;
use crate::cli::run_error::RunError;
use crate::source::ReferenceRoot;

/// Where GitHub and GitLab look for CODEOWNERS.
const CODEOWNERS: [&str; 4] = [
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".gitlab/CODEOWNERS",
];

/// The squad until one is named.
const UNKNOWN_SQUAD: &str = "change-me";

/// What is known about the service.
#[derive(Debug)]
pub(super) struct FirstFacts {
    /// The name of the service.
    pub(super) service: String,
    pub(super) operations: usize,
    /// The path of a GET that a request can have as it is.
    pub(super) example_path: Option<String>,
    /// The squad that provides it, and the source of this, if there is one.
    pub(super) squad: String,
    pub(super) squad_source: Option<&'static str>,
    /// The tables of squads that CODEOWNERS has, as TOML, and that file.
    pub(super) imported: Option<(PathBuf, String)>,
    /// Whether CODEOWNERS gives the contract to a squad.
    pub(super) is_owned: bool,
    /// Lines of CODEOWNERS that a catalog cannot express.
    pub(super) inexpressible: usize,
    /// The contract from the directory of the configuration, and from the root of the repository.
    pub(super) contract: String,
    pub(super) repository_contract: String,
    pub(super) upstream: String,
    pub(super) reading: ContractReading,
}

impl FirstFacts {
    /// Compiles the contract, and reads CODEOWNERS.
    pub(super) fn gather(args: &InitArgs) -> Result<Self, RunError> {
        let path = &args.contract;
        check_upstream(args)?;
        let reading = args.reading.reading();
        let documents = ReferenceRoot::default().load_as(path, &Limits::default(), reading)?;
        let name = path.display().to_string();
        let compiled = compile_contract(documents, &name, (BrokenPartPolicy::Refuse, reading))?;
        let contract = in_canonical_folder(path)?;
        let directory = canonical(&args.directory)?;
        let root = repository_root(&directory);
        let imported = CODEOWNERS.iter().map(|file| root.join(file));
        let imported = imported
            .filter_map(|file| Some((fs::read_to_string(&file).ok()?, file)))
            .map(|(text, file)| (file, ownership::import(&text)))
            .next();
        let repository_contract = relative(&root, &contract);
        let owner = imported
            .as_ref()
            .and_then(|(file, import)| owner(file, &import.catalog, &repository_contract));
        let is_owned = owner.is_some();
        let named = [
            (args.squad.clone(), "--squad"),
            (
                compiled.provider.as_deref().map(str::to_owned),
                "the contract",
            ),
            (owner, "CODEOWNERS"),
        ];
        let named = named
            .into_iter()
            .find_map(|(name, source)| Some((name?, source)));
        let (squad, squad_source) = match named {
            Some((squad, source)) => (valid_squad(&squad)?, Some(source)),
            None => (UNKNOWN_SQUAD.to_owned(), None),
        };
        Ok(Self {
            service: ServiceConfig::single(contract.clone(), UpstreamTarget::Mock).name,
            operations: compiled.operations.len(),
            example_path: example_path(&compiled),
            squad,
            squad_source,
            is_owned,
            inexpressible: imported
                .as_ref()
                .map_or(0, |(_, import)| import.inexpressible.len()),
            imported: imported.map(|(file, import)| (file, import.catalog)),
            contract: relative(&directory, &contract),
            repository_contract,
            upstream: args.upstream.clone(),
            reading,
        })
    }
}

/// The path of the first GET without variables that a shell takes literally.
fn example_path(contract: &CompiledContract) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let paths = contract.declared_paths().filter(|(path, operation)| {
        let operation = contract.operations.get(*operation as usize);
        operation.is_some_and(|one| one.method == Method::GET) && path.bytes().all(is_plain)
    });
    let (path, _) = paths.min_by_key(|(_, operation)| *operation)?;
    Some(path.to_owned())
}

/// Refuses an upstream, or a variable, that a configuration cannot have, before anything is written.
fn check_upstream(args: &InitArgs) -> Result<(), RunError> {
    let flags = FlagOverrides {
        contract: Some(args.contract.display().to_string()),
        upstream: Some(args.upstream.clone()),
        ..FlagOverrides::default()
    };
    portcullis_config::load(None, std::env::vars_os(), &flags)?;
    Ok(())
}

fn canonical(path: &Path) -> Result<PathBuf, RunError> {
    fs::canonicalize(path).map_err(|source| RunError::Directory {
        path: path.to_owned(),
        source,
    })
}

/// The path of a file. Only its folder is resolved: a link may lead to another file later.
fn in_canonical_folder(file: &Path) -> Result<PathBuf, RunError> {
    let parent = file.parent().filter(|parent| *parent != Path::new(""));
    let folder = canonical(parent.unwrap_or(Path::new(".")))?;
    Ok(folder.join(file.file_name().unwrap_or_default()))
}

fn valid_squad(name: &str) -> Result<String, RunError> {
    match name.parse::<SquadName>() {
        Ok(_) => Ok(name.to_owned()),
        Err(error) => Err(RunError::SquadName {
            name: name.to_owned(),
            message: error.to_string(),
        }),
    }
}

/// The root of the repository that a directory is in, or the directory.
fn repository_root(directory: &Path) -> PathBuf {
    let mut folders = directory.ancestors();
    let root = folders.find(|folder| folder.join(".git").exists());
    root.unwrap_or(directory).to_owned()
}

/// The squad that CODEOWNERS gives a path to.
fn owner(file: &Path, catalog: &str, path: &str) -> Option<String> {
    let catalog = parse_catalog(catalog, file).ok()?;
    let boundaries = SquadBoundaries::new(catalog);
    let owner = boundaries.owner_of(path)?;
    Some(owner.squad.name.to_string())
}

/// The path of a file from a directory, with `/` between its names.
fn relative(directory: &Path, file: &Path) -> String {
    let names = |path: &Path| -> Vec<String> {
        let names = path.components();
        let names = names.filter(|name| matches!(name, Component::Normal(_)));
        names
            .map(|name| name.as_os_str().to_string_lossy().into_owned())
            .collect()
    };
    let (from, to) = (names(directory), names(file));
    let shared = from.iter().zip(&to).take_while(|(from, to)| from == to);
    let shared = shared.count();
    let up = from[shared..].iter().map(|_| "..");
    let down = to[shared..].iter().map(String::as_str);
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_configuration() {
        let check = |directory: &str, file: &str, expected: &str| {
            let found = relative(Path::new(directory), Path::new(file));
            assert_eq!(found, expected, "{directory} {file}");
        };
        check("/a", "/a/b.yaml", "b.yaml");
        check("/a/deploy/edge", "/a/api/b.yaml", "../../api/b.yaml");
        check("/", "/b.yaml", "b.yaml");
    }
}
