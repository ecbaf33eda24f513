//! Media types of requests and responses. A range covers all media types that it matches.

use portcullis_contract::{MediaRange, MediaType, MessageDirection, NodeRef, StatusPattern};
use portcullis_json::JsonNode;

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compat_finding::ExchangePart;
use super::super::containment::ContainmentVerdict;
use super::super::witness::ValueCarrier;
use super::contract_comparison::{
    ChangeDetails, ChangeScope, ContractComparison, OperationPair, RefusedValue, SchemaSite,
};
use super::described_values::{DescribedValues, described, described_record, regrouped_records};
use super::value_encoding::body_encoding;

/// A request body or response whose media types are compared.
pub(super) struct ContentSite {
    pub(super) direction: MessageDirection,
    /// The status to display for a response.
    pub(super) status: Option<StatusPattern>,
    pub(super) old: NodeRef,
    pub(super) new: NodeRef,
    /// Whether the body is an event.
    pub(super) is_event: bool,
}

/// A body that one revision does not describe, with the media type of the other revision.
#[derive(Clone, Copy)]
enum UndescribedBody<'c> {
    Before(&'c MediaType),
    After(&'c MediaType),
}

impl ContentSite {
    fn part(&self, media: &MediaType) -> ExchangePart {
        if self.is_event {
            return ExchangePart::Event;
        }
        let media = Some(media.key.clone());
        match self.status {
            None => ExchangePart::RequestBody(media),
            Some(status) => ExchangePart::Response {
                status: status.to_string(),
                media,
            },
        }
    }
}

impl<'c> ContractComparison<'c> {
    /// Compares the media types of a request or response, and collects their schemas.
    pub(super) fn content(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        carrier: &ContentSite,
        old: &'c [MediaType],
        new: &'c [MediaType],
    ) {
        let direction = Some(carrier.direction);
        let is_same =
            |before: &MediaType, after: &MediaType| before.key.eq_ignore_ascii_case(&after.key);
        let mut removed: Vec<&MediaType> = Vec::new();
        for before in old {
            match new.iter().find(|after| is_same(before, after)) {
                Some(after) => self.media(scope, pair, carrier, before, after),
                None => removed.push(before),
            }
        }
        let mut added: Vec<&MediaType> = new
            .iter()
            .filter(|after| !old.iter().any(|before| is_same(before, after)))
            .collect();
        let mut explained: Vec<&str> = Vec::new();
        removed.retain(|before| {
            let Some(after) = new.iter().find(|after| covers(after, before)) else {
                return true;
            };
            let rule = if covers(before, after) {
                "media-type.renamed"
            } else {
                "media-type.generalized"
            };
            let change = ChangeDetails::at(carrier.part(before))
                .from(&before.key)
                .to(&after.key);
            self.push(
                rule,
                scope,
                direction,
                change.between(before.node_ref, after.node_ref),
            );
            self.media(scope, pair, carrier, before, after);
            explained.push(&after.key);
            false
        });
        added.retain(|after| !explained.contains(&&*after.key));
        added.retain(|after| {
            let Some(before) = old.iter().find(|before| covers(before, after)) else {
                return true;
            };
            if removed.iter().any(|removed| removed.key == before.key) {
                let change = ChangeDetails::at(carrier.part(before))
                    .from(&before.key)
                    .to(&after.key);
                self.push(
                    "media-type.specialized",
                    scope,
                    direction,
                    change.between(before.node_ref, after.node_ref),
                );
                explained.push(&before.key);
            }
            self.media(scope, pair, carrier, before, after);
            false
        });
        removed.retain(|before| !explained.contains(&&*before.key));
        self.removed_media_types(scope, carrier, &removed, new.is_empty());
        self.added_media_types(scope, carrier, &added, old.is_empty());
    }

    /// `is_open` says whether the newer revision has no media types, so that it allows all of them.
    fn removed_media_types(
        &mut self,
        scope: &ChangeScope,
        carrier: &ContentSite,
        removed: &[&'c MediaType],
        is_open: bool,
    ) {
        for before in removed {
            let part = carrier.part(before);
            let change = ChangeDetails::at(part.clone()).between(before.node_ref, carrier.new);
            self.push("media-type.removed", scope, Some(carrier.direction), change);
            if is_open {
                self.any_value(scope, carrier, &part, UndescribedBody::After(before));
            }
        }
    }

    /// `is_open` says whether the older revision has no media types, so that it allows all of them.
    fn added_media_types(
        &mut self,
        scope: &ChangeScope,
        carrier: &ContentSite,
        added: &[&'c MediaType],
        is_open: bool,
    ) {
        let direction = Some(carrier.direction);
        let new_sends = (carrier.direction == MessageDirection::Response) != scope.is_outbound;
        for (number, after) in added.iter().enumerate() {
            let change =
                ChangeDetails::at(carrier.part(after)).between(carrier.old, after.node_ref);
            if is_open && !new_sends && number == 0 {
                let change = change.from("any media type").to(&after.key);
                self.push("media-type.specialized", scope, direction, change);
            } else {
                self.push("media-type.added", scope, direction, change);
            }
        }
    }

    fn media(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        carrier: &ContentSite,
        before: &'c MediaType,
        after: &'c MediaType,
    ) {
        let part = carrier.part(before);
        self.encodings(scope, carrier.direction, &part, (before, after));
        if let Some(both) = regrouped_records((self.old, before), (self.new, after)) {
            for schemas in both {
                self.values(scope, pair, carrier, (before, after), schemas);
            }
            return;
        }
        let schemas = DescribedValues {
            old: described(self.old, before),
            new: described(self.new, after),
            keys: before.schema.clone().zip(after.schema.clone()),
            is_record: false,
        };
        self.values(scope, pair, carrier, (before, after), schemas);
        let records = DescribedValues {
            old: described_record(self.old, before),
            new: described_record(self.new, after),
            keys: before
                .item_schema()
                .cloned()
                .zip(after.item_schema().cloned()),
            is_record: true,
        };
        self.values(scope, pair, carrier, (before, after), records);
    }

    /// Compares the schemas of the same values.
    fn values(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        carrier: &ContentSite,
        (before, after): (&'c MediaType, &'c MediaType),
        schemas: DescribedValues<'c>,
    ) {
        let direction = Some(carrier.direction);
        let part = carrier.part(before);
        let change = || ChangeDetails::at(part.clone());
        let has_constraints = |node: JsonNode<'_>| {
            node.as_bool() != Some(true) && !(node.is_object() && node.is_empty())
        };
        let is_record = schemas.is_record;
        match (schemas.old, schemas.new) {
            (None, None) => {}
            (None, Some((at, node))) => {
                if has_constraints(node) {
                    let change = change().between(before.node_ref, at);
                    self.push("media-type.schema.added", scope, direction, change);
                    if !is_record {
                        self.any_value(scope, carrier, &part, UndescribedBody::Before(after));
                    }
                }
            }
            (Some((at, node)), None) => {
                if has_constraints(node) {
                    let change = change().between(at, after.node_ref);
                    self.push("media-type.schema.removed", scope, direction, change);
                    if !is_record {
                        self.any_value(scope, carrier, &part, UndescribedBody::After(before));
                    }
                }
            }
            (Some((old, _)), Some((new, _))) => {
                let site = SchemaSite {
                    subject: scope.subject.clone(),
                    part: part.into(),
                    direction: carrier.direction,
                    operations: pair,
                    keys: schemas.keys,
                    encoding: body_encoding(self.old, before),
                    is_read: true,
                    pair: self.graph.add(old, new),
                    carriers: (ValueCarrier::Body(before), ValueCarrier::Body(after)),
                };
                self.add_schema_site(site);
            }
        }
    }

    /// Asks whether a schema accepts every value, because the other revision does not describe the
    /// body. Judges the last finding, if the sender of the body is the revision without a schema.
    fn any_value(
        &mut self,
        scope: &ChangeScope,
        carrier: &ContentSite,
        part: &ExchangePart,
        body: UndescribedBody<'_>,
    ) {
        let (contract, media, new_produces) = match body {
            UndescribedBody::Before(media) => (self.new, media, false),
            UndescribedBody::After(media) => (self.old, media, true),
        };
        let new_sends = (carrier.direction == MessageDirection::Response) != scope.is_outbound;
        if new_sends != new_produces {
            return;
        }
        let Some(rule) = self.findings.last().map(|finding| finding.rule.id) else {
            return;
        };
        let encoding = body_encoding(contract, media);
        let verdict = media.schema.as_ref().map(|schema| {
            let direction = carrier.direction;
            let containment = &mut self.containment;
            containment.check_any(schema, direction, new_produces, encoding)
        });
        match verdict {
            Some(ContainmentVerdict::Breaking(breaks)) => {
                self.set_level(ChangeLevel::Breaking, ChangeCertainty::Rule);
                let values = breaks.into_iter().map(|found| RefusedValue {
                    subject: scope.subject.clone(),
                    rule,
                    location: part.clone().into(),
                    value: found.witness,
                });
                self.refused_values.extend(values);
            }
            // Another media type remains undeclared in the older revision.
            _ if rule == "media-type.removed" => {}
            Some(ContainmentVerdict::Same | ContainmentVerdict::Compatible) => {
                self.set_level(ChangeLevel::Info, ChangeCertainty::Proved);
            }
            Some(ContainmentVerdict::Unknown(unknown)) => self.set_unknown(&unknown.reason),
            None => self.set_unknown("values in this form are not validated"),
        }
    }
}

/// Whether a media type or range covers everything that another covers.
fn covers(range: &MediaType, other: &MediaType) -> bool {
    let parsed = (MediaRange::parse(&range.key), MediaRange::parse(&other.key));
    matches!(parsed, (Some(range), Some(other)) if range.covers(&other).is_some())
}
