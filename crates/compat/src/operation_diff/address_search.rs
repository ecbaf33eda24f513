//! Searches for an address that an operation of the older contract serves and accepts, among the
//! addresses that some templates match and others do not.

use http::Method;
use serde_json::Value;

use portcullis_contract::{MessageDirection, MessagePart, Operation, Parameter, ParameterStyle};

use super::super::containment::{FoundText, ItemSeparation, TextCarrier, TextConditions, TextForm};
use super::super::witness::path_text;
use super::address_template::{ANY_VALUE, AddressTemplate, SegmentText, literal};
use super::contract_comparison::ContractComparison;
use super::segment_conditions::SegmentCondition;
use super::served_paths::accepts_path;

/// The most combinations of conditions to try.
const COMBINATIONS_MAX: usize = 64;

/// The most values of one parameter to try.
const VALUES_MAX: usize = 8;

/// The values of each parameter to try in a segment with several.
const MIXED_VALUES_MAX: usize = 3;

/// Addresses of an operation of the older contract.
pub(super) struct AddressSet<'s, 'c> {
    pub(super) template: &'s AddressTemplate<'c>,
    pub(super) operation: usize,
    pub(super) method: &'s Method,
    /// The conditions that all addresses meet.
    pub(super) inside: Vec<SegmentCondition<'s>>,
    /// Each address fails at least one condition of each list.
    pub(super) outside: Vec<Vec<SegmentCondition<'s>>>,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FoundAddress {
    Address(String),
    /// The operation accepts no such address.
    Empty,
    Unsure,
}

/// The conditions on one segment.
#[derive(Default)]
struct SegmentDemands<'d, 's> {
    met: Vec<&'d SegmentCondition<'s>>,
    failed: Vec<&'d SegmentCondition<'s>>,
}

impl SegmentDemands<'_, '_> {
    fn hold(&self, text: &str) -> bool {
        self.met.iter().all(|condition| condition.holds(text))
            && !self.failed.iter().any(|condition| condition.holds(text))
    }

    /// The demands on the value of a parameter that is a whole segment.
    fn conditions(&self, parameter: Option<&Parameter>) -> TextConditions {
        let mut conditions = TextConditions::default();
        let is_plain = parameter.is_none_or(|known| known.style == ParameterStyle::Simple);
        if !is_plain {
            return conditions;
        }
        let patterns = |all: &[&SegmentCondition<'_>]| -> Vec<String> {
            all.iter().filter_map(|one| one.pattern()).collect()
        };
        let texts = self.met.iter().filter_map(|condition| condition.text());
        conditions.texts.extend(texts);
        conditions.matches = patterns(&self.met);
        conditions.differs = patterns(&self.failed);
        let texts = self.failed.iter().filter_map(|condition| condition.text());
        conditions.excluded.extend(texts.map(Value::from));
        conditions
    }
}

impl<'c> ContractComparison<'c> {
    /// An address of the set.
    pub(super) fn find_address(&mut self, set: &AddressSet<'_, 'c>) -> FoundAddress {
        let mut tries = 0;
        let found = self.without(set, &set.outside, &mut Vec::new(), &mut tries);
        match &found {
            FoundAddress::Address(address) => {
                let operation = &self.old.operations[set.operation];
                if accepts_path(self.old, operation, set.method, address) {
                    found
                } else {
                    FoundAddress::Unsure
                }
            }
            FoundAddress::Empty | FoundAddress::Unsure => found,
        }
    }

    /// An address that fails a condition of each list, besides the chosen ones.
    fn without<'d>(
        &mut self,
        set: &'d AddressSet<'_, 'c>,
        outside: &'d [Vec<SegmentCondition<'_>>],
        chosen: &mut Vec<&'d SegmentCondition<'d>>,
        tries: &mut usize,
    ) -> FoundAddress {
        let Some((first, rest)) = outside.split_first() else {
            *tries += 1;
            self.address_work += chosen.len() + 1;
            return self.address_that_fails(set, chosen);
        };
        let mut answer = FoundAddress::Empty;
        for condition in first {
            if *tries >= COMBINATIONS_MAX {
                return FoundAddress::Unsure;
            }
            chosen.push(condition);
            let found = self.without(set, rest, chosen, tries);
            chosen.pop();
            match found {
                FoundAddress::Address(_) => return found,
                FoundAddress::Unsure => answer = FoundAddress::Unsure,
                FoundAddress::Empty => {}
            }
        }
        answer
    }

    fn address_that_fails(
        &mut self,
        set: &AddressSet<'_, 'c>,
        failed: &[&SegmentCondition<'_>],
    ) -> FoundAddress {
        let operation = &self.old.operations[set.operation];
        let mut address = String::new();
        let mut is_sure = true;
        for (number, pieces) in set.template.segments.iter().enumerate() {
            let of_segment = |condition: &&SegmentCondition<'_>| condition.segment == number;
            let demands = SegmentDemands {
                met: set.inside.iter().filter(of_segment).collect(),
                failed: failed.iter().copied().filter(of_segment).collect(),
            };
            match self.segment_text(operation, pieces, &demands) {
                FoundAddress::Address(text) => {
                    address.push('/');
                    address.push_str(&text);
                }
                FoundAddress::Empty => return FoundAddress::Empty,
                FoundAddress::Unsure => is_sure = false,
            }
        }
        if is_sure {
            FoundAddress::Address(address)
        } else {
            FoundAddress::Unsure
        }
    }

    /// The text of a segment, percent-encoded.
    fn segment_text(
        &mut self,
        operation: &'c Operation,
        pieces: &[SegmentText<'_>],
        demands: &SegmentDemands<'_, '_>,
    ) -> FoundAddress {
        if let Some(text) = literal(pieces) {
            return if demands.hold(text) {
                FoundAddress::Address(text.to_owned())
            } else {
                FoundAddress::Empty
            };
        }
        if let [SegmentText::Expression(name)] = pieces {
            let parameter = path_parameter(operation, name);
            let conditions = demands.conditions(parameter);
            let (texts, is_complete) =
                self.texts(parameter, conditions, 1, &|text| demands.hold(text));
            return match texts.into_iter().next() {
                Some(text) => FoundAddress::Address(text),
                None if is_complete => FoundAddress::Empty,
                None => FoundAddress::Unsure,
            };
        }
        let mut texts = vec![String::new()];
        for piece in pieces {
            let parts = match piece {
                SegmentText::Literal(text) => vec![(*text).to_owned()],
                SegmentText::Expression(name) => {
                    let parameter = path_parameter(operation, name);
                    let none = TextConditions::default();
                    self.texts(parameter, none, MIXED_VALUES_MAX, &|_| true).0
                }
            };
            let longer = |text: &String| {
                let parts = parts.iter().map(|part| format!("{text}{part}"));
                parts.collect::<Vec<_>>()
            };
            texts = texts.iter().flat_map(longer).collect();
        }
        let found = texts.into_iter().find(|text| demands.hold(text));
        found.map_or(FoundAddress::Unsure, FoundAddress::Address)
    }

    /// Up to `wanted` texts of a path parameter, and whether there are no others.
    fn texts(
        &mut self,
        parameter: Option<&'c Parameter>,
        mut conditions: TextConditions,
        wanted: usize,
        holds: &dyn Fn(&str) -> bool,
    ) -> (Vec<String>, bool) {
        let mut found = Vec::new();
        let example = match parameter {
            Some(parameter) => self.valid_example(parameter),
            None => Some(ANY_VALUE.into()),
        };
        let mut next = example;
        for _ in 0..=VALUES_MAX {
            let value = match next.take() {
                Some(value) => value,
                None => {
                    let schema = parameter.and_then(Parameter::schema);
                    let form = path_form(parameter);
                    match self.containment.find_text(schema, form, &conditions) {
                        FoundText::Value(value) => value,
                        FoundText::Empty => return (found, true),
                        FoundText::Unsure => break,
                    }
                }
            };
            let text = path_text(parameter, &value);
            conditions.excluded.push(value);
            if !text.is_empty() && holds(&text) && !found.contains(&text) {
                found.push(text);
            }
            if found.len() == wanted {
                break;
            }
        }
        (found, false)
    }

    /// A text of a path parameter.
    pub(super) fn text_of(&mut self, parameter: Option<&'c Parameter>) -> String {
        let (texts, _) = self.texts(parameter, TextConditions::default(), 1, &|_| true);
        let text = texts.into_iter().next();
        text.unwrap_or_else(|| ANY_VALUE.to_owned())
    }

    /// The example of a parameter, if it is valid.
    fn valid_example(&self, parameter: &Parameter) -> Option<Value> {
        let example = self.old.parameter_example(parameter)?;
        let text = example.to_string();
        let is_valid = parameter
            .schema()
            .is_none_or(|schema| self.old.accepts(MessageDirection::Request, schema, &text));
        is_valid.then_some(example)
    }
}

/// The declared path parameter of a name.
pub(super) fn path_parameter<'c>(operation: &'c Operation, name: &str) -> Option<&'c Parameter> {
    let mut parameters = operation.parameters.iter();
    parameters.find(|parameter| parameter.part == MessagePart::Path && parameter.name == name)
}

/// How a path parameter is written in its segment.
pub(super) fn path_form(parameter: Option<&Parameter>) -> TextForm {
    let is_matrix = parameter.is_some_and(|known| known.style == ParameterStyle::Matrix);
    TextForm {
        carrier: TextCarrier::Path,
        items: ItemSeparation::Comma,
        excludes_empty: !is_matrix,
    }
}
