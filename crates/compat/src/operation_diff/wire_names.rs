//! Parameters that have a name on the wire in common with another parameter. The properties of an
//! exploded object are sent under their own names, so a parameter can read what was sent for another
//! one.

use serde_json::{Map, Value};

use portcullis_contract::{
    CompiledContract, MessageDirection, MessagePart, Parameter, ParameterStyle,
};
use portcullis_json::JsonNode;
use portcullis_json::pointer::escape;

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compat_finding::{ChangeLocation, ExchangePart};
use super::super::containment::{FoundText, ItemSeparation, SchemaPart, TextCarrier, TextForm};
use super::contract_comparison::{
    ChangeDetails, ChangeScope, ContractComparison, OperationPair, RefusedValue,
};
use super::parameter_changes::value_schema;

const RULE: &str = "parameter.name-taken";

/// A name on the wire, and the property that it carries.
#[derive(Clone, Debug)]
struct WireName {
    name: String,
    property: Option<String>,
}

impl<'c> ContractComparison<'c> {
    /// Reports names of older parameters that another parameter reads in the newer revision, too.
    /// `pairs` are the parameters that both revisions have.
    pub(super) fn wire_names(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        pairs: &[(&'c Parameter, &'c Parameter)],
    ) {
        let old: Vec<_> = sent_names(self.old, &pair.old.parameters);
        let new: Vec<_> = sent_names(self.new, &pair.new.parameters);
        if old.is_empty() || new.is_empty() || pair.is_outbound {
            return;
        }
        let is_pair = |one: &Parameter, two: &Parameter| {
            let mut pairs = pairs.iter();
            pairs.any(|(was, is)| std::ptr::eq(*was, one) && std::ptr::eq(*is, two))
        };
        let mut taken = Vec::new();
        for (before, was) in &old {
            let others = new
                .iter()
                .filter(|(after, _)| after.part == before.part && !is_pair(before, after));
            for (after, is) in others.filter(|(_, is)| is.name == was.name) {
                // The older counterpart read this name already.
                let is_known = old.iter().any(|(known, name)| {
                    name.name == is.name && is_pair(known, after) && known.part == after.part
                });
                if !is_known {
                    taken.push(((*before, was.clone()), (*after, is.clone())));
                }
            }
        }
        for (before, after) in taken {
            self.name_taken(scope, before, after);
        }
    }

    fn name_taken(
        &mut self,
        scope: &ChangeScope,
        (before, was): (&'c Parameter, WireName),
        (after, is): (&'c Parameter, WireName),
    ) {
        let mut location = ChangeLocation::from(ExchangePart::parameter(before.part, &before.name));
        if let Some(property) = &was.property {
            location.pointer = format!("/{}", escape(property)).into();
        }
        let change = ChangeDetails {
            location: location.clone(),
            ..ChangeDetails::default()
        };
        let change = change
            .from(&was.name)
            .to(format!("{} parameter {}", after.part.as_str(), after.name))
            .between(before.node_ref, after.node_ref);
        self.push(RULE, scope, Some(MessageDirection::Request), change);
        let schemas = before.schema().zip(after.schema());
        let found = schemas.map(|(old, new)| {
            let (old, new) = (
                SchemaPart {
                    schema: old,
                    property: was.property.as_deref(),
                },
                SchemaPart {
                    schema: new,
                    property: is.property.as_deref(),
                },
            );
            self.containment.find_refused_part(old, new, form(before))
        });
        let value = match found {
            Some(FoundText::Value(value)) => Some(value),
            // The rest of an object may refuse the message.
            Some(FoundText::Empty) if is.property.is_some() => self.sample(before, &was),
            Some(FoundText::Empty) => None,
            Some(FoundText::Unsure) => {
                return self.set_unknown("no value was found that the other parameter refuses");
            }
            None => return self.set_unknown("values in this form are not validated"),
        };
        match value {
            Some(value) => {
                let value = match was.property {
                    None => value,
                    Some(property) => self.with_property(before, property, value),
                };
                self.refused_values.push(RefusedValue {
                    subject: scope.subject.clone(),
                    rule: RULE,
                    location,
                    value,
                });
            }
            None => self.set_level(ChangeLevel::Info, ChangeCertainty::Proved),
        }
    }

    /// A value that an older parameter sends under a name.
    fn sample(&self, parameter: &Parameter, name: &WireName) -> Option<Value> {
        let sample = self
            .old
            .generated_value(parameter, MessageDirection::Request)?;
        match &name.property {
            None => Some(sample),
            Some(property) => sample.get(property).cloned(),
        }
    }

    /// A value of an older parameter with this property and those that are required.
    fn with_property(&self, parameter: &Parameter, property: String, value: Value) -> Value {
        let node = value_schema(self.old, parameter.node_ref)
            .map(|schema| self.old.documents().node(self.old.resolved(schema)));
        let required = node.and_then(|schema| schema.get("required"));
        let required: Vec<&str> = required
            .into_iter()
            .flat_map(|names| names.elements())
            .filter_map(JsonNode::as_str)
            .collect();
        let sample = self
            .old
            .generated_value(parameter, MessageDirection::Request);
        let mut members = match sample {
            Some(Value::Object(members)) => members,
            _ => Map::new(),
        };
        members.retain(|name, _| required.contains(&name.as_str()));
        members.insert(property, value);
        Value::Object(members)
    }
}

/// The names under which the query and cookies carry the parameters.
fn sent_names<'c>(
    contract: &CompiledContract,
    parameters: &'c [Parameter],
) -> Vec<(&'c Parameter, WireName)> {
    let in_pairs = parameters
        .iter()
        .filter(|parameter| matches!(parameter.part, MessagePart::Query | MessagePart::Cookie))
        .filter(|parameter| !parameter.is_whole_query());
    in_pairs
        .flat_map(|parameter| {
            let names = names(contract, parameter).into_iter();
            names.map(move |name| (parameter, name))
        })
        .collect()
}

fn names(contract: &CompiledContract, parameter: &Parameter) -> Vec<WireName> {
    let is_deep = parameter.style == ParameterStyle::DeepObject;
    let is_exploded = matches!(
        parameter.style,
        ParameterStyle::Form | ParameterStyle::Cookie
    ) && parameter.explode;
    let properties: Vec<&str> = value_schema(contract, parameter.node_ref)
        .filter(|_| is_deep || is_exploded)
        .and_then(|schema| {
            let schema = contract.documents().node(contract.resolved(schema));
            schema.get("properties")
        })
        .into_iter()
        .flat_map(|properties| properties.members())
        .map(|(name, _)| name)
        .collect();
    if properties.is_empty() {
        return vec![WireName {
            name: parameter.name.clone(),
            property: None,
        }];
    }
    let name = |property: &str| WireName {
        name: if is_deep {
            format!("{}[{property}]", parameter.name)
        } else {
            property.to_owned()
        },
        property: Some(property.to_owned()),
    };
    properties.into_iter().map(name).collect()
}

fn form(parameter: &Parameter) -> TextForm {
    let carrier = match parameter.part {
        MessagePart::Cookie => TextCarrier::Cookie,
        _ => TextCarrier::Query,
    };
    let items = match carrier {
        TextCarrier::Query if parameter.explode => ItemSeparation::Pairs,
        _ => ItemSeparation::Comma,
    };
    TextForm {
        carrier,
        items,
        excludes_empty: parameter.allow_empty,
    }
}
