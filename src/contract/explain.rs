//! From a validator's error to a violation a person can act on.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use crate::json::Node;

use super::document::Documents;
use super::lower::EXACT;
use super::schema::SchemaSet;
use super::violation::{Part, Violation, ViolationClass};

/// How much of a value a message quotes, in characters.
const QUOTED_MAX: usize = 200;

/// What the violations of one value have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) class: ViolationClass,
    pub(super) part: Part,
    pub(super) name: Option<&'a str>,
}

/// Explains why a wrapped value does not satisfy its schema, in at most `most` violations.
pub(super) fn explain(
    schemas: &SchemaSet,
    documents: &Documents,
    wrapped: Node<'_>,
    subject: Subject<'_>,
    most: usize,
) -> Vec<Violation> {
    schemas
        .errors(wrapped)
        .take(most)
        .map(|error| violation(schemas, documents, &error, subject))
        .collect()
}

fn violation(
    schemas: &SchemaSet,
    documents: &Documents,
    error: &ValidationError<'_>,
    subject: Subject<'_>,
) -> Violation {
    let Closest {
        error,
        alternatives,
    } = closest(error);
    let location = error.schema_path().as_str();
    let contract = schemas.origin(location).map(|(place, rest)| {
        let rest = rest.replace(EXACT, "");
        documents.spot(documents.nearest(place, &rest))
    });
    let keyword = match error.kind().keyword() {
        "falseSchema" => location.rsplit('/').next().unwrap_or("false").to_owned(),
        keyword => keyword.trim_start_matches(EXACT).to_owned(),
    };
    let among = match alternatives {
        0 => String::new(),
        count => format!(" (the closest of {count} alternatives)"),
    };
    Violation {
        class: subject.class,
        part: subject.part,
        name: subject.name.map(str::to_owned),
        pointer: below_wrapper(error.instance_path().as_str()),
        keyword: Some(keyword),
        expected: expected(error.kind()),
        contract,
        message: shortened(&error.to_string()) + &among,
        masked: shortened(&error.masked().to_string()) + &among,
    }
}

/// Takes the wrapper's member name off an instance path.
fn below_wrapper(path: &str) -> String {
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

struct Closest<'e, 'a> {
    error: &'e ValidationError<'a>,
    alternatives: usize,
}

/// For a value that matches no branch of `oneOf` or `anyOf`, the error of the branch that came
/// closest: the one that got deepest into the value, then the one with the fewest errors. Where
/// no branch got further than the value itself, the union's own error says most.
fn closest<'e, 'a>(error: &'e ValidationError<'a>) -> Closest<'e, 'a>
where
    'static: 'a,
{
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) =
        error.kind()
    else {
        return Closest {
            error,
            alternatives: 0,
        };
    };
    let own_depth = depth(error);
    let best = context
        .iter()
        .filter_map(|branch| {
            let deepest = branch.iter().max_by_key(|error| depth(error))?;
            let is_right_type = !branch.iter().any(|error| {
                depth(error) == own_depth
                    && matches!(error.kind(), ValidationErrorKind::Type { .. })
            });
            Some((
                is_right_type,
                depth(deepest),
                std::cmp::Reverse(branch.len()),
                deepest,
            ))
        })
        .max_by_key(|(is_right_type, depth, count, _)| (*is_right_type, *depth, *count));
    match best {
        Some((true, _, _, inner)) => {
            let inner = closest(inner);
            Closest {
                error: inner.error,
                alternatives: context.len(),
            }
        }
        _ => Closest {
            error,
            alternatives: 0,
        },
    }
}

fn depth(error: &ValidationError<'_>) -> usize {
    error.instance_path().as_str().matches('/').count()
}

/// What would have been right, in a few words.
fn expected(kind: &ValidationErrorKind) -> Option<String> {
    use ValidationErrorKind as Kind;
    Some(match kind {
        Kind::Minimum { limit } => format!("≥ {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("> {limit}"),
        Kind::Maximum { limit } => format!("≤ {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("< {limit}"),
        Kind::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("at least {limit} characters"),
        Kind::MaxLength { limit } => format!("at most {limit} characters"),
        Kind::MinItems { limit } => format!("at least {limit} items"),
        Kind::MaxItems { limit } => format!("at most {limit} items"),
        Kind::MinProperties { limit } => format!("at least {limit} members"),
        Kind::MaxProperties { limit } => format!("at most {limit} members"),
        Kind::Pattern { pattern } => format!("text that matches {pattern}"),
        Kind::Format { format } => format_hint(format),
        Kind::Required { property } => format!("the member {property}"),
        Kind::Constant { expected_value } => format!("exactly {expected_value}"),
        Kind::Enum { options } => one_of(options),
        Kind::Type { kind } => type_names(kind),
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            format!("no member {}", quoted(unexpected))
        }
        Kind::UniqueItems => "items that differ from each other".to_owned(),
        Kind::OneOfMultipleValid { .. } => "exactly one of the alternatives".to_owned(),
        Kind::Contains => "an item that matches `contains`".to_owned(),
        Kind::FalseSchema => "nothing here".to_owned(),
        _ => return None,
    })
}

fn format_hint(format: &str) -> String {
    match format {
        "date-time" => "a date-time (RFC 3339), such as 2026-01-02T03:04:05Z".to_owned(),
        "date" => "a date (RFC 3339), such as 2026-01-02".to_owned(),
        "time" => "a time (RFC 3339), such as 03:04:05Z".to_owned(),
        "uuid" => "a UUID (RFC 9562)".to_owned(),
        "byte" => "base64 text (RFC 4648 section 4)".to_owned(),
        other => format!("text in the format `{other}`"),
    }
}

fn one_of(options: &Value) -> String {
    let Some(options) = options.as_array() else {
        return format!("one of {options}");
    };
    let shown: Vec<String> = options.iter().take(12).map(Value::to_string).collect();
    let more = if options.len() > shown.len() {
        ", …"
    } else {
        ""
    };
    format!("one of {}{more}", shown.join(", "))
}

fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names
        .iter()
        .take(12)
        .map(|name| format!("`{name}`"))
        .collect();
    quoted.join(", ")
}

fn type_names(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => type_name(*one).to_owned(),
        TypeKind::Multiple(set) => {
            let names: Vec<&str> = set.iter().map(type_name).collect();
            names.join(" or ")
        }
    }
}

fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "an array",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "an integer",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a string",
    }
}
