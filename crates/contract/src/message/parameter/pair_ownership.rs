//! Assigns the pairs of a query, a form or a cookie header to parameters.

use std::borrow::Cow;

use super::declaration::Parameter;
use super::escapes::{EscapeRules, decode};
use super::parameter_source::ParameterSource;
use super::parameter_style::ParameterStyle;
use crate::message::violation::MessagePart;

impl Parameter {
    /// Whether the source contains the parameter.
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
                || self.takes_property(&name)
                || (self.takes_other(&name) && !is_sibling())
        })
    }
}

/// The decoded name of a query pair; `None` if its escapes are malformed.
pub(crate) fn decoded_query_name(raw: &str) -> Option<Cow<'_, str>> {
    decode(raw, EscapeRules::Form).ok()
}

/// Whether pairs with this decoded name belong to a declared parameter.
pub(crate) fn owns_pair(parameter: &Parameter, name: &str, part: MessagePart) -> bool {
    parameter.part == part
        && (parameter.name == name
            || (parameter.style == ParameterStyle::DeepObject
                && deep_object_property(name, &parameter.name).is_some()))
}

/// The property in `name[property]`.
pub(super) fn deep_object_property<'a>(name: &'a str, parameter: &str) -> Option<&'a str> {
    name.strip_prefix(parameter)?
        .strip_prefix('[')?
        .strip_suffix(']')
}
