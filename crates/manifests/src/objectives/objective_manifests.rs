//! The formats of objectives, and the objectives of services in one of them.

use std::collections::BTreeMap;

use portcullis_vocabulary::{CatalogFile, StatedObjectives};

use super::objective_spec::specs_of;
use super::{openslo_specs, prometheus_rules, sloth_specs};
use crate::manifest_document::ManifestDocument;
use crate::manifest_problem::{ManifestProblem, ManifestProblems};

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

/// The objectives of all services, or of one. `contracts` is what the contracts of services say about
/// them.
///
/// # Errors
/// There are no objectives, or two of them would get the same name.
pub fn objective_manifests(
    file: &CatalogFile,
    contracts: &BTreeMap<String, StatedObjectives>,
    service: Option<&str>,
    format: ObjectiveFormat,
) -> Result<Vec<ManifestDocument>, ManifestProblems> {
    let (specs, mut problems) = specs_of(file, contracts, service);
    if specs.is_empty() && problems.is_empty() {
        let of = service.map_or(String::new(), |service| format!(" of {service}"));
        let message = format!(
            "neither the catalog nor a contract has objectives{of}; write them as [services.NAME.slo] \
             with availability = 0.999, or as `x-slo` in a contract"
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
