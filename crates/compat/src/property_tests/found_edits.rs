//! Every edit is found at its level with its own witness.
//!
//! Real components are edited in up to 40 places at once, each edit in a direction that is known to
//! break requests or responses. A message that both validators confirm shows that an edit breaks;
//! then a breaking finding must name the place, and its witness must be refused because of this edit
//! alone. In the other direction the same edit breaks nothing.
//!
//! `PORTCULLIS_TEST_LOAD=full` edits more components; `PORTCULLIS_SEED` selects one seed.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::Value;

use portcullis_contract::{CompiledContract, MessageDirection, parse_single_file};
use portcullis_json::pointer;
use portcullis_vocabulary::limits::Limits;

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compare::compare;
use super::super::compat_finding::{ChangeSubject, CompatFinding, ExchangePart};
use super::edited_documents::{ComponentPlace, EditedComponent, key_of};
use super::refusal_reasons::{is_at, places};
use super::test_contracts::{corpora, options};
use super::value_sampler::{PlantedPath, ValueSampler};

/// What became of the edits at their places.
#[derive(Debug, Default)]
struct EditCounts {
    components: usize,
    edits: usize,
    /// Places where a message shows the break.
    confirmed: usize,
    /// Places where no message was found.
    unconfirmed: usize,
    witnessed: usize,
    harmless: usize,
    /// How often each problem occurred.
    problems: BTreeMap<String, usize>,
    failures: Vec<String>,
}

/// A component while its findings are checked.
struct EditCheck<'e> {
    component: &'e EditedComponent,
    old: &'e CompiledContract,
    new: &'e CompiledContract,
    findings: &'e [CompatFinding],
    seed: u64,
}

fn accepts(contract: &CompiledContract, place: &ComponentPlace, value: &Value) -> bool {
    contract.accepts(place.direction, key_of(contract, place), &value.to_string())
}

impl EditCheck<'_> {
    fn run(&self, counts: &mut EditCounts) {
        for number in 0..self.component.edits.len() {
            let Some(alone) = self.component.alone(number) else {
                continue;
            };
            counts.edits += 1;
            for place in &self.component.places {
                let is_request = place.direction == MessageDirection::Request;
                if self.component.narrows[number] == is_request {
                    self.check_breaking(number, place, &alone, counts);
                } else {
                    self.check_harmless(number, place, counts);
                }
            }
        }
    }

    fn check_breaking(
        &self,
        number: usize,
        place: &ComponentPlace,
        alone: &CompiledContract,
        counts: &mut EditCounts,
    ) {
        let Some(message) = self.broken_message(number, place, alone) else {
            counts.unconfirmed += 1;
            return;
        };
        counts.confirmed += 1;
        let found = self.findings_at(number, place);
        let Some(breaking) = found
            .iter()
            .find(|finding| finding.level == ChangeLevel::Breaking)
        else {
            let is_proved = found
                .iter()
                .any(|finding| finding.certainty == ChangeCertainty::Proved);
            let problem = if is_proved {
                "is called proved, but breaks"
            } else {
                "breaks and is not found"
            };
            return self.fail(number, place, problem, &message, &found, counts);
        };
        let Some(witness) = &breaking.witness else {
            return self.fail(
                number,
                place,
                "breaks without a witness",
                &message,
                &found,
                counts,
            );
        };
        let shows = |place: &&ComponentPlace| self.shows(place, alone, &witness.value);
        let same = |other: &&ComponentPlace| other.direction == place.direction;
        if self
            .component
            .places
            .iter()
            .filter(same)
            .any(|place| shows(&place))
        {
            counts.witnessed += 1;
        } else {
            self.fail(
                number,
                place,
                "has the witness of another edit",
                &message,
                &found,
                counts,
            );
        }
    }

    fn check_harmless(&self, number: usize, place: &ComponentPlace, counts: &mut EditCounts) {
        counts.harmless += 1;
        let found = self.findings_at(number, place);
        if found
            .iter()
            .any(|finding| finding.level == ChangeLevel::Breaking)
        {
            self.fail(
                number,
                place,
                "breaks nothing and is called breaking",
                &Value::Null,
                &found,
                counts,
            );
        }
    }

    /// Whether a value demonstrates the break of one edit: the producer sends it, and the acceptor
    /// refuses it because of this edit alone.
    fn shows(&self, place: &ComponentPlace, alone: &CompiledContract, value: &Value) -> bool {
        match place.direction {
            MessageDirection::Request => {
                accepts(self.old, place, value)
                    && !accepts(alone, place, value)
                    && !accepts(self.new, place, value)
            }
            MessageDirection::Response => {
                accepts(self.new, place, value)
                    && accepts(alone, place, value)
                    && !accepts(self.old, place, value)
            }
        }
    }

    fn broken_message(
        &self,
        number: usize,
        place: &ComponentPlace,
        alone: &CompiledContract,
    ) -> Option<Value> {
        let producer = match place.direction {
            MessageDirection::Request => self.old,
            MessageDirection::Response => self.new,
        };
        let edit = &self.component.edits[number];
        let mut tokens = place.tokens.clone();
        tokens.push(edit.property.clone());
        let path = PlantedPath {
            tokens: &tokens,
            value: &edit.refused,
        };
        let direction = place.direction;
        let lowered = [producer, alone].map(|contract| contract.lowered_schemas(direction));
        let mut samplers = lowered
            .each_ref()
            .map(|lowered| ValueSampler::new(&lowered.document, direction, self.seed));
        let keys = [producer, alone].map(|contract| key_of(contract, place).as_str());
        (0..60).find_map(|_| {
            let mut value = samplers[0].sample(keys[0], Some(path))?;
            if direction == MessageDirection::Response {
                // Each revision requires other properties, and both must allow the response.
                let mut other = samplers[1].sample(keys[1], Some(path))?;
                let members = object_at(&mut value, &place.tokens)?;
                for (name, value) in std::mem::take(object_at(&mut other, &place.tokens)?) {
                    members.entry(name).or_insert(value);
                }
            }
            self.shows(place, alone, &value).then_some(value)
        })
    }

    /// The findings about an edit at a place.
    fn findings_at(&self, number: usize, place: &ComponentPlace) -> Vec<&CompatFinding> {
        let edit = &self.component.edits[number];
        let mut wanted: String = place
            .tokens
            .iter()
            .map(|token| format!("/{token}"))
            .collect();
        wanted.push('/');
        wanted.push_str(&pointer::escape(&edit.property));
        let is_here = |finding: &&CompatFinding| {
            let rules = edit.kind.rules();
            let is_rule = rules.iter().any(|rule| finding.rule.id.starts_with(rule));
            is_rule && finding.direction == Some(place.direction) && places(finding).iter().any(|(subject, location)| {
                let is_subject = matches!(subject, ChangeSubject::Operation { path, .. } if *path == place.path);
                let is_part = match place.direction {
                    MessageDirection::Request => matches!(*location.part, ExchangePart::RequestBody(_)),
                    MessageDirection::Response => matches!(*location.part, ExchangePart::Response { .. }),
                };
                let is_pointer = is_at(&location.pointer, &wanted) || is_at(&location.pointer, &format!("{wanted}/*"));
                is_subject && is_part && is_pointer
            })
        };
        self.findings.iter().filter(is_here).collect()
    }

    fn fail(
        &self,
        number: usize,
        place: &ComponentPlace,
        problem: &str,
        message: &Value,
        found: &[&CompatFinding],
        counts: &mut EditCounts,
    ) {
        *counts.problems.entry(problem.to_owned()).or_default() += 1;
        let edit = &self.component.edits[number];
        let shown: Vec<String> = found
            .iter()
            .map(|finding| {
                let witness = finding.witness.as_ref().map(|witness| witness.payload());
                format!(
                    "{} {} ({:?}), witness {witness:?}",
                    finding.level.as_str(),
                    finding.rule.id,
                    finding.certainty
                )
            })
            .collect();
        let mut message = message.to_string();
        message.truncate(message.floor_char_boundary(300));
        counts.failures.push(format!(
            "seed {} {}: {:?} of `{}` (one of {}) at {:?} {} {}: {problem}\n    message {message}\n    findings {shown:?}",
            self.seed,
            self.component.name,
            edit.kind,
            edit.property,
            self.component.edits.len(),
            place.direction,
            place.path,
            place.tokens.join("/"),
        ));
    }
}

/// The object at a place, where `*` is the first item.
fn object_at<'v>(
    value: &'v mut Value,
    tokens: &[String],
) -> Option<&'v mut serde_json::Map<String, Value>> {
    let mut here = value;
    for token in tokens {
        here = if token == "*" {
            here.get_mut(0)?
        } else {
            here.get_mut(token)?
        };
    }
    here.as_object_mut()
}

/// Edits some components of a document, each with its own seed.
fn check_document(
    document: &Value,
    components_max: usize,
    edits_max: usize,
    seed: u64,
    counts: &mut EditCounts,
) {
    let mut rng = Rng::with_seed(seed);
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object)
        .unwrap();
    let mut names: Vec<&String> = schemas.keys().collect();
    rng.shuffle(&mut names);
    let mut checked = 0;
    for name in names {
        if checked == components_max {
            return;
        }
        let Some(component) = EditedComponent::new(document, name, edits_max, &mut rng) else {
            continue;
        };
        let (Some(old), Some(new)) = (component.old(), component.new_revision()) else {
            continue;
        };
        checked += 1;
        counts.components += 1;
        let report = compare(&old, &new, &options());
        let check = EditCheck {
            component: &component,
            old: &old,
            new: &new,
            findings: &report.findings,
            seed,
        };
        check.run(counts);
    }
}

fn assert_found(name: &str, counts: &EditCounts) {
    let EditCounts {
        components,
        edits,
        confirmed,
        unconfirmed,
        witnessed,
        harmless,
        problems,
        failures,
    } = counts;
    println!(
        "{name}: {components} components, {edits} edits, {confirmed} breaking places ({unconfirmed} without a message), \
         {witnessed} with their own witness, {harmless} harmless places, {} failures {problems:?}",
        failures.len()
    );
    let shown: Vec<&str> = failures.iter().take(15).map(String::as_str).collect();
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        shown.join("\n")
    );
}

fn seeds(count: u64) -> std::ops::Range<u64> {
    match std::env::var("PORTCULLIS_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
    {
        Some(seed) => seed..seed + 1,
        None => 1..1 + count,
    }
}

#[test]
fn every_edit_of_a_small_document_is_found() {
    let bytes = EDITED_DOCUMENT.as_bytes().to_vec();
    let documents = parse_single_file("edited.yaml", bytes, &Limits::default()).unwrap();
    let document = documents.entry().root().to_value();
    let mut counts = EditCounts::default();
    for seed in seeds(if cfg!(is_full_load) { 300 } else { 6 }) {
        check_document(&document, 2, 40, seed, &mut counts);
    }
    assert!(counts.confirmed > 0);
    assert_found("small document", &counts);
}

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn every_edit_of_real_documents_is_found() {
    let files = [
        "adyen-checkout-v71.json",
        "box.json",
        "museum.yaml",
        "train-travel.yaml",
        "vercel.json",
        "kubernetes-1.35-api-v1.json",
        "openai.yaml",
        "github-api.github.com.json",
    ];
    let (used, components) = if cfg!(is_full_load) {
        (files.len(), 60)
    } else {
        (4, 4)
    };
    let mut counts = EditCounts::default();
    for file in &files[..used] {
        let bytes = std::fs::read(corpora().join("specs").join(file)).unwrap();
        let documents = parse_single_file(file, bytes, &Limits::default()).unwrap();
        let document = documents.entry().root().to_value();
        if document.pointer("/components/schemas").is_none() {
            continue;
        }
        for seed in seeds(1) {
            check_document(&document, components, 40, seed, &mut counts);
        }
    }
    assert!(counts.confirmed > 0);
    assert_found("real documents", &counts);
}

const EDITED_DOCUMENT: &str = r##"
openapi: 3.1.0
info: {title: edited, version: '1'}
paths: {}
components:
  schemas:
    Parcel:
      type: object
      required: [id]
      properties:
        id: {type: string}
        note: {type: string}
        label: {type: string}
        sender: {$ref: '#/components/schemas/Address'}
        weight: {type: number}
        count: {type: integer}
        state: {type: string, enum: [made, sent, lost]}
        class: {type: string, enum: [a, b]}
        tags: {type: array, items: {type: string}}
        codes: {type: array, items: {type: string}}
        labels: {type: object}
        extra: {type: object}
        fragile: {type: boolean}
        insured: {type: boolean}
        height: {type: number}
        width: {type: number}
        depth: {type: integer}
        hint: {type: string}
        door: {type: string}
        floor: {type: integer}
        parts: {type: array, items: {$ref: '#/components/schemas/Address'}}
    Address:
      type: object
      required: [street]
      properties:
        street: {type: string}
        number: {type: integer}
        zip: {type: string}
        city: {type: string}
        kind: {type: string, enum: [home, work, other]}
        lines: {type: array, items: {type: string}}
        geo: {type: object, properties: {lat: {type: number}, lon: {type: number}}}
"##;
