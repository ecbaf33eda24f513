//! `portcullis manifests slo`.

use portcullis_manifests::{
    ManifestDocument, ManifestProblem, ObjectiveFormat, objective_manifests,
};

use super::manifests_args::{SloArgs, SloFormat};
use super::manifests_error::ManifestsError;
use super::squad_command::load_catalog;
use crate::cli::inputs::KnownNames;
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
    Ok(objective_manifests(&file, service, format).map_err(ManifestsError::from)?)
}
