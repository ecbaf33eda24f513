//! Resolving scalars by the core schema (YAML 1.2.2 section 10.3.2).

/// A tag of the core schema on a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScalarTag {
    Str,
    Int,
    Float,
    Bool,
    Null,
    /// The tag of the key `<<` (YAML 1.1, merge key), which some writers spell out.
    Merge,
}

/// The value of a scalar.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum YamlScalar {
    Null,
    Boolean(bool),
    /// A JSON number literal.
    Number(String),
    /// The text itself.
    String,
}

/// Resolves a scalar. `plain` means that it is written without quotes.
///
/// # Errors
/// Why JSON cannot represent it.
pub(super) fn resolve(
    text: &str,
    plain: bool,
    tag: Option<ScalarTag>,
) -> Result<YamlScalar, String> {
    let resolved = match tag {
        Some(ScalarTag::Str) => Some(YamlScalar::String),
        Some(ScalarTag::Null) => is_null(text).then_some(YamlScalar::Null),
        Some(ScalarTag::Bool) => boolean(text).map(YamlScalar::Boolean),
        Some(ScalarTag::Int) => integer(text)?.map(YamlScalar::Number),
        Some(ScalarTag::Float) => number(text)?.map(YamlScalar::Number),
        Some(ScalarTag::Merge) => {
            return Err("the tag `!!merge` belongs to the key `<<`: remove it".to_owned());
        }
        None if plain => return resolve_plain(text),
        None => Some(YamlScalar::String),
    };
    resolved.ok_or_else(|| "the value does not match its tag".to_owned())
}

fn resolve_plain(text: &str) -> Result<YamlScalar, String> {
    match text.as_bytes().first() {
        None | Some(b'~' | b'n' | b'N') if is_null(text) => Ok(YamlScalar::Null),
        Some(b't' | b'T' | b'f' | b'F') => {
            Ok(boolean(text).map_or(YamlScalar::String, YamlScalar::Boolean))
        }
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => {
            Ok(number(text)?.map_or(YamlScalar::String, YamlScalar::Number))
        }
        _ => Ok(YamlScalar::String),
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// An integer in base 10, 8 (`0o`) or 16 (`0x`) as a JSON literal.
fn integer(text: &str) -> Result<Option<String>, String> {
    let (digits, radix) = match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(digits), _) => (digits, 16),
        (_, Some(digits)) => (digits, 8),
        _ => {
            let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
            return if is_digits(unsigned) && !unsigned.is_empty() {
                decimal(text)
            } else {
                Ok(None)
            };
        }
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Ok(None);
    }
    match u128::from_str_radix(digits, radix) {
        Ok(value) => Ok(Some(value.to_string())),
        Err(_) => Err("an integer of more than 128 bits".to_owned()),
    }
}

fn number(text: &str) -> Result<Option<String>, String> {
    match integer(text)? {
        Some(literal) => Ok(Some(literal)),
        None => decimal(text),
    }
}

/// A decimal integer or float as a JSON literal: `+.5` is `0.5`, `012` is `12`, `1.` is `1`.
fn decimal(text: &str) -> Result<Option<String>, String> {
    let (sign, unsigned) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (if text.starts_with('-') { "-" } else { "" }, rest),
        None => ("", text),
    };
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err("JSON cannot represent infinities and not-a-number".to_owned());
    }
    let (coefficient, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((coefficient, exponent)) => (coefficient, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = coefficient.split_once('.').unwrap_or((coefficient, ""));
    let exponent_digits = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    if !(is_digits(whole) && is_digits(fraction) && exponent_digits.is_none_or(is_digits))
        || whole.len() + fraction.len() == 0
        || exponent_digits.is_some_and(str::is_empty)
    {
        return Ok(None);
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        trimmed => trimmed,
    };
    let mut literal = format!("{sign}{whole}");
    if !fraction.is_empty() {
        literal.push('.');
        literal.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        literal.push('e');
        literal.push_str(exponent);
    }
    Ok(Some(literal))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
