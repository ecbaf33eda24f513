//! Names on the wire that another parameter reads in the newer revision: those of other parameters,
//! and those of API keys.

use serde_json::{Map, Value};

use portcullis_contract::{CredentialSample, MessageDirection, MessagePart, Parameter};
use portcullis_json::JsonNode;
use portcullis_json::pointer::escape;

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compat_finding::{ChangeLocation, ExchangePart};
use super::super::containment::{FoundText, SchemaPart, TextForm};
use super::contract_comparison::{
    ChangeDetails, ChangeScope, ContractComparison, OperationPair, RefusedValue,
};
use super::parameter_changes::value_schema;
use super::sent_names::{NamedParameter, NamedParameters, WireName, named};

const RULE: &str = "parameter.name-taken";

/// The names of an operation in both revisions, and the parameters that both have.
struct ComparedNames<'p, 'c> {
    old: NamedParameters<'c>,
    new: NamedParameters<'c>,
    pairs: &'p [(&'c Parameter, &'c Parameter)],
}

impl<'c> ComparedNames<'_, 'c> {
    fn is_pair(&self, one: &Parameter, two: &Parameter) -> bool {
        let mut pairs = self.pairs.iter();
        pairs.any(|(was, is)| std::ptr::eq(*was, one) && std::ptr::eq(*is, two))
    }

    /// Whether the older counterpart of a parameter read this name already.
    fn is_known(&self, after: &Parameter, name: &str) -> bool {
        self.old.0.iter().any(|known| {
            known.parameter.part == after.part
                && self.is_pair(known.parameter, after)
                && self.old.read(known, name).is_some()
        })
    }

    /// The parameters that read a name of this part now, and did not before.
    fn takers(&self, part: MessagePart, name: &str) -> Vec<(&NamedParameter<'c>, WireName)> {
        let of_part = self
            .new
            .0
            .iter()
            .filter(|after| after.parameter.part == part);
        let readers = of_part.filter_map(|after| Some((after, self.new.read(after, name)?)));
        readers
            .filter(|(after, _)| !self.is_known(after.parameter, name))
            .collect()
    }
}

impl<'c> ContractComparison<'c> {
    /// Reports names that another parameter reads in the newer revision. `pairs` are the parameters
    /// that both revisions have.
    pub(super) fn wire_names(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        pairs: &[(&'c Parameter, &'c Parameter)],
    ) {
        if pair.is_outbound {
            return;
        }
        let names = ComparedNames {
            old: NamedParameters::of(self.old, pair.old),
            new: NamedParameters::of(self.new, pair.new),
            pairs,
        };
        let mut all: Vec<&str> = names.old.declared().chain(names.new.declared()).collect();
        all.sort_unstable();
        all.dedup();
        for before in &names.old.0 {
            for name in &all {
                let Some(was) = names.old.sent(before, name) else {
                    continue;
                };
                for (after, is) in names.takers(before.parameter.part, name) {
                    if !names.is_pair(before.parameter, after.parameter) {
                        self.name_taken(scope, (before, was.clone()), (after, is));
                    }
                }
            }
        }
        self.key_names(scope, pair, &names);
    }

    /// Reports API keys whose text a parameter reads now.
    fn key_names(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        names: &ComparedNames<'_, 'c>,
    ) {
        let mut keys: Vec<CredentialSample> = Vec::new();
        for key in pair.old.credential_samples().into_iter().flatten() {
            let is_token = key.name.eq_ignore_ascii_case("authorization");
            if !is_token && !keys.contains(&key) {
                keys.push(key);
            }
        }
        for key in keys {
            if key.part == MessagePart::Header {
                let is_it = |known: &&Parameter| {
                    known.part == MessagePart::Header
                        && !known.is_ignored()
                        && known.name.eq_ignore_ascii_case(&key.name)
                };
                let was = pair.old.parameters.iter().find(is_it);
                let is = pair.new.parameters.iter().find(is_it);
                if let (None, Some(after)) = (was, is) {
                    self.key_taken(scope, pair, &key, &named(after), None);
                }
                continue;
            }
            // A parameter of the older revision read the key, too, and is compared.
            let is_read = |known: &NamedParameter<'_>| {
                known.parameter.part == key.part && names.old.read(known, &key.name).is_some()
            };
            if names.old.0.iter().any(is_read) {
                continue;
            }
            for (after, is) in names.takers(key.part, &key.name) {
                self.key_taken(scope, pair, &key, after, is.property.as_deref());
            }
        }
    }

    fn key_taken(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        key: &CredentialSample,
        after: &NamedParameter<'c>,
        property: Option<&str>,
    ) {
        let location = ChangeLocation::from(ExchangePart::parameter(key.part, &key.name));
        let change = ChangeDetails {
            location: location.clone(),
            ..ChangeDetails::default()
        };
        let change = change
            .from(format!("API key {}", key.name))
            .to(shown(after.parameter))
            .between(pair.old.node_ref, after.parameter.node_ref);
        self.push(RULE, scope, Some(MessageDirection::Request), change);
        let form = TextForm {
            excludes_empty: true,
            ..after.form()
        };
        let found = after.schema.map(|schema| {
            let acceptor = SchemaPart { schema, property };
            self.containment.find_refused_part(None, acceptor, form)
        });
        match found {
            Some(FoundText::Value(value)) => self.refused_values.push(RefusedValue {
                subject: scope.subject.clone(),
                rule: RULE,
                location,
                value,
            }),
            // The usual key; the rest of an object may refuse the message.
            Some(FoundText::Empty) if property.is_some() || after.is_text() => {
                self.refused_values.push(RefusedValue {
                    subject: scope.subject.clone(),
                    rule: RULE,
                    location,
                    value: key.value.clone().into(),
                });
            }
            Some(FoundText::Empty) | None => {
                self.set_level(ChangeLevel::Info, ChangeCertainty::Proved);
            }
            Some(FoundText::Unsure) => {
                self.set_unknown("no key was found that the parameter refuses");
            }
        }
    }

    fn name_taken(
        &mut self,
        scope: &ChangeScope,
        (before, was): (&NamedParameter<'c>, WireName),
        (after, is): (&NamedParameter<'c>, WireName),
    ) {
        let sender = before.parameter;
        let mut location = ChangeLocation::from(ExchangePart::parameter(sender.part, &sender.name));
        if let Some(property) = &was.property {
            location.pointer = format!("/{}", escape(property)).into();
        }
        let change = ChangeDetails {
            location: location.clone(),
            ..ChangeDetails::default()
        };
        let change = change
            .from(&was.name)
            .to(shown(after.parameter))
            .between(sender.node_ref, after.parameter.node_ref);
        self.push(RULE, scope, Some(MessageDirection::Request), change);
        let schemas = before.schema.zip(after.schema);
        let found = schemas.map(|(old, new)| {
            let producer = SchemaPart {
                schema: old,
                property: was.property.as_deref(),
            };
            let acceptor = SchemaPart {
                schema: new,
                property: is.property.as_deref(),
            };
            self.containment
                .find_refused_part(Some(producer), acceptor, before.form())
        });
        let value = match found {
            // What matters is the query as a whole, in another notation.
            Some(_) if after.is_text() => self.sample(before, &was),
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
    fn sample(&self, before: &NamedParameter<'_>, name: &WireName) -> Option<Value> {
        let sample = self.generated(before)?;
        match &name.property {
            None => Some(sample),
            Some(property) => sample.get(property).cloned(),
        }
    }

    fn generated(&self, before: &NamedParameter<'_>) -> Option<Value> {
        let request = MessageDirection::Request;
        match before.whole {
            Some(media) => self.old.generated_body(media, request),
            None => self.old.generated_value(before.parameter, request),
        }
    }

    /// A value of an older parameter with this property and those that are required.
    fn with_property(&self, before: &NamedParameter<'_>, property: String, value: Value) -> Value {
        let node = value_schema(self.old, before.parameter.node_ref)
            .map(|schema| self.old.documents().node(self.old.resolved(schema)));
        let required = node.and_then(|schema| schema.get("required"));
        let required: Vec<&str> = required
            .into_iter()
            .flat_map(|names| names.elements())
            .filter_map(JsonNode::as_str)
            .collect();
        let mut members = match self.generated(before) {
            Some(Value::Object(members)) => members,
            _ => Map::new(),
        };
        members.retain(|name, _| required.contains(&name.as_str()));
        members.insert(property, value);
        Value::Object(members)
    }
}

/// A parameter in words. The name is the last word.
fn shown(parameter: &Parameter) -> String {
    format!("{} parameter {}", parameter.part.as_str(), parameter.name)
}
