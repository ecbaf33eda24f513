//! The values that a query or a cookie has for the name of a parameter.

use super::declaration::Parameter;
use super::escapes::{EscapeRules, is_named};
use super::parameter_read_error::ParameterReadError;
use super::raw_pairs::RawPairs;
use crate::message::violation::MessagePart;

/// The values of the pairs with the parameter's name.
pub(super) fn values_of<'a>(
    parameter: &Parameter,
    pairs: RawPairs<'a>,
    escapes: EscapeRules,
) -> impl Iterator<Item = &'a str> + Clone {
    pairs
        .iter()
        .filter(move |(name, _)| is_named(name, &parameter.name, escapes))
        .map(|pair| pair.1)
}

/// The values of the pairs with the parameter's name, at least one. A single one that may be empty is
/// not checked.
pub(super) fn all_values<'a>(
    parameter: &Parameter,
    pairs: RawPairs<'a>,
    escapes: EscapeRules,
) -> Result<impl Iterator<Item = &'a str>, ParameterReadError> {
    let values = values_of(parameter, pairs, escapes);
    let mut first = values.clone();
    match (first.next(), first.next()) {
        (None, _) => Err(ParameterReadError::Missing),
        (Some(""), None) if parameter.allow_empty => Err(ParameterReadError::NotChecked),
        (Some(_), _) => Ok(values),
    }
}

/// The value of the only pair with the parameter's name.
pub(super) fn only_value<'a>(
    parameter: &Parameter,
    pairs: RawPairs<'a>,
    escapes: EscapeRules,
) -> Result<&'a str, ParameterReadError> {
    let mut values = values_of(parameter, pairs, escapes);
    let value = values.next().ok_or(ParameterReadError::Missing)?;
    // Of repeated cookies the first is the most specific one (RFC 6265 section 5.4).
    if parameter.part != MessagePart::Cookie && values.next().is_some() {
        return Err(ParameterReadError::Repeated);
    }
    if value.is_empty() && parameter.allow_empty {
        return Err(ParameterReadError::NotChecked);
    }
    Ok(value)
}
