//! Decides whether requests meet the objectives of a service, and counts them.
//!
//! Only what the service does spends its error budget. A request that Portcullis refused because of the
//! caller, or because other callers need the service, does not count. A request that an open circuit
//! refused is a bad one: the circuit is open because the service failed, and without this an outage
//! would hardly spend the budget.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use metrics::Counter;

use portcullis_vocabulary::{ObjectiveKind, ServiceObjective, ServiceObjectives};

use super::inventory::{ObjectiveTally, TrafficInventory};
use super::metric_names::OBJECTIVES;
use super::metrics::Metrics;
use super::request_measurement::RequestMeasurement;
use super::request_outcome::RequestOutcome;

/// Counts the requests of one service by its objectives, on one data core.
#[derive(Debug)]
pub(super) struct ObjectiveRecorder {
    /// The objectives that are about all requests.
    service: Vec<ObjectiveCounters>,
    /// The objectives of operations. Every operation of a contract may have some.
    operations: HashMap<Box<str>, Vec<ObjectiveCounters>>,
}

/// One objective with its counters.
#[derive(Debug)]
struct ObjectiveCounters {
    kind: ObjectiveKind,
    bound: Duration,
    good: Counter,
    bad: Counter,
    tally: Arc<ObjectiveTally>,
}

impl ObjectiveRecorder {
    /// The recorder of a service with objectives.
    pub(super) fn new(
        metrics: &Metrics,
        inventory: &TrafficInventory,
        core: usize,
        objectives: &ServiceObjectives,
    ) -> Self {
        let counters = |objective: ServiceObjective<'_>| {
            let (kind, operation) = (objective.kind.as_str(), objective.operation_label());
            let counter = |result| {
                metrics.counter(&OBJECTIVES, &[inventory.service(), kind, operation, result])
            };
            ObjectiveCounters {
                kind: objective.kind,
                bound: objective.bound.unwrap_or(Duration::MAX),
                good: counter("good"),
                bad: counter("bad"),
                tally: inventory.objective_tally(core, &objective),
            }
        };
        let mut recorder = Self {
            service: Vec::new(),
            operations: HashMap::new(),
        };
        for objective in objectives.iter() {
            let counted = match objective.operation {
                Some(operation) => recorder.operations.entry(operation.into()).or_default(),
                None => &mut recorder.service,
            };
            counted.push(counters(objective));
        }
        recorder
    }

    /// Counts a request.
    pub(super) fn count(
        &self,
        operation: &str,
        outcome: RequestOutcome,
        measured: &RequestMeasurement,
    ) {
        let of_operation = self.operations.get(operation).into_iter().flatten();
        for counters in self.service.iter().chain(of_operation) {
            let verdict = match counters.kind {
                ObjectiveKind::Availability => availability(outcome, measured),
                ObjectiveKind::Latency => latency(outcome, measured, counters.bound),
            };
            let Some(is_good) = verdict else { continue };
            counters.tally.count(is_good);
            let counter = if is_good {
                &counters.good
            } else {
                &counters.bad
            };
            counter.increment(1);
        }
    }
}

/// Whether the service served a request; none if the request says nothing about it.
const fn availability(outcome: RequestOutcome, measured: &RequestMeasurement) -> Option<bool> {
    match outcome {
        // The service did its part of a response that the client did not read to its end.
        RequestOutcome::Answered | RequestOutcome::Idle | RequestOutcome::Disconnected => {
            Some(true)
        }
        RequestOutcome::Failed | RequestOutcome::Unanswered | RequestOutcome::Truncated => {
            Some(false)
        }
        RequestOutcome::Shed if measured.is_circuit_open => Some(false),
        RequestOutcome::Shed
        | RequestOutcome::Refused
        | RequestOutcome::Unsent
        | RequestOutcome::Abandoned
        | RequestOutcome::Drained => None,
    }
}

/// Whether a response was fast; none if there was none to wait for. Failures are not judged: a fast
/// error is not a fast response.
fn latency(
    outcome: RequestOutcome,
    measured: &RequestMeasurement,
    bound: Duration,
) -> Option<bool> {
    let is_fast = measured.took <= bound;
    match outcome {
        RequestOutcome::Answered | RequestOutcome::Idle | RequestOutcome::Disconnected => {
            Some(is_fast)
        }
        // The client did not wait any longer. Before the bound, that says nothing.
        RequestOutcome::Abandoned => (!is_fast).then_some(false),
        RequestOutcome::Failed
        | RequestOutcome::Unanswered
        | RequestOutcome::Truncated
        | RequestOutcome::Refused
        | RequestOutcome::Shed
        | RequestOutcome::Unsent
        | RequestOutcome::Drained => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ServiceDescription;
    use portcullis_vocabulary::{LatencyObjective, OperationObjective};

    /// The counts of each objective after one request.
    fn counts(
        operation: &str,
        outcome: RequestOutcome,
        took_ms: u64,
        is_circuit_open: bool,
    ) -> Vec<(u64, u64)> {
        let objectives = ServiceObjectives {
            service: "orders".to_owned(),
            window: ServiceObjectives::DEFAULT_WINDOW,
            availability: Some(0.99),
            latency: Some(LatencyObjective {
                bound: Duration::from_millis(300),
                share: 0.9,
            }),
            operations: vec![OperationObjective {
                latency: None,
                operation: "createOrder".to_owned(),
                availability: Some(0.9),
            }],
        };
        let inventory = TrafficInventory::new("orders", 1);
        let recorder = ObjectiveRecorder::new(&Metrics::off(), &inventory, 0, &objectives);
        let measured = RequestMeasurement {
            took: Duration::from_millis(took_ms),
            is_circuit_open,
            ..RequestMeasurement::default()
        };
        recorder.count(operation, outcome, &measured);
        let described = ServiceDescription {
            objectives: Some(objectives),
            ..ServiceDescription::default()
        };
        let views = serde_json::to_value(inventory.objective_views(&described)).unwrap();
        let count = |view: &serde_json::Value, name| view[name].as_u64().unwrap();
        let views = views.as_array().unwrap().iter();
        views
            .map(|view| (count(view, "good"), count(view, "bad")))
            .collect()
    }

    #[test]
    fn a_response_is_judged_by_all_its_objectives() {
        let answered = |operation, ms| counts(operation, RequestOutcome::Answered, ms, false);
        assert_eq!(answered("createOrder", 300), [(1, 0), (1, 0), (1, 0)]);
        assert_eq!(answered("createOrder", 301), [(1, 0), (0, 1), (1, 0)]);
        assert_eq!(answered("listOrders", 1), [(1, 0), (1, 0), (0, 0)]);
    }

    #[test]
    fn only_the_service_spends_its_budget() {
        let of = |outcome, is_open| counts("createOrder", outcome, 1, is_open);
        let failed = [(0, 1), (0, 0), (0, 1)];
        assert_eq!(of(RequestOutcome::Failed, false), failed);
        assert_eq!(of(RequestOutcome::Unanswered, false), failed);
        assert_eq!(of(RequestOutcome::Truncated, false), failed);
        assert_eq!(of(RequestOutcome::Shed, true), failed);
        let nothing = [(0, 0); 3];
        assert_eq!(of(RequestOutcome::Shed, false), nothing);
        assert_eq!(of(RequestOutcome::Refused, false), nothing);
        assert_eq!(of(RequestOutcome::Unsent, false), nothing);
        assert_eq!(of(RequestOutcome::Abandoned, false), nothing);
        assert_eq!(of(RequestOutcome::Drained, false), nothing);
    }

    #[test]
    fn a_client_that_gave_up_after_the_bound_waited_too_long() {
        let seen = counts("listOrders", RequestOutcome::Abandoned, 400, false);
        assert_eq!(seen, [(0, 0), (0, 1), (0, 0)]);
    }
}
