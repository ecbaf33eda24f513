//! Warns about examples and defaults that do not satisfy their schema, and about unsatisfiable
//! schemas.
//!
//! The validators are built like those for messages, from all schemas of the contract at once. A
//! schema that no operation uses may be invalid. If there is one, it is reported, and only the
//! values of the schemas that the contract was compiled with are validated.

use std::collections::HashMap;

use portcullis_json::{JsonKind, JsonLimits, JsonNode, Tape};

use super::contract_survey::ContractSurvey;
use super::declared_value::{DEFAULT, DeclaredValue, ValueNotation};
use super::lint_findings::LintFindings;
use crate::message::compiled_contract::CompiledContract;
use crate::message::explain_errors::{ViolationSubject, explain};
use crate::message::violation::{MessagePart, Violation, ViolationClass};
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind};
use crate::openapi::dialect::{Dialect, MessageDirection};
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::schema::contradiction::{DEPTH_MAX, NestedTooDeep, SchemaContradiction, contradictions};
use crate::schema::lower::{SchemaLowering, without_unknown};
use crate::schema::schema_set::{SchemaKey, SchemaSet, SchemaSetErrors};

/// The maximum number of violations to count for one value.
const VIOLATIONS_MAX: usize = 10;

/// Reports invalid and unsatisfiable schemas, and values that do not satisfy their schema.
pub(super) fn inspect(
    contract: &CompiledContract,
    survey: &ContractSurvey,
    findings: &mut LintFindings<'_>,
) {
    let all: Vec<NodeRef> = survey
        .roots
        .iter()
        .chain(schemas_of(&survey.values))
        .copied()
        .collect();
    let judges = match ExampleValidators::build(contract, &all, findings) {
        Ok(judges) => judges,
        Err(problems) => {
            problems
                .into_iter()
                .for_each(|problem| findings.add(problem));
            let compiled = |node_ref: &NodeRef| survey.compiled.contains(node_ref);
            let known: Vec<NodeRef> = all.into_iter().filter(compiled).collect();
            // These schemas compiled before, so the build succeeds.
            let Ok(judges) = ExampleValidators::build(contract, &known, findings) else {
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
            findings.warn(ContractProblemKind::InvalidExample, sample.value, message);
        }
    }
}

fn schemas_of(values: &[DeclaredValue]) -> impl Iterator<Item = &NodeRef> {
    values.iter().map(|sample| &sample.schema)
}

fn message(sample: &DeclaredValue, file: &str, first: &Violation, count: usize) -> String {
    let DeclaredValue { what, .. } = sample;
    let at = match first.pointer.as_str() {
        "" => String::new(),
        pointer => format!("at {pointer}, "),
    };
    // A shortened message lacks its end, which says what is wrong.
    let violation = if first.message.contains('…') {
        &first.masked
    } else {
        &first.message
    };
    let rule = first.contract.as_ref().map(|location| {
        if *location.file == *file {
            format!(" (line {})", location.line)
        } else {
            format!(" ({}:{})", location.file, location.line)
        }
    });
    let more = match count {
        1 => String::new(),
        VIOLATIONS_MAX => format!(", and at least {} more", VIOLATIONS_MAX - 1),
        _ => format!(", and {} more", count - 1),
    };
    let rule = rule.unwrap_or_default();
    format!("{what} does not satisfy its schema: {at}{violation}{rule}{more}; correct one of them")
}

/// The validators of both directions.
struct ExampleValidators<'d> {
    documents: &'d DocumentSet,
    request: DirectionValidator,
    /// `None` for OpenAPI 3.1, where `readOnly` and `writeOnly` are annotations and both directions
    /// validate the same.
    response: Option<DirectionValidator>,
}

/// The validator of one direction, with the key of each schema.
struct DirectionValidator {
    schemas: SchemaSet,
    keys: HashMap<NodeRef, SchemaKey>,
}

impl<'d> ExampleValidators<'d> {
    fn build(
        contract: &'d CompiledContract,
        node_refs: &[NodeRef],
        findings: &mut LintFindings<'_>,
    ) -> Result<Self, Vec<ContractProblem>> {
        let mut build =
            |direction| DirectionValidator::build(contract, direction, node_refs, findings);
        let request = build(MessageDirection::Request)?;
        let response = match contract.dialect {
            Dialect::V30 => Some(build(MessageDirection::Response)?),
            Dialect::V31 | Dialect::V32 => None,
        };
        Ok(Self {
            documents: &contract.documents,
            request,
            response,
        })
    }

    /// The violations of a value. A value that may be sent in both directions has none if it is
    /// valid in one of them. `None` if its schema has no validator here.
    fn judge(&self, sample: &DeclaredValue, tape: &mut Tape) -> Option<Vec<Violation>> {
        let response = self.response.as_ref().unwrap_or(&self.request);
        let directions: &[&DirectionValidator] = match sample.direction {
            Some(MessageDirection::Request) => &[&self.request],
            Some(MessageDirection::Response) => &[response],
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

impl DirectionValidator {
    fn build(
        contract: &CompiledContract,
        direction: MessageDirection,
        node_refs: &[NodeRef],
        findings: &mut LintFindings<'_>,
    ) -> Result<Self, Vec<ContractProblem>> {
        let documents = &contract.documents;
        let mut lowering = SchemaLowering::new(documents, contract.dialect, direction)
            .with_broken(contract.broken_schemas());
        let numbers: HashMap<NodeRef, u32> = node_refs
            .iter()
            .map(|node_ref| (*node_ref, lowering.define(*node_ref)))
            .collect();
        let mut roots: Vec<u32> = numbers.values().copied().collect();
        roots.sort_unstable();
        roots.dedup();
        let lowered = lowering.finish(&roots);
        let schema = without_unknown(&lowered.schema).into_owned();
        let schemas =
            SchemaSet::build(lowered, documents).map_err(SchemaSetErrors::into_problems)?;
        // A schema that was built has bounds that the search relies on.
        let contradictions = contradictions(&schema).unwrap_or_else(|NestedTooDeep| {
            let message = format!(
                "more than {DEPTH_MAX} schemas refer to each other in a row, so schemas that no value satisfies are not looked for"
            );
            findings.warn(ContractProblemKind::CostlySchema, documents.entry_ref(), message);
            Vec::new()
        });
        for SchemaContradiction { pointer, message } in contradictions {
            if let Some((node_ref, rest)) = schemas.origin(&pointer) {
                let node_ref = documents.deepest_existing(node_ref, &rest);
                findings.warn(ContractProblemKind::UnsatisfiableSchema, node_ref, message);
            }
        }
        let keys = numbers
            .into_iter()
            .map(|(node_ref, number)| (node_ref, SchemaKey::new(number)));
        Ok(Self {
            schemas,
            keys: keys.collect(),
        })
    }

    fn judge(
        &self,
        documents: &DocumentSet,
        sample: &DeclaredValue,
        tape: &mut Tape,
    ) -> Option<Vec<Violation>> {
        let key = self.keys.get(&sample.schema)?.as_str();
        let value = documents.node(sample.value);
        if self.accepts_other_notation(key, sample.notation, value, tape) {
            return Some(Vec::new());
        }
        tape.begin(key);
        copy(tape, value);
        let wrapped = tape.wrapped("");
        if self.schemas.may_be_valid(wrapped) {
            return Some(Vec::new());
        }
        let subject = ViolationSubject {
            class: ViolationClass::InvalidBody,
            part: MessagePart::Body,
            name: None,
        };
        let mut violations = explain(&self.schemas, documents, wrapped, subject, VIOLATIONS_MAX);
        // An empty default object stands for the defaults of its properties.
        if sample.what == DEFAULT && value.is_empty() {
            violations.retain(|violation| violation.keyword.as_deref() != Some("required"));
        }
        Some(violations)
    }

    /// Whether the value is valid in another notation that its role allows.
    fn accepts_other_notation(
        &self,
        key: &str,
        notation: ValueNotation,
        value: JsonNode<'_>,
        tape: &mut Tape,
    ) -> bool {
        let text = value.as_str();
        match (notation, text, value.number_text()) {
            (ValueNotation::Json | ValueNotation::Text, Some(text), _) => tape
                .parse(key, text.as_bytes(), JsonLimits::default())
                .is_ok_and(|source| self.schemas.may_be_valid(tape.wrapped(source))),
            (ValueNotation::Text, None, Some(digits)) => {
                tape.begin(key);
                tape.string(digits);
                self.schemas.may_be_valid(tape.wrapped(""))
            }
            _ => false,
        }
    }
}

/// Copies a value of a document to a tape. The depth limit of documents bounds the recursion.
fn copy(tape: &mut Tape, value: JsonNode<'_>) {
    match value.kind() {
        JsonKind::Null => tape.null(),
        JsonKind::Boolean => tape.boolean(value.as_bool().unwrap_or_default()),
        JsonKind::Number => {
            let text = value.number_text().unwrap_or_default();
            tape.number(text).expect("the document has it as a number");
        }
        JsonKind::String => tape.string(value.as_str().unwrap_or_default()),
        JsonKind::Array => {
            tape.begin_array();
            value.elements().for_each(|element| copy(tape, element));
            tape.end();
        }
        JsonKind::Object => {
            tape.begin_object();
            for (name, member) in value.members() {
                tape.key(name);
                copy(tape, member);
            }
            tape.end();
        }
    }
}
