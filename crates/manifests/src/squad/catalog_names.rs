//! Checks that the names of a catalog can be those of objects, and that no namespace has two owners.

use std::collections::BTreeMap;

use portcullis_vocabulary::{CatalogFile, ConfigLocation, SquadName};

use crate::manifest_problem::{ManifestProblem, ManifestProblems};
use crate::object_name::name_problem;

/// The longest value of a label.
const LABEL_VALUE_CHARS_MAX: usize = 63;

/// Checks all squads, their namespaces and services.
pub(crate) fn check_catalog(file: &CatalogFile) -> Result<(), ManifestProblems> {
    let mut problems = Vec::new();
    for squad in file.catalog.squads() {
        let location = file.places.squads.get(&squad.name);
        problems.extend(label_problem(&squad.name, location));
        for service in &squad.services {
            let location = file.places.services.get(service);
            problems.extend(name_problem("service", service, location));
        }
    }
    let mut owners: BTreeMap<&str, (&SquadName, &ConfigLocation)> = BTreeMap::new();
    for ((namespace, squad), location) in &file.places.namespaces {
        problems.extend(name_problem("namespace", namespace, Some(location)));
        let (owner, earlier) = *owners.entry(namespace).or_insert((squad, location));
        if owner != squad {
            let message = format!(
                "the namespace {namespace} of {squad} also belongs to {owner}, {earlier}; a \
                 namespace must have one owner"
            );
            problems.push(ManifestProblem::at(Some(location), message));
        }
    }
    ManifestProblems::unless_any(problems, ())
}

/// A name of a squad is the value of a label.
fn label_problem(squad: &SquadName, location: Option<&ConfigLocation>) -> Option<ManifestProblem> {
    let name = squad.as_str();
    let is_end = |c: char| c.is_ascii_alphanumeric();
    let is_value =
        name.len() <= LABEL_VALUE_CHARS_MAX && name.starts_with(is_end) && name.ends_with(is_end);
    (!is_value).then(|| {
        let message = format!(
            "the squad `{name}` cannot be the value of a label of Kubernetes: expected at most \
             {LABEL_VALUE_CHARS_MAX} characters, a letter or digit at both ends; rename it"
        );
        ManifestProblem::at(location, message)
    })
}
