//! Approved changes explain every refusal.
//!
//! After an owner approved every finding that a gate blocks, whatever the newer revision refuses of
//! the older one's requests must be covered by an approval, and the same for responses in reverse.
//! Messages are sampled from the schemas and judged by the validators alone, so the test cannot
//! share a mistake with the search.
//!
//! `PORTCULLIS_TEST_LOAD=full` samples 10,000 messages for each pair and direction.
//! `PORTCULLIS_PAIRS` names a directory of other pairs, `PORTCULLIS_MESSAGES` another number of
//! messages, `PORTCULLIS_SEED` the first seed.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use portcullis_contract::{CompiledContract, MessageDirection, Operation};

use super::super::compare::compare;
use super::changed_operations::changed_operations;
use super::message_judge::{MessageJudge, MessageRefusal, declared_status};
use super::refusal_reasons::{ApprovedReason, RefusalReasons, RefusedMessage, subject_key};
use super::sampled_message::MessageSampler;
use super::smaller_value::smaller;
use super::test_contracts::{RevisionPair, compiled, options, pair_in, real_pairs};

/// How many messages are sampled for a pair and direction.
fn messages_max() -> usize {
    let named = std::env::var("PORTCULLIS_MESSAGES")
        .ok()
        .and_then(|text| text.parse().ok());
    named.unwrap_or(if cfg!(is_full_load) { 10_000 } else { 400 })
}

fn first_seed() -> u64 {
    let named = std::env::var("PORTCULLIS_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    named.unwrap_or(1)
}

/// What happened to the messages of one pair and direction.
#[derive(Debug, Default)]
struct RefusalCounts {
    messages: usize,
    /// Attempts that gave no valid message.
    unmade: usize,
    refused: usize,
    by_reason: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
    /// One counterexample is shown for each operation, place and keyword.
    shown: HashSet<String>,
}

/// A pair with its findings, while messages are sampled.
struct ExplainedPair<'p> {
    pair: &'p RevisionPair,
    reasons: RefusalReasons<'p>,
    changed: HashSet<String>,
}

impl<'p> ExplainedPair<'p> {
    /// Samples requests of the older contract and judges them by the newer one.
    fn requests(&self, wanted: usize) -> RefusalCounts {
        let (old, new) = (&self.pair.old, &self.pair.new);
        let direction = MessageDirection::Request;
        let lowered = old.lowered_schemas(direction);
        let (mut own, mut other) = (MessageJudge::new(old), MessageJudge::new(new));
        let mut counts = RefusalCounts::default();
        let known = by_key(new);
        let order = self.schedule(&old.operations, wanted);
        for (turn, operation) in order.into_iter().enumerate() {
            let seed = first_seed() + turn as u64;
            let mut sampler = MessageSampler::new(old, &lowered, direction, seed);
            let base = own.base_of(operation);
            let request = sampler.request(operation);
            let request =
                request.filter(|request| own.request(&base, &operation.method, request).is_empty());
            let Some(request) = request else {
                counts.unmade += 1;
                continue;
            };
            counts.messages += 1;
            let subject = subject_key(operation.method.as_str(), &operation.path);
            let own_base = base.clone();
            let base = known
                .get(&subject)
                .map_or(base, |operation| other.base_of(operation));
            let refusals = other.request(&base, &operation.method, &request);
            let address = subject_key(operation.method.as_str(), &request.path);
            let message = RefusedMessage {
                subject: &subject,
                address: Some(&address),
                direction,
                statuses: &[],
                media: content_type(&request.headers),
            };
            self.explain(&mut counts, message, &refusals, seed, &mut |refusal| {
                let mut is_same = |value: &Value| {
                    let smaller = request.with_body(value);
                    own.request(&own_base, &operation.method, &smaller)
                        .is_empty()
                        && other
                            .request(&base, &operation.method, &smaller)
                            .iter()
                            .any(|found| is_like(found, refusal))
                };
                let json = request.value.as_ref().filter(|_| request.has_json());
                let shown = json.map(|value| request.with_body(&smaller(value, &mut is_same)));
                format!(
                    "{} {base}{}",
                    operation.method,
                    shown.as_ref().unwrap_or(&request)
                )
            });
        }
        counts
    }

    /// Samples responses of the newer contract and judges them by the older one.
    fn responses(&self, wanted: usize) -> RefusalCounts {
        let (old, new) = (&self.pair.old, &self.pair.new);
        let direction = MessageDirection::Response;
        let lowered = new.lowered_schemas(direction);
        let (mut own, mut other) = (MessageJudge::new(new), MessageJudge::new(old));
        let mut counts = RefusalCounts::default();
        let known = by_key(old);
        let served: Vec<&Operation> = new
            .operations
            .iter()
            .filter(|operation| {
                known.contains_key(&subject_key(operation.method.as_str(), &operation.path))
            })
            .collect();
        let order = self.schedule(served, wanted);
        for (turn, operation) in order.into_iter().enumerate() {
            let seed = first_seed() + turn as u64;
            let mut sampler = MessageSampler::new(new, &lowered, direction, seed);
            let count = operation.responses.len();
            let Some(declared) = operation
                .responses
                .get(sampler.values.rng.usize(..count.max(1)))
            else {
                continue;
            };
            let response = sampler.response(operation, declared);
            let Some(response) =
                response.filter(|response| own.response(operation, response).is_empty())
            else {
                counts.unmade += 1;
                continue;
            };
            counts.messages += 1;
            let subject = subject_key(operation.method.as_str(), &operation.path);
            let before = known[&subject];
            let refusals = other.response(before, &response);
            let mut statuses = vec![response.declared.to_string()];
            statuses
                .extend(declared_status(before, response.status).map(|status| status.to_string()));
            let message = RefusedMessage {
                subject: &subject,
                address: None,
                direction,
                statuses: &statuses,
                media: response.media.as_deref(),
            };
            self.explain(&mut counts, message, &refusals, seed, &mut |refusal| {
                let mut is_same = |value: &Value| {
                    let smaller = response.with_body(value);
                    own.response(operation, &smaller).is_empty()
                        && other
                            .response(before, &smaller)
                            .iter()
                            .any(|found| is_like(found, refusal))
                };
                let json = response.value.as_ref().filter(|_| response.has_json());
                let shown = json.map(|value| response.with_body(&smaller(value, &mut is_same)));
                format!("{subject} answers {}", shown.as_ref().unwrap_or(&response))
            });
        }
        counts
    }

    /// Two messages for every operation, and the rest for those whose text changed.
    fn schedule<'o>(
        &self,
        operations: impl IntoIterator<Item = &'o Operation>,
        wanted: usize,
    ) -> Vec<&'o Operation> {
        let all: Vec<&Operation> = operations.into_iter().collect();
        let changed = all.iter().copied().filter(|operation| {
            self.changed
                .contains(&subject_key(operation.method.as_str(), &operation.path))
        });
        let changed: Vec<&Operation> = changed.collect();
        let every = if changed.is_empty() {
            wanted / 4
        } else {
            (wanted / 4).min(all.len() * 2)
        };
        let mut order: Vec<&Operation> = all.iter().copied().cycle().take(every).collect();
        let rest = wanted.saturating_sub(order.len());
        order.extend(changed.into_iter().cycle().take(rest));
        order
    }

    fn explain(
        &self,
        counts: &mut RefusalCounts,
        message: RefusedMessage<'_>,
        refusals: &[MessageRefusal],
        seed: u64,
        shown: &mut dyn FnMut(&MessageRefusal) -> String,
    ) {
        if refusals.is_empty() {
            return;
        }
        counts.refused += 1;
        let reasons: Vec<Option<ApprovedReason>> = refusals
            .iter()
            .map(|refusal| self.reasons.of(message, refusal))
            .collect();
        let weakest = reasons.iter().min().copied().flatten();
        let name = match weakest {
            None => "unexplained",
            Some(ApprovedReason::NotBlocked) => "not blocked",
            Some(ApprovedReason::Policy) => "policy",
            Some(ApprovedReason::Unknown) => "unknown",
            Some(ApprovedReason::Breaking) => "breaking",
        };
        *counts.by_reason.entry(name).or_default() += 1;
        for (refusal, reason) in refusals.iter().zip(reasons) {
            if reason > Some(ApprovedReason::NotBlocked) {
                continue;
            }
            let place = format!(
                "{} {:?} {} {:?}",
                message.subject,
                refusal.name,
                masked(&refusal.pointer),
                refusal.keyword
            );
            if counts.shown.insert(place) {
                counts.unexplained.push(format!(
                    "{} seed {seed}, {}: {:?} {} {}{} {}\n    {}\n    {}\n    findings nearby:\n      {}",
                    self.pair.name,
                    message.subject,
                    refusal.class,
                    refusal.part,
                    refusal.name.as_deref().map(|name| format!("`{name}` ")).unwrap_or_default(),
                    refusal.pointer,
                    refusal.keyword.as_deref().unwrap_or("-"),
                    refusal.sentence,
                    shortened(&shown(refusal)),
                    self.reasons.listed(message, refusal).join("\n      "),
                ));
            }
        }
    }
}

/// The beginning of a message; the seed makes it again.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(800)]
}

/// Whether two refusals are about the same place and keyword.
fn is_like(one: &MessageRefusal, other: &MessageRefusal) -> bool {
    one.class == other.class
        && one.keyword == other.keyword
        && masked(&one.pointer) == masked(&other.pointer)
}

/// A pointer without the indices of items.
fn masked(pointer: &str) -> String {
    let tokens = pointer.split('/').map(|token| {
        let is_index = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
        if is_index { "*" } else { token }
    });
    tokens.collect::<Vec<_>>().join("/")
}

fn content_type(headers: &http::HeaderMap) -> Option<&str> {
    headers
        .get("content-type")
        .and_then(|line| line.to_str().ok())
}

fn by_key(contract: &CompiledContract) -> HashMap<String, &Operation> {
    let operations = contract.operations.iter();
    operations
        .map(|operation| {
            (
                subject_key(operation.method.as_str(), &operation.path),
                operation,
            )
        })
        .collect()
}

/// Compares a pair and samples its messages. Returns the refusals that nothing explains.
fn unexplained(pair: &RevisionPair, wanted: usize) -> Vec<String> {
    let report = compare(&pair.old, &pair.new, &options());
    let explained = ExplainedPair {
        pair,
        reasons: RefusalReasons::new(&report.findings),
        changed: changed_operations(&pair.old, &pair.new),
    };
    let mut all = Vec::new();
    for (name, counts) in [
        ("requests", explained.requests(wanted)),
        ("responses", explained.responses(wanted)),
    ] {
        println!(
            "{}: {} {name} ({} attempts gave none), {} refused, by weakest reason {:?}; {} places unexplained",
            pair.name,
            counts.messages,
            counts.unmade,
            counts.refused,
            counts.by_reason,
            counts.unexplained.len(),
        );
        all.extend(counts.unexplained);
    }
    all
}

fn assert_explained(unexplained: &[String]) {
    let shown = unexplained
        .iter()
        .take(20)
        .map(String::as_str)
        .collect::<Vec<_>>();
    assert!(
        unexplained.is_empty(),
        "{} refused places without an approved finding:\n{}",
        unexplained.len(),
        shown.join("\n\n")
    );
}

#[test]
fn approved_changes_explain_every_refusal_of_small_pairs() {
    let mut all = Vec::new();
    for (name, old, new) in super::small_pairs::SMALL_PAIRS {
        let pair = RevisionPair {
            name: (*name).to_owned(),
            old: compiled("old.yaml", old),
            new: compiled("new.yaml", new),
        };
        all.extend(unexplained(&pair, messages_max()));
    }
    assert_explained(&all);
}

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn approved_changes_explain_every_refusal_of_real_pairs() {
    let mut all = Vec::new();
    for directory in real_pairs() {
        // The largest pair takes minutes to compare without optimisation.
        let is_small = !directory.ends_with("stripe-adjacent");
        let is_named = std::env::var_os("PORTCULLIS_PAIRS").is_some();
        if !(is_small || is_named || cfg!(is_full_load)) {
            continue;
        }
        let pair = pair_in(&directory).unwrap_or_else(|| panic!("no pair in {directory:?}"));
        all.extend(unexplained(&pair, messages_max()));
    }
    assert_explained(&all);
}
