//! Which pairs of a query, a form or a cookie header belong to which parameter.

use std::borrow::Cow;

use super::declaration::{Parameter, ParameterStyle};
use super::escapes::{EscapeRules, decode};
use super::read_parameter::ParameterSource;
use crate::message::violation::MessagePart;

impl Parameter {
    /// Whether there is something of the parameter to read.
    pub(crate) fn is_in(&self, source: ParameterSource<'_>) -> bool {
        let ParameterSource::Pairs(pairs, siblings) = source else {
            return true;
        };
        pairs.iter().any(|(raw, _)| {
            let Some(name) = decoded_query_name(raw) else {
                return false;
            };
            let is_sibling = || {
                siblings
                    .iter()
                    .any(|other| owns_pair(other, &name, self.part))
            };
            owns_pair(self, &name, self.part)
                || self.takes_member(&name)
                || (self.takes_any_query() && !is_sibling())
        })
    }
}

/// A name of the query, decoded; `None` where its escapes are malformed.
pub(crate) fn decoded_query_name(raw: &str) -> Option<Cow<'_, str>> {
    decode(raw, EscapeRules::Form).ok()
}

/// Whether a declared parameter takes pairs of this (decoded) name.
pub(crate) fn owns_pair(parameter: &Parameter, name: &str, part: MessagePart) -> bool {
    parameter.part == part
        && (parameter.name == name
            || (parameter.style == ParameterStyle::DeepObject
                && deep_member(name, &parameter.name).is_some()))
}

/// The member part of `name[member]`.
pub(super) fn deep_member<'a>(name: &'a str, parameter: &str) -> Option<&'a str> {
    name.strip_prefix(parameter)?
        .strip_prefix('[')?
        .strip_suffix(']')
}
