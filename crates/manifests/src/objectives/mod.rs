//! Service level objectives for the tools that watch them: rules for Prometheus, specifications for
//! Sloth and OpenSLO.
//!
//! `objective_spec` names an objective and its queries, and the three formats are written from it.
//! Recording rules have the names and labels of Sloth, so its dashboards show them. Alerts look at the
//! rate at which an error budget burns, over a long and a short window at once (Google SRE Workbook,
//! chapter 5).

mod objective_spec;
mod burn_rate;
mod prometheus_rules;
mod sloth_specs;
mod openslo_specs;

use portcullis_vocabulary::CatalogFile;

use crate::manifest_document::ManifestDocument;
use crate::manifest_problem::{ManifestProblem, ManifestProblems};
use objective_spec::specs_of;

/// How objectives are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectiveFormat {
    /// A file of rules for Prometheus.
    Prometheus,
    /// The same rules as an object of the Prometheus Operator.
    PrometheusRule,
    /// A specification of Sloth for each service.
    Sloth,
    /// An OpenSLO object for each objective.
    OpenSlo,
}

/// The objectives of the catalog, or of one service.
///
/// # Errors
/// There are none, or two of them would get the same name.
pub fn objective_manifests(
    file: &CatalogFile,
    service: Option<&str>,
    format: ObjectiveFormat,
) -> Result<Vec<ManifestDocument>, ManifestProblems> {
    let (specs, mut problems) = specs_of(file, service);
    if specs.is_empty() && problems.is_empty() {
        let of = service.map_or(String::new(), |service| format!(" of {service}"));
        let message = format!(
            "the catalog has no objectives{of}; write them as [services.NAME.slo] with \
             availability = 0.999"
        );
        problems.push(ManifestProblem::at(None, message));
    }
    ManifestProblems::unless_any(problems, ())?;
    Ok(match format {
        ObjectiveFormat::Prometheus => vec![prometheus_rules::rules_file(&specs)],
        ObjectiveFormat::PrometheusRule => vec![prometheus_rules::rule_object(&specs)],
        ObjectiveFormat::Sloth => sloth_specs::documents(&specs),
        ObjectiveFormat::OpenSlo => specs.iter().map(openslo_specs::document).collect(),
    })
}
