//! Values that their own schemas refuse, examples and defaults, and schemas that refuse all.
//!
//! They are judged by validators built as those for messages are, from all schemas of the
//! contract at once. A schema that no operation uses may be none at all; then it is reported,
//! and only the values of schemas that were compiled before are judged.

use std::collections::HashMap;

use portcullis_json::{Kind, Limits, Node, Tape};

use super::super::compiled::CompiledContract;
use super::super::dialect::{Dialect, Direction};
use super::super::document::{Documents, Place};
use super::super::explain::{Subject, explain};
use super::super::lower::Lowering;
use super::super::problem::{Problem, ProblemKind};
use super::super::satisfiable::{Contradiction, contradictions};
use super::super::schema::{SchemaKey, SchemaSet};
use super::super::violation::{Part, Violation, ViolationClass};
use super::inspect::Findings;
use super::survey::{DEFAULT, Notation, Sample, Survey};

/// The most violations of one value that are counted.
const VIOLATIONS_MAX: usize = 10;

/// Reports schemas that are none, and values that do not satisfy theirs.
pub(super) fn inspect(contract: &CompiledContract, survey: &Survey, findings: &mut Findings<'_>) {
    let all: Vec<Place> = survey
        .roots
        .iter()
        .chain(places(&survey.values))
        .copied()
        .collect();
    let judges = match Judges::build(contract, &all, findings) {
        Ok(judges) => judges,
        Err(problems) => {
            problems
                .into_iter()
                .for_each(|problem| findings.add(problem));
            let compiled = |place: &Place| survey.compiled.contains(place);
            let known: Vec<Place> = all.into_iter().filter(compiled).collect();
            // What compiled once compiles again.
            let Ok(judges) = Judges::build(contract, &known, findings) else {
                return;
            };
            judges
        }
    };
    let mut tape = Tape::new();
    for sample in &survey.values {
        if let Some(violations) = judges.judge(sample, &mut tape)
            && let Some(first) = violations.first()
        {
            let file = &contract.documents.list()[sample.value.document as usize].name;
            let message = message(sample, file, first, violations.len());
            findings.warn(ProblemKind::InvalidExample, sample.value, message);
        }
    }
}

fn places(values: &[Sample]) -> impl Iterator<Item = &Place> {
    values.iter().map(|sample| &sample.schema)
}

fn message(sample: &Sample, file: &str, first: &Violation, count: usize) -> String {
    let Sample { what, .. } = sample;
    let at = match first.pointer.as_str() {
        "" => String::new(),
        pointer => format!("at {pointer}, "),
    };
    // A message that was cut short has lost its end, which says what is wrong.
    let broken = match first.message.contains('…') {
        true => &first.masked,
        false => &first.message,
    };
    let rule = first
        .contract
        .as_ref()
        .map(|spot| match *spot.file == *file {
            true => format!(" (line {})", spot.line),
            false => format!(" ({}:{})", spot.file, spot.line),
        });
    let more = match count {
        1 => String::new(),
        VIOLATIONS_MAX => format!(", and at least {} more", VIOLATIONS_MAX - 1),
        _ => format!(", and {} more", count - 1),
    };
    let rule = rule.unwrap_or_default();
    format!("{what} breaks its schema: {at}{broken}{rule}{more}; correct one of the two")
}

/// The validators of both directions.
struct Judges<'d> {
    documents: &'d Documents,
    request: Judge,
    /// Nothing where both directions are judged alike: 3.1 has `readOnly` annotate.
    response: Option<Judge>,
}

/// The validators of one direction, and under which key each schema is judged.
struct Judge {
    schemas: SchemaSet,
    keys: HashMap<Place, SchemaKey>,
}

impl<'d> Judges<'d> {
    fn build(
        contract: &'d CompiledContract,
        places: &[Place],
        findings: &mut Findings<'_>,
    ) -> Result<Self, Vec<Problem>> {
        let mut build = |direction| Judge::build(contract, direction, places, findings);
        let request = build(Direction::Request)?;
        let response = match contract.dialect {
            Dialect::V30 => Some(build(Direction::Response)?),
            Dialect::V31 => None,
        };
        Ok(Self {
            documents: &contract.documents,
            request,
            response,
        })
    }

    /// The violations of a value; those of one direction when it may travel in both and neither
    /// accepts it. Nothing when its schema is not known here.
    fn judge(&self, sample: &Sample, tape: &mut Tape) -> Option<Vec<Violation>> {
        let response = self.response.as_ref().unwrap_or(&self.request);
        let directions: &[&Judge] = match sample.direction {
            Some(Direction::Request) => &[&self.request],
            Some(Direction::Response) => &[response],
            None => &[&self.request, response],
        };
        let mut violations = None;
        for judge in directions {
            let found = judge.judge(self.documents, sample, tape)?;
            if found.is_empty() {
                return Some(found);
            }
            violations = Some(found);
        }
        violations
    }
}

impl Judge {
    fn build(
        contract: &CompiledContract,
        direction: Direction,
        places: &[Place],
        findings: &mut Findings<'_>,
    ) -> Result<Self, Vec<Problem>> {
        let documents = &contract.documents;
        let mut lowering = Lowering::new(documents, contract.dialect, direction);
        let numbers: HashMap<Place, u32> = places
            .iter()
            .map(|place| (*place, lowering.define(*place)))
            .collect();
        let mut roots: Vec<u32> = numbers.values().copied().collect();
        roots.sort_unstable();
        roots.dedup();
        let lowered = lowering.finish(&roots);
        let contradictions = contradictions(&lowered.schema);
        let schemas = SchemaSet::build(lowered, documents)?;
        for Contradiction { pointer, message } in contradictions {
            if let Some((place, rest)) = schemas.origin(&pointer) {
                let place = documents.nearest(place, rest);
                findings.warn(ProblemKind::UnsatisfiableSchema, place, message);
            }
        }
        let keys = numbers
            .into_iter()
            .map(|(place, number)| (place, SchemaKey::new(number)));
        Ok(Self {
            schemas,
            keys: keys.collect(),
        })
    }

    fn judge(
        &self,
        documents: &Documents,
        sample: &Sample,
        tape: &mut Tape,
    ) -> Option<Vec<Violation>> {
        let key = self.keys.get(&sample.schema)?.as_str();
        let value = documents.node(sample.value);
        if self.accepts_otherwise(key, sample.notation, value, tape) {
            return Some(Vec::new());
        }
        tape.begin(key);
        copy(tape, value);
        let wrapped = tape.wrapped("");
        if self.schemas.is_valid(wrapped) {
            return Some(Vec::new());
        }
        let subject = Subject {
            class: ViolationClass::InvalidBody,
            part: Part::Body,
            name: None,
        };
        let mut violations = explain(&self.schemas, documents, wrapped, subject, VIOLATIONS_MAX);
        // An empty default says that each member has its own.
        if sample.what == DEFAULT && value.is_empty() {
            violations.retain(|violation| violation.keyword.as_deref() != Some("required"));
        }
        Some(violations)
    }

    /// Whether the value is right in another notation that its place allows.
    fn accepts_otherwise(
        &self,
        key: &str,
        notation: Notation,
        value: Node<'_>,
        tape: &mut Tape,
    ) -> bool {
        let text = value.as_str();
        match (notation, text, value.number_text()) {
            (Notation::Json | Notation::Text, Some(text), _) => tape
                .parse(key, text.as_bytes(), Limits::default())
                .is_ok_and(|source| self.schemas.is_valid(tape.wrapped(source))),
            (Notation::Text, None, Some(digits)) => {
                tape.begin(key);
                tape.string(digits);
                self.schemas.is_valid(tape.wrapped(""))
            }
            _ => false,
        }
    }
}

/// Puts a document's value on a tape. Recursive: the depth limit of documents bounds it.
fn copy(tape: &mut Tape, value: Node<'_>) {
    match value.kind() {
        Kind::Null => tape.null(),
        Kind::Boolean => tape.boolean(value.as_bool().unwrap_or_default()),
        Kind::Number => {
            let text = value.number_text().unwrap_or_default();
            tape.number(text).expect("it was read as a number");
        }
        Kind::String => tape.string(value.as_str().unwrap_or_default()),
        Kind::Array => {
            tape.begin_array();
            value.elements().for_each(|element| copy(tape, element));
            tape.end();
        }
        Kind::Object => {
            tape.begin_object();
            for (name, member) in value.members() {
                tape.key(name);
                copy(tape, member);
            }
            tape.end();
        }
    }
}
