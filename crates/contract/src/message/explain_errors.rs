//! From a validator's errors to violations a person can act on.
//!
//! Where none of several alternatives fits, one of them is explained and named
//! (`alternatives.rs`), so that what is listed stays short whatever a contract composes.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use portcullis_json::JsonNode;

use super::closest_alternative::{ClosestAlternative, closest_alternative, matching_names};
use super::expected_value::expected;
use super::violation::{MessagePart, Violation, ViolationClass};
use crate::openapi::document::DocumentSet;
use crate::schema::exact::MUST_BE;
use crate::schema::lower::EXACT;
use crate::schema::schema_set::SchemaSet;
use crate::schema::schema_validator::BACKTRACKS_MAX;

/// How much of a value a message quotes, in characters.
const QUOTED_MAX: usize = 200;

/// How many errors of the closest alternative are listed.
const ALTERNATIVE_MAX: usize = 3;

/// How many alternatives within alternatives are looked into.
const DEPTH_MAX: u8 = 8;

/// What the violations of one value have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ViolationSubject<'a> {
    pub(crate) class: ViolationClass,
    pub(crate) part: MessagePart,
    pub(crate) name: Option<&'a str>,
}

/// Explains why a wrapped value does not satisfy its schema, in at most `most` violations.
pub(crate) fn explain(
    schemas: &SchemaSet,
    documents: &DocumentSet,
    wrapped: JsonNode<'_>,
    subject: ViolationSubject<'_>,
    most: usize,
) -> Vec<Violation> {
    let mut explanation = ErrorExplainer {
        schemas,
        documents,
        subject,
        most,
        violations: Vec::new(),
    };
    let errors = schemas.errors(wrapped);
    for error in &errors {
        if explanation.violations.len() >= most {
            break;
        }
        explanation.error(error, "", 0);
    }
    if errors.is_empty() && most > 0 {
        explanation
            .violations
            .push(generic_violation(schemas, documents, wrapped, subject));
    }
    explanation.violations
}

/// All that can be said where alternatives within alternatives have too many errors.
fn generic_violation(
    schemas: &SchemaSet,
    documents: &DocumentSet,
    wrapped: JsonNode<'_>,
    subject: ViolationSubject<'_>,
) -> Violation {
    let message = "the value fits none of the alternatives of its schema, in too many ways to list";
    let mut violation = Violation::new(subject.class, subject.part, message);
    violation.name = subject.name.map(str::to_owned);
    let key = wrapped
        .members()
        .next()
        .map(|(key, _)| format!("/$defs/{key}"));
    let origin = key.and_then(|key| schemas.origin(&key).map(|(place, _)| place));
    violation.contract = origin.map(|place| documents.location(place));
    violation
}

struct ErrorExplainer<'e> {
    schemas: &'e SchemaSet,
    documents: &'e DocumentSet,
    subject: ViolationSubject<'e>,
    most: usize,
    violations: Vec<Violation>,
}

impl ErrorExplainer<'_> {
    /// Adds the violations of one error; `among` says of which alternatives it is one.
    fn error(&mut self, error: &ValidationError<'_>, among: &str, depth: u8) {
        let alternative = (depth < DEPTH_MAX)
            .then(|| closest_alternative(self.schemas, self.documents, error))
            .flatten();
        let Some(ClosestAlternative { errors, note }) = alternative else {
            return self.add(error, among);
        };
        let before = self.violations.len();
        for inner in errors {
            let room = self.most.min(before + ALTERNATIVE_MAX);
            if self.violations.len() >= room {
                return;
            }
            self.error(inner, &note, depth + 1);
        }
    }

    fn add(&mut self, error: &ValidationError<'_>, among: &str) {
        if self.violations.len() >= self.most {
            return;
        }
        let (schemas, documents) = (self.schemas, self.documents);
        let location = error.schema_path().as_str();
        let contract = schemas.origin(location).map(|(place, rest)| {
            let rest = rest.replace(EXACT, "");
            documents.location(documents.deepest_existing(place, &rest))
        });
        let (message, masked) = messages(schemas, documents, error);
        self.violations.push(Violation {
            class: self.subject.class,
            part: self.subject.part,
            name: self.subject.name.map(str::to_owned),
            pointer: strip_wrapper(error.instance_path().as_str()),
            keyword: Some(keyword(error)),
            expected: expected(error.kind()),
            contract,
            message: shortened(&message) + among,
            masked: shortened(&masked) + among,
        });
    }
}

/// The keyword that was not met, by the name it has in the contract.
fn keyword(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::FalseSchema => {
            let location = error.schema_path().as_str();
            location.rsplit('/').next().unwrap_or("false").to_owned()
        }
        ValidationErrorKind::BacktrackLimitExceeded { .. }
        | ValidationErrorKind::RegexEngineFailure { .. } => "pattern".to_owned(),
        kind => kind.keyword().trim_start_matches(EXACT).to_owned(),
    }
}

/// How a number misses its bound, in the words that people know from validators.
fn beyond_bound(keyword: &str, message: &str) -> Option<String> {
    let expected = message.strip_prefix(MUST_BE)?;
    let (_, limit) = expected.split_once(' ')?;
    Some(match keyword {
        "minimum" => format!("is less than the minimum of {limit}"),
        "exclusiveMinimum" => format!("is not greater than {limit}, the exclusive minimum"),
        "maximum" => format!("is greater than the maximum of {limit}"),
        "exclusiveMaximum" => format!("is not less than {limit}, the exclusive maximum"),
        "multipleOf" => format!("is not {expected}"),
        _ => return None,
    })
}

/// What is wrong, with the value and without it.
fn messages(
    schemas: &SchemaSet,
    documents: &DocumentSet,
    error: &ValidationError<'_>,
) -> (String, String) {
    let of_value = |rest: &str| {
        (
            format!("{} {rest}", error.instance()),
            format!("value {rest}"),
        )
    };
    match error.kind() {
        ValidationErrorKind::Custom { message, .. } if message.starts_with(MUST_BE) => {
            of_value(&beyond_bound(&keyword(error), message).unwrap_or_else(|| message.clone()))
        }
        ValidationErrorKind::BacktrackLimitExceeded { .. } => of_value(&format!(
            "cannot be matched by the pattern within {BACKTRACKS_MAX} steps back, and counts as not matching"
        )),
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            let names = matching_names(schemas, documents, error);
            of_value(&format!("matches {names}, and may match only one of them"))
        }
        _ => (error.to_string(), error.masked().to_string()),
    }
}

/// Takes the wrapper's member name off an instance path.
fn strip_wrapper(path: &str) -> String {
    path.strip_prefix('/')
        .and_then(|rest| rest.find('/').map(|at| rest[at..].to_owned()))
        .unwrap_or_default()
}

fn shortened(message: &str) -> String {
    match message.char_indices().nth(QUOTED_MAX) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}
