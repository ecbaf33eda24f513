//! Turns the errors of a validator into violations that a person can act on.
//!
//! If a value matches none of several alternatives, the errors of one of them are reported
//! (`closest_alternative.rs`), so the list stays short however deeply a contract nests alternatives.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use portcullis_json::JsonNode;
use portcullis_vocabulary::limits::{CHECK_STEPS_MAX, CHECK_STEPS_PER_VALUE};

use super::closest_alternative::{
    ClosestAlternative, closest_alternative, matching_names, referenced_component,
};
use super::expected_value::expected;
use super::violation::{MessagePart, Violation, ViolationClass};
use crate::openapi::document::DocumentSet;
use crate::schema::exact::MUST_BE;
use crate::schema::lower::EXACT;
use crate::schema::pattern_keyword::MATCHING;
use crate::schema::schema_set::SchemaSet;
use crate::schema::schema_validator::BACKTRACKS_MAX;

/// The longest message, in characters. Messages quote values.
const MESSAGE_CHARS_MAX: usize = 200;

/// The most errors of an alternative that are reported.
const ALTERNATIVE_ERRORS_MAX: usize = 3;

/// The deepest nesting of alternatives that is examined.
const DEPTH_MAX: u8 = 8;

/// What all violations of one value have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ViolationSubject<'a> {
    pub(crate) class: ViolationClass,
    pub(crate) part: MessagePart,
    pub(crate) name: Option<&'a str>,
}

/// Explains why a wrapped value does not match its schema, in at most `violations_max` violations.
pub(crate) fn explain(
    schemas: &SchemaSet,
    documents: &DocumentSet,
    wrapped: JsonNode<'_>,
    subject: ViolationSubject<'_>,
    violations_max: usize,
) -> Vec<Violation> {
    let mut explainer = ErrorExplainer {
        schemas,
        documents,
        wrapped,
        subject,
        violations_max,
        violations: Vec::new(),
    };
    if violations_max == 0 {
        return Vec::new();
    }
    let errors = schemas.errors(wrapped);
    for error in &errors {
        if explainer.violations.len() >= violations_max {
            break;
        }
        explainer.error(error, "", 0);
    }
    if errors.is_empty() {
        explainer
            .violations
            .push(generic_violation(schemas, documents, wrapped, subject));
    }
    explainer.violations
}

/// The violation of a value whose nested alternatives have too many errors to list.
fn generic_violation(
    schemas: &SchemaSet,
    documents: &DocumentSet,
    wrapped: JsonNode<'_>,
    subject: ViolationSubject<'_>,
) -> Violation {
    let message =
        "the value matches none of the alternatives of its schema, with too many errors to list";
    unlocated_violation(schemas, documents, wrapped, subject, message)
}

/// A violation of a whole value.
fn unlocated_violation(
    schemas: &SchemaSet,
    documents: &DocumentSet,
    wrapped: JsonNode<'_>,
    subject: ViolationSubject<'_>,
    message: &str,
) -> Violation {
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

/// The violation of a message whose check takes more work than a message may take.
pub(crate) fn over_limit(
    schemas: &SchemaSet,
    documents: &DocumentSet,
    wrapped: JsonNode<'_>,
    subject: ViolationSubject<'_>,
) -> Violation {
    let class = if subject.class.is_of_response() {
        ViolationClass::ResponseCheckLimit
    } else {
        ViolationClass::CheckLimit
    };
    let message =
        "checking the message takes too much work, so this value is not known to be valid";
    let expected = format!(
        "a message that is checked in {CHECK_STEPS_MAX} steps, and {CHECK_STEPS_PER_VALUE} for each value"
    );
    let subject = ViolationSubject { class, ..subject };
    unlocated_violation(schemas, documents, wrapped, subject, message).with_expected(expected)
}

struct ErrorExplainer<'e> {
    schemas: &'e SchemaSet,
    documents: &'e DocumentSet,
    wrapped: JsonNode<'e>,
    subject: ViolationSubject<'e>,
    violations_max: usize,
    violations: Vec<Violation>,
}

impl ErrorExplainer<'_> {
    /// Adds the violations of one error; `note` names the alternative that the error belongs to.
    fn error(&mut self, error: &ValidationError<'_>, note: &str, depth: u8) {
        let alternative = (depth < DEPTH_MAX)
            .then(|| closest_alternative(self.schemas, self.documents, error))
            .flatten();
        let Some(closest) = alternative else {
            return self.add(error, note);
        };
        let before = self.violations.len();
        let ClosestAlternative { errors, note } = closest;
        for inner in errors {
            let room = self.violations_max.min(before + ALTERNATIVE_ERRORS_MAX);
            if self.violations.len() >= room {
                return;
            }
            self.error(inner, &note, depth + 1);
        }
    }

    fn add(&mut self, error: &ValidationError<'_>, note: &str) {
        if self.violations.len() >= self.violations_max {
            return;
        }
        let (schemas, documents) = (self.schemas, self.documents);
        let location = error.schema_path().as_str();
        let contract = schemas.origin(location).map(|(place, rest)| {
            let rest = rest.replace(EXACT, "");
            documents.location(documents.deepest_existing(place, &rest))
        });
        let (message, masked) = messages(schemas, documents, error);
        let octets = self.octet_bound(error);
        let (message, masked) = match &octets {
            Some((count, bound)) => (
                format!("{count} octets are not {bound}"),
                format!("the number of octets is not {bound}"),
            ),
            None => (message, masked),
        };
        self.violations.push(Violation {
            class: self.subject.class,
            part: self.subject.part,
            name: self.subject.name.map(str::to_owned),
            pointer: strip_wrapper(error.instance_path().as_str()),
            keyword: Some(keyword(error)),
            expected: octets
                .map(|(_, bound)| bound)
                .or_else(|| expected(error.kind())),
            contract,
            message: shortened(&message) + note,
            masked: shortened(&masked) + note,
        });
    }
}

impl ErrorExplainer<'_> {
    /// The number of octets and its bound, if the value stands for octets, which were not kept.
    fn octet_bound(&self, error: &ValidationError<'_>) -> Option<(u64, String)> {
        let value = self.wrapped.pointer(error.instance_path().as_str())?;
        let count = value.octets()?;
        match error.kind() {
            ValidationErrorKind::MinLength { limit } => {
                Some((count, format!("at least {limit} octets")))
            }
            ValidationErrorKind::MaxLength { limit } => {
                Some((count, format!("at most {limit} octets")))
            }
            _ => None,
        }
    }
}

/// The violated keyword, by its name in the contract.
fn keyword(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::FalseSchema => false_keyword(error.schema_path().as_str()).to_owned(),
        ValidationErrorKind::BacktrackLimitExceeded { .. }
        | ValidationErrorKind::RegexEngineFailure { .. } => "pattern".to_owned(),
        kind => kind.keyword().trim_start_matches(EXACT).to_owned(),
    }
}

/// The keyword that holds a schema `false`, or `false` if no keyword does.
fn false_keyword(location: &str) -> &str {
    let mut tokens = location.rsplit('/');
    let last = tokens.next().unwrap_or_default();
    match tokens.next() {
        Some("$defs") => "false",
        Some(
            owner @ ("properties" | "patternProperties" | "dependentSchemas" | "prefixItems"
            | "allOf" | "anyOf" | "oneOf"),
        ) => owner,
        _ => last,
    }
}

/// The message for a number outside a bound, in the usual wording of validators.
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

/// The message with the value, and the message without it.
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
            let expected = &message[MUST_BE.len()..];
            if let Some(pattern) = expected.strip_prefix(MATCHING) {
                return of_value(&format!("does not match {pattern:?}"));
            }
            of_value(&beyond_bound(&keyword(error), message).unwrap_or_else(|| message.clone()))
        }
        ValidationErrorKind::BacktrackLimitExceeded { .. } => of_value(&format!(
            "cannot be matched by the pattern within {BACKTRACKS_MAX} backtracking steps"
        )),
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            let names = matching_names(schemas, documents, error);
            of_value(&format!(
                "matches {names}, but must match exactly one of them"
            ))
        }
        ValidationErrorKind::Contains => of_value(match last_keyword(error) {
            "maxContains" => "has too many items that match `contains`",
            "minContains" => "has too few items that match `contains`",
            _ => "has no item that matches `contains`",
        }),
        ValidationErrorKind::Not { .. } => {
            let name = referenced_component(schemas, documents, error);
            let name = name.map_or(String::new(), |name| format!(", `{name}`"));
            of_value(&format!("matches the schema under `not`{name}"))
        }
        ValidationErrorKind::FalseSchema => {
            of_value("is not allowed, because its schema is `false`")
        }
        ValidationErrorKind::Format { format } => {
            of_value(&format!("does not match the format {format:?}"))
        }
        ValidationErrorKind::PropertyNames { error } => messages(schemas, documents, error),
        ValidationErrorKind::UnevaluatedProperties { unexpected }
            if describes_values(schemas, documents, error) =>
        {
            let names = unexpected.iter().map(|name| format!("`{name}`"));
            let names = names.collect::<Vec<_>>().join(", ");
            let message = |names: &str| {
                format!("the schema under `unevaluatedProperties` refuses the value of {names}")
            };
            (message(&names), message(&names))
        }
        _ => (error.to_string(), error.masked().to_string()),
    }
}

fn last_keyword<'e>(error: &'e ValidationError<'_>) -> &'e str {
    let location = error.schema_path().as_str();
    location.rsplit('/').next().unwrap_or_default()
}

/// Whether the keyword of an error is a schema and not `false`.
fn describes_values(
    schemas: &SchemaSet,
    documents: &DocumentSet,
    error: &ValidationError<'_>,
) -> bool {
    let origin = schemas.origin(error.schema_path().as_str());
    origin.is_some_and(|(place, rest)| {
        let keyword = documents.deepest_existing(place, &rest.replace(EXACT, ""));
        documents.node(keyword).as_bool().is_none()
    })
}

/// Removes the wrapper's property name from an instance path.
fn strip_wrapper(path: &str) -> String {
    path.strip_prefix('/')
        .and_then(|rest| rest.find('/').map(|at| rest[at..].to_owned()))
        .unwrap_or_default()
}

fn shortened(message: &str) -> String {
    match message.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}
