//! `portcullis manifests alertmanager`.

use portcullis_manifests::{AlertmanagerSettings, ManifestDocument, alertmanager_config};

use super::alertmanager_args::AlertmanagerArgs;
use super::manifests_error::ManifestsError;
use super::squad_command::load_catalog;
use crate::cli::run_error::RunError;

/// The configuration of Alertmanager for the squads of the catalog.
pub(super) fn alertmanager(args: &AlertmanagerArgs) -> Result<ManifestDocument, RunError> {
    let file = load_catalog(&args.catalog)?;
    let settings = AlertmanagerSettings {
        webhook: args.webhook.clone(),
        fallback: args.fallback.clone(),
        escalate_after: args.escalate_after,
    };
    Ok(alertmanager_config(&file.catalog, &settings).map_err(ManifestsError::from)?)
}
