//! `portcullis manifests slo`.

use std::collections::BTreeMap;
use std::path::Path;

use portcullis_manifests::{
    ManifestDocument, ManifestProblem, ManifestProblems, ObjectiveFormat, objective_manifests,
};
use portcullis_vocabulary::{ConfigLocation, StatedObjectives};

use super::manifests_args::{SloArgs, SloFormat};
use super::manifests_error::ManifestsError;
use super::squad_command::load_catalog;
use crate::cli::inputs::{KnownNames, catalog_contracts, service_contracts};
use crate::cli::run_error::RunError;

/// The objectives of all services, or of one.
pub(super) fn slo(args: &SloArgs) -> Result<Vec<ManifestDocument>, RunError> {
    let file = load_catalog(&args.catalog)?;
    let service = args.service.as_deref();
    if let Some(name) = service
        && file.catalog.provider_of(name).is_none()
    {
        let squads = file.catalog.squads().iter();
        let known = KnownNames::instead_of(
            name,
            squads.flat_map(|squad| squad.services.iter().map(String::as_str)),
        );
        let catalog = args.catalog.catalog.display();
        let message = format!("no squad of {catalog} provides a service `{name}`{known}");
        return Err(ManifestsError::from(ManifestProblem::at(None, message)).into());
    }
    let format = match args.format {
        SloFormat::Prometheus => ObjectiveFormat::Prometheus,
        SloFormat::PrometheusRule => ObjectiveFormat::PrometheusRule,
        SloFormat::Sloth => ObjectiveFormat::Sloth,
        SloFormat::Openslo => ObjectiveFormat::OpenSlo,
    };
    let contracts = stated_in_contracts(args)?;
    let documents = objective_manifests(&file, &contracts, service, format);
    Ok(documents.map_err(ManifestsError::from)?)
}

/// What the contracts of the services say. A contract that cannot be read is an error, because its
/// objectives would have no rules.
fn stated_in_contracts(args: &SloArgs) -> Result<BTreeMap<String, StatedObjectives>, RunError> {
    let folder = args.catalog.catalog.parent().unwrap_or(Path::new(""));
    let mut sources = service_contracts(&catalog_contracts(folder)?, args.config.as_deref())?;
    sources.retain(|name, _| args.service.as_ref().is_none_or(|service| service == name));
    let (mut stated, mut problems) = (BTreeMap::new(), Vec::new());
    for (service, source) in sources {
        match source.compiled() {
            Ok(contract) => {
                let unread = contract.unread_objectives().map(|warning| {
                    let file = Path::new(&*warning.at.file).into();
                    let line = ConfigLocation::Line(file, warning.at.line as usize);
                    ManifestProblem::at(Some(&line), warning.message.clone())
                });
                problems.extend(unread);
                stated.insert(service, contract.objectives);
            }
            Err(refused) => {
                let message = format!(
                    "the contract of {service} ({}) cannot be read, so its objectives are not known: {refused}",
                    source.name()
                );
                problems.push(ManifestProblem::at(None, message));
            }
        }
    }
    Ok(ManifestProblems::unless_any(problems, stated).map_err(ManifestsError::from)?)
}
