//! The configuration of Alertmanager for the squads of a catalog.
//!
//! An alert goes to the squad in its label `squad`: the provider, or the consumer that causes it.
//! Critical ones go to the squad's on-call contact, the others to its chat. Alertmanager knows no
//! escalation, so each step is a route of its own that matches the same alerts and waits longer before
//! it notifies (`group_wait`): if the alert has ended by then, nothing is sent.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use portcullis_vocabulary::{Catalog, ContactKind, Squad};

use crate::manifest_document::ManifestDocument;
use crate::manifest_problem::{ManifestProblem, ManifestProblems};

const COMMENT: &str = "Routes of the squads of the catalog. Each receiver posts to the gateway that notifies \
people;\nreplace it where a squad has an integration of its own.";

/// The alerts that people are woken for.
const CRITICAL: &str = "severity=\"critical\"";

/// How alerts are delivered.
#[derive(Clone, Debug)]
pub struct AlertmanagerSettings {
    /// The address to which receivers post: the squad and the kind of contact are added to it.
    pub webhook: String,
    /// The squad that gets alerts of squads without a route.
    pub fallback: String,
    /// How long a critical alert lasts before the next step of an escalation.
    pub escalate_after: Duration,
}

/// The configuration of Alertmanager.
///
/// # Errors
/// A squad has no contact that could get its alerts.
pub fn alertmanager_config(
    catalog: &Catalog,
    settings: &AlertmanagerSettings,
) -> Result<ManifestDocument, ManifestProblems> {
    let mut receivers = ReceiverSet {
        settings,
        names: BTreeSet::new(),
        receivers: Vec::new(),
    };
    let (mut routes, mut problems, mut fallback) = (Vec::new(), Vec::new(), None);
    for squad in catalog.squads() {
        match default_contact(squad) {
            Some(kind) => {
                let receiver = receivers.add(squad.name.as_str(), kind);
                if squad.name.as_str() == settings.fallback {
                    fallback = Some(receiver.clone());
                }
                routes.push(squad_route(squad, &receiver, &mut receivers));
            }
            None => {
                let message = format!(
                    "{} has no contact, so its alerts would reach no one; add `oncall`, `chat` or `email`",
                    squad.name
                );
                problems.push(ManifestProblem::at(None, message));
            }
        }
    }
    if fallback.is_none() && problems.is_empty() {
        let message = format!(
            "no squad is called {}; name one with --fallback",
            settings.fallback
        );
        problems.push(ManifestProblem::at(None, message));
    }
    ManifestProblems::unless_any(problems, ())?;
    let object = json!({
        "route": {
            "receiver": fallback,
            "group_by": ["squad", "alertname", "service"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
            "routes": routes,
        },
        "receivers": receivers.receivers,
    });
    Ok(ManifestDocument::new(object).with_comment(COMMENT))
}

/// Where alerts go that are not critical.
fn default_contact(squad: &Squad) -> Option<ContactKind> {
    let kinds = [ContactKind::Chat, ContactKind::Email, ContactKind::Oncall];
    kinds
        .into_iter()
        .find(|kind| squad.contact(*kind).is_some())
}

fn squad_route(squad: &Squad, receiver: &str, receivers: &mut ReceiverSet<'_>) -> Value {
    let mut critical = Vec::new();
    if squad.oncall.is_some() {
        let receiver = receivers.add(squad.name.as_str(), ContactKind::Oncall);
        critical.push(json!({"matchers": [CRITICAL], "receiver": receiver}));
    } else if !squad.escalation.is_empty() {
        critical.push(json!({"matchers": [CRITICAL], "receiver": receiver}));
    }
    for (step, index) in squad.escalation.iter().zip(1..) {
        let wait = receivers.settings.escalate_after.saturating_mul(index);
        critical.push(json!({
            "matchers": [CRITICAL],
            "receiver": receivers.add(step.squad.as_str(), step.contact),
            "group_wait": format!("{}s", wait.as_secs()),
        }));
    }
    // Without it, Alertmanager would stop at the first route that matches.
    let last = critical.len().saturating_sub(1);
    for route in critical.iter_mut().take(last) {
        route["continue"] = true.into();
    }
    let mut route = json!({
        "matchers": [format!("squad={}", Value::from(squad.name.as_str()))],
        "receiver": receiver,
    });
    if !critical.is_empty() {
        route["routes"] = critical.into();
    }
    route
}

/// The receivers so far, each once.
struct ReceiverSet<'s> {
    settings: &'s AlertmanagerSettings,
    names: BTreeSet<String>,
    receivers: Vec<Value>,
}

impl ReceiverSet<'_> {
    /// The name of the receiver for a contact of a squad.
    fn add(&mut self, squad: &str, kind: ContactKind) -> String {
        let name = format!("{squad}-{}", kind.as_str());
        if self.names.insert(name.clone()) {
            let webhook = self.settings.webhook.trim_end_matches('/');
            self.receivers.push(json!({
                "name": name,
                "webhook_configs": [{"url": format!("{webhook}/{squad}/{}", kind.as_str())}],
            }));
        }
        name
    }
}
