//! One objective with its names and queries.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use portcullis_vocabulary::{
    Catalog, CatalogFile, ObjectiveKind, ServiceObjective, ServiceObjectives, Squad,
    StatedObjectives,
};

use crate::manifest_problem::ManifestProblem;

/// The counter of the requests that objectives judge.
const METRIC: &str = "portcullis_objective_requests_total";

/// An objective of a service.
#[derive(Clone, Debug)]
pub(super) struct ObjectiveSpec {
    /// The service.
    pub(super) service: String,
    /// The squad that provides it.
    pub(super) squad: Option<String>,
    /// Whom to ask after the squad, in one line; empty without an escalation.
    pub(super) escalation: String,
    /// The address of the runbook of the service.
    pub(super) runbook: Option<String>,
    /// The name, unique in the service: lower-case letters, digits and '-'.
    pub(super) name: String,
    /// What it promises, in one sentence.
    pub(super) sentence: String,
    /// The share of good requests, above 0 and below 1.
    pub(super) target: f64,
    /// The time over which the budget is spent.
    pub(super) window: Duration,
    /// The labels that select its requests.
    selector: String,
}

/// The objectives of all services, or of one, and those that cannot be named.
pub(super) fn specs_of(
    file: &CatalogFile,
    contracts: &BTreeMap<String, StatedObjectives>,
    service: Option<&str>,
) -> (Vec<ObjectiveSpec>, Vec<ManifestProblem>) {
    let squads = file.catalog.squads().iter();
    let services: BTreeSet<&str> = squads
        .flat_map(|squad| squad.services.iter().map(String::as_str))
        .filter(|own| service.is_none_or(|name| name == *own))
        .collect();
    let nothing = StatedObjectives::default();
    let (mut specs, mut problems) = (Vec::new(), Vec::new());
    let promised = services.into_iter().filter_map(|service| {
        let contract = contracts.get(service).unwrap_or(&nothing);
        file.catalog.objectives_of(service, contract)
    });
    for objectives in promised {
        let mut names = BTreeMap::new();
        for objective in objectives.iter() {
            let spec = ObjectiveSpec::new(file, &objectives, &objective);
            let operation = objective.operation.unwrap_or_default().to_owned();
            if let Some(other) = names.insert(spec.name.clone(), operation.clone()) {
                let message = format!(
                    "the objectives of the operations `{other}` and `{operation}` of {} would both be \
                     called `{}`; give one of the operations another operationId",
                    objectives.service, spec.name
                );
                problems.push(ManifestProblem::at(None, message));
            }
            specs.push(spec);
        }
    }
    (specs, problems)
}

fn escalation_text(catalog: &Catalog, provider: Option<&Squad>) -> String {
    let steps = provider
        .into_iter()
        .flat_map(|squad| catalog.escalation_of(squad));
    let steps: Vec<String> = steps
        .map(|(squad, contact)| format!("{contact} ({squad})"))
        .collect();
    steps.join(", then ")
}

impl ObjectiveSpec {
    fn new(
        file: &CatalogFile,
        objectives: &ServiceObjectives,
        objective: &ServiceObjective<'_>,
    ) -> Self {
        let service = &objectives.service;
        let provider = file.catalog.provider_of(service);
        let selector = format!(
            "service={}, objective={}, operation={}",
            quoted(service),
            quoted(objective.kind.as_str()),
            quoted(objective.operation_label())
        );
        Self {
            service: service.clone(),
            squad: provider.map(|squad| squad.name.to_string()),
            escalation: escalation_text(&file.catalog, provider),
            runbook: file
                .catalog
                .links_of(service)
                .and_then(|links| links.runbook.clone()),
            name: name(objective),
            sentence: sentence(service, objective),
            target: objective.target,
            window: objectives.window,
            selector,
        }
    }

    /// The share of the requests that may be bad, without the error of a subtraction.
    pub(super) fn budget(&self) -> f64 {
        rounded(1.0 - self.target)
    }

    /// The rate of bad requests over a window, as PromQL writes it.
    pub(super) fn bad_query(&self, window: &str) -> String {
        format!(
            "sum(rate({METRIC}{{{}, result=\"bad\"}}[{window}]))",
            self.selector
        )
    }

    /// The rate of all requests that the objective judges.
    pub(super) fn total_query(&self, window: &str) -> String {
        format!("sum(rate({METRIC}{{{}}}[{window}]))", self.selector)
    }

    /// The number of bad requests, for tools that compute rates themselves.
    pub(super) fn bad_counter(&self) -> String {
        format!("sum({METRIC}{{{}, result=\"bad\"}})", self.selector)
    }

    /// The number of all requests that the objective judges.
    pub(super) fn total_counter(&self) -> String {
        format!("sum({METRIC}{{{}}})", self.selector)
    }

    /// The window in days, as PromQL and OpenSLO write it. Windows have whole hours.
    pub(super) fn window_text(&self) -> String {
        let hours = self.window.as_secs() / 3600;
        match hours % 24 {
            0 => format!("{}d", hours / 24),
            _ => format!("{hours}h"),
        }
    }
}

/// A float with the digits that people wrote.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

fn name(objective: &ServiceObjective<'_>) -> String {
    let kind = objective.kind.as_str();
    let Some(operation) = objective.operation else {
        return kind.to_owned();
    };
    let mut name = format!("{kind}-");
    for c in operation.chars() {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => name.push(c),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    name.trim_end_matches('-').to_owned()
}

fn sentence(service: &str, objective: &ServiceObjective<'_>) -> String {
    let percent = rounded(objective.target * 100.0);
    let what = match objective.operation {
        Some(operation) => format!("{operation} of {service}"),
        None => service.to_owned(),
    };
    match (objective.kind, objective.bound) {
        (ObjectiveKind::Latency, Some(bound)) => format!(
            "{what} answers {percent}% of the requests within {}",
            humantime::format_duration(bound)
        ),
        _ => format!("{what} answers {percent}% of the requests without failing"),
    }
}

/// A string literal of PromQL.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
