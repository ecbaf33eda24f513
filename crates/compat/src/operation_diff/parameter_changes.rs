//! Parameters: added, removed, required, and their serialization.
//!
//! Two path parameters match if they have the same position in the path, whatever their names.

use portcullis_contract::{MediaType, MessageDirection, MessagePart, NodeRef, Parameter};
use portcullis_json::JsonNode;

use super::super::compat_finding::{ExchangePart, path_expressions};
use super::super::schema_diff::LifecycleSubject;
use super::super::witness::ValueCarrier;
use super::contract_comparison::{
    ChangeDetails, ChangeScope, ContractComparison, OperationPair, SchemaSite, property,
};
use super::value_encoding::{WrittenForms, body_encoding, encoding_of};
use portcullis_vocabulary::Date;

/// Parameters always belong to a request.
const REQUEST: Option<MessageDirection> = Some(MessageDirection::Request);

impl<'c> ContractComparison<'c> {
    /// Compares the parameters of an operation.
    pub(super) fn parameters(&mut self, scope: &ChangeScope, pair: OperationPair<'c>) {
        let OperationPair { old, new, .. } = pair;
        let (was, is) = (path_expressions(&old.path), path_expressions(&new.path));
        let aligned = match self.takeover(pair) {
            Some(takeover) => takeover.aligned.clone(),
            None => {
                let names = was.iter().zip(&is);
                let owned = |(was, is): (&&str, &&str)| ((*was).to_owned(), (*is).to_owned());
                names.map(owned).collect()
            }
        };
        let is_same = |before: &Parameter, after: &Parameter| match before.part {
            MessagePart::Path if after.part == MessagePart::Path => aligned
                .iter()
                .any(|(was, is)| *was == before.name && *is == after.name),
            // The name of the whole query is not sent.
            _ => before.is_same(after) || (before.is_whole_query() && after.is_whole_query()),
        };
        let mut added: Vec<&Parameter> = new.parameters.iter().collect();
        let mut removed = Vec::new();
        let mut pairs = Vec::new();
        for before in &old.parameters {
            match added.iter().position(|after| is_same(before, after)) {
                Some(at) => {
                    let after = added.remove(at);
                    pairs.push((before, after));
                    self.parameter(scope, pair, before, after);
                }
                None => removed.push(before),
            }
        }
        removed.retain(|before| {
            let moved = added.iter().position(|after| {
                after.name.eq_ignore_ascii_case(&before.name)
                    && after.part != MessagePart::Path
                    && after.location() != before.location()
            });
            if let Some(at) = moved.filter(|_| before.part != MessagePart::Path) {
                let after = added.remove(at);
                let change = ChangeDetails::at(ExchangePart::parameter(before.part, &before.name))
                    .from(before.location())
                    .to(after.location())
                    .between(before.node_ref, after.node_ref);
                self.push("parameter.moved", scope, REQUEST, change);
            }
            moved.is_none() || before.part == MessagePart::Path
        });
        // Where one path has text, a parameter of the other has this text as its value.
        let is_compared = |part: MessagePart| part != MessagePart::Path || pair.takeover.is_none();
        self.unplaced_parameters(scope, pair);
        self.wire_names(scope, pair, &pairs);
        for before in removed {
            let is_placed = |(was, _): &(String, String)| *was == before.name;
            if before.part == MessagePart::Path && aligned.iter().any(is_placed) {
                self.undeclared_in_path(scope, pair, before);
            } else if is_compared(before.part) {
                self.removed_parameter(scope, pair, before);
            }
        }
        for after in added {
            let placed = aligned.iter().find(|(_, is)| *is == after.name);
            if let (MessagePart::Path, Some((was, _))) = (after.part, placed) {
                self.declared_in_path(scope, pair, was, after);
            } else if is_compared(after.part) {
                self.added_parameter(scope, pair, after);
            }
        }
    }

    fn added_parameter(&mut self, scope: &ChangeScope, pair: OperationPair<'c>, after: &Parameter) {
        let rule = if after.required {
            "parameter.added.required"
        } else {
            "parameter.added.optional"
        };
        let change = ChangeDetails::at(ExchangePart::parameter(after.part, &after.name));
        let change = change.between(pair.old.node_ref, after.node_ref);
        self.push(rule, scope, REQUEST, change);
    }

    fn removed_parameter(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        before: &Parameter,
    ) {
        let node = self.old.documents().node(before.node_ref);
        let is_deprecated = node.get("deprecated").and_then(JsonNode::as_bool) == Some(true);
        let sunset = node.get("x-sunset").and_then(|value| value.as_str());
        let end = sunset.map(|sunset| Date::parse(sunset).ok_or(sunset));
        let mut change = ChangeDetails::at(ExchangePart::parameter(before.part, &before.name))
            .between(before.node_ref, pair.new.node_ref);
        let rule = match end {
            Some(Err(text)) if is_deprecated => {
                let malformed = ChangeDetails::at((*change.location.part).clone())
                    .between(before.node_ref, pair.new.node_ref);
                self.push(
                    "parameter.sunset.malformed",
                    scope,
                    REQUEST,
                    malformed.from(text),
                );
                "parameter.removed"
            }
            Some(Ok(end)) if is_deprecated && end > self.options.today => {
                "parameter.removed-before-sunset"
            }
            Some(Ok(_)) if is_deprecated => "parameter.retired",
            _ => "parameter.removed",
        };
        // Other removals have nothing to do with a date.
        if rule != "parameter.removed" {
            change.before = sunset.map(str::to_owned);
        }
        self.push(rule, scope, REQUEST, change);
    }

    fn parameter(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        before: &'c Parameter,
        after: &'c Parameter,
    ) {
        let part = ExchangePart::parameter(before.part, &before.name);
        let change = || ChangeDetails::at(part.clone()).between(before.node_ref, after.node_ref);
        match (before.required, after.required) {
            (false, true) => self.push("parameter.required", scope, REQUEST, change()),
            (true, false) => self.push("parameter.optional", scope, REQUEST, change()),
            _ => {}
        }
        let is_renamed = before.part == MessagePart::Path && before.name != after.name;
        if is_renamed && before.writes_name() && after.writes_name() {
            let change = change().from(&before.name).to(&after.name);
            self.push("parameter.renamed", scope, REQUEST, change);
        }
        let node_refs = (before.node_ref, after.node_ref);
        self.lifecycle_changes(
            LifecycleSubject::Parameter,
            scope,
            REQUEST,
            &part,
            node_refs,
        );
        let queries = pair.old.query_content().zip(pair.new.query_content());
        let queries = queries.filter(|_| before.is_whole_query());
        let forms = match queries {
            Some((was, is)) if self.query_content(scope, &part, was, is) => WrittenForms::Same,
            Some(_) => WrittenForms::Different,
            None => self.serialization(scope, MessageDirection::Request, &part, before, after),
        };
        let schemas = (
            value_schema(self.old, before.node_ref),
            value_schema(self.new, after.node_ref),
        );
        let (Some(old), Some(new)) = schemas else {
            return;
        };
        let keys = before.schema().cloned().zip(after.schema().cloned());
        let site = SchemaSite {
            subject: scope.subject.clone(),
            part: part.into(),
            direction: MessageDirection::Request,
            operations: pair,
            keys: keys.filter(|_| forms == WrittenForms::Same),
            encoding: match queries {
                Some((was, _)) => body_encoding(self.old, was),
                None => encoding_of(pair, MessageDirection::Request, before, after),
            },
            is_read: forms != WrittenForms::AnyText,
            pair: self.graph.add(old, new),
            carriers: (
                ValueCarrier::Parameter(before),
                ValueCarrier::Parameter(after),
            ),
        };
        self.add_schema_site(site);
    }
}

impl<'c> ContractComparison<'c> {
    /// Compares the media types of the whole query. Returns whether both revisions write it alike.
    fn query_content(
        &mut self,
        scope: &ChangeScope,
        part: &ExchangePart,
        was: &MediaType,
        is: &MediaType,
    ) -> bool {
        if !was.key.eq_ignore_ascii_case(&is.key) {
            let change = ChangeDetails::at(part.clone()).between(was.node_ref, is.node_ref);
            let change = change.from(&was.key).to(&is.key);
            self.push("parameter.content.changed", scope, REQUEST, change);
            return false;
        }
        self.encodings(scope, MessageDirection::Request, part, (was, is));
        true
    }
}

/// The schema of a parameter or header, from `schema` or `content`.
pub(super) fn value_schema(
    contract: &portcullis_contract::CompiledContract,
    at: NodeRef,
) -> Option<NodeRef> {
    if let Some((schema, _)) = property(contract, at, "schema") {
        return Some(schema);
    }
    let (near, content) = property(contract, at, "content")?;
    let (_, media) = content.members().next()?;
    let schema = media.get("schema")?;
    Some(portcullis_contract::DocumentSet::node_ref(near, schema))
}
