//! `portcullis manifests squad`.

use portcullis_manifests::{
    ManifestDocument, ManifestProblem, ManifestProblems, SquadSettings, is_dns_label,
    squad_manifests,
};
use portcullis_vocabulary::{CatalogFile, Squad};

use super::catalog_args::CatalogArgs;
use super::manifests_args::SquadArgs;
use super::manifests_error::ManifestsError;
use crate::cli::inputs::KnownNames;
use crate::cli::run_error::RunError;

/// The manifests of one squad, or of all.
pub(super) fn squad(args: &SquadArgs) -> Result<Vec<ManifestDocument>, RunError> {
    let namespaces = [
        ("--monitoring-namespace", Some(&args.monitoring_namespace)),
        ("--gateway-namespace", args.gateway_namespace.as_ref()),
    ];
    check_namespaces(namespaces.into_iter())?;
    let file = load_catalog(&args.catalog)?;
    let selected = match &args.squad {
        Some(name) => Some(find_squad(&file, name, &args.catalog)?),
        None => None,
    };
    let settings = SquadSettings {
        group_prefix: args.group_prefix.clone(),
        monitoring_namespace: args.monitoring_namespace.clone(),
        gateway_namespace: args.gateway_namespace.clone(),
        data_port: args.port,
        admin_port: args.admin_port,
    };
    Ok(squad_manifests(&file, selected, &settings).map_err(ManifestsError::from)?)
}

/// Reads the catalog of the arguments.
pub(super) fn load_catalog(args: &CatalogArgs) -> Result<CatalogFile, RunError> {
    let file = portcullis_config::load_catalog_file(&args.catalog);
    Ok(file.map_err(ManifestsError::Configuration)?)
}

/// Refuses names of namespaces that Kubernetes does not have, each with its flag.
pub(super) fn check_namespaces<'n>(
    names: impl Iterator<Item = (&'static str, Option<&'n String>)>,
) -> Result<(), RunError> {
    let problem = |(flag, name): (&str, Option<&String>)| {
        let name = name.filter(|name| !is_dns_label(name))?;
        let message = format!(
            "{flag}: expected the name of a namespace, 1 to 63 characters of a-z, 0-9 and '-', \
             found {name:?}"
        );
        Some(ManifestProblem::at(None, message))
    };
    let problems = names.filter_map(problem).collect();
    Ok(ManifestProblems::unless_any(problems, ()).map_err(ManifestsError::from)?)
}

fn find_squad<'f>(
    file: &'f CatalogFile,
    name: &str,
    args: &CatalogArgs,
) -> Result<&'f Squad, RunError> {
    let catalog = &file.catalog;
    let squad = catalog.find(name).and_then(|id| catalog.squad(id));
    squad.ok_or_else(|| {
        let known = catalog.squads().iter().map(|squad| squad.name.as_str());
        let known = KnownNames::instead_of(name, known);
        let catalog = args.catalog.display();
        let message = format!("no squad of {catalog} is called `{name}`{known}");
        ManifestsError::from(ManifestProblem::at(None, message)).into()
    })
}
