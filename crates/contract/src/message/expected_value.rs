//! Describes what a schema expects, in a few words.

use jsonschema::JsonType;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use crate::schema::exact::MUST_BE;

/// A short description of the value that a keyword expects.
pub(super) fn expected(kind: &ValidationErrorKind) -> Option<String> {
    use ValidationErrorKind as Kind;
    Some(match kind {
        Kind::Custom { message, .. } => message.strip_prefix(MUST_BE)?.to_owned(),
        Kind::MinLength { limit } => format!("at least {limit} characters"),
        Kind::MaxLength { limit } => format!("at most {limit} characters"),
        Kind::MinItems { limit } => format!("at least {limit} items"),
        Kind::MaxItems { limit } => format!("at most {limit} items"),
        Kind::MinProperties { limit } => format!("at least {limit} properties"),
        Kind::MaxProperties { limit } => format!("at most {limit} properties"),
        Kind::Pattern { pattern } => format!("text that matches {pattern}"),
        Kind::Format { format } => format_hint(format),
        Kind::Required { property } => format!("the property {property}"),
        Kind::Constant { expected_value } => format!("exactly {expected_value}"),
        Kind::Enum { options } => one_of(options),
        Kind::Type { kind } => type_names(kind),
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            format!("no property {}", quoted(unexpected))
        }
        Kind::UniqueItems => "unique items".to_owned(),
        Kind::OneOfMultipleValid { .. } => "exactly one of the alternatives".to_owned(),
        Kind::Contains => "an item that matches `contains`".to_owned(),
        Kind::FalseSchema => "no value".to_owned(),
        _ => return None,
    })
}

fn format_hint(format: &str) -> String {
    match format {
        "date-time" => "a date-time (RFC 3339), such as 2026-01-02T03:04:05Z".to_owned(),
        "date" => "a date (RFC 3339), such as 2026-01-02".to_owned(),
        "time" => "a time (RFC 3339), such as 03:04:05Z".to_owned(),
        "uuid" => "a UUID (RFC 9562)".to_owned(),
        "duration" => "a duration (ISO 8601), such as P1DT2H".to_owned(),
        "hostname" => "a host name (RFC 1123), such as api.example.com".to_owned(),
        "ipv4" => "an IPv4 address, such as 192.0.2.1".to_owned(),
        "ipv6" => "an IPv6 address, such as 2001:db8::1".to_owned(),
        "email" => "an email address, such as name@example.com".to_owned(),
        "base64url" => "base64url text (RFC 4648 section 5)".to_owned(),
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
