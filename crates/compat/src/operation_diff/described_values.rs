//! The schemas that describe the same values of a media type in both revisions.
//!
//! One revision may describe a sequence of records as a whole, as an array, and the other record by
//! record: `schema` in OpenAPI 3.2 next to `itemSchema`, or next to the `schema` of OpenAPI 3.1, which
//! describes one record unless it allows only arrays.

use portcullis_contract::{CompiledContract, Dialect, MediaRange, MediaType, SchemaKey};
use portcullis_json::JsonNode;

use super::contract_comparison::{LocatedProperty, property};
use super::value_encoding::is_records;

/// The schemas of the same values in both revisions.
pub(super) struct DescribedValues<'c> {
    pub(super) old: LocatedProperty<'c>,
    pub(super) new: LocatedProperty<'c>,
    pub(super) keys: Option<(SchemaKey, SchemaKey)>,
    /// Whether the values are records of a sequence that another schema describes as a whole.
    pub(super) is_record: bool,
}

/// The schema of the bodies of a media type: `schema`, or else `itemSchema` (OpenAPI 3.2), which
/// describes records like the `schema` of a sequence in OpenAPI 3.1.
pub(super) fn described<'c>(
    contract: &'c CompiledContract,
    media: &MediaType,
) -> LocatedProperty<'c> {
    let item = || property(contract, media.node_ref, "itemSchema");
    let has_items = contract.dialect == Dialect::V32;
    property(contract, media.node_ref, "schema").or_else(|| has_items.then(item).flatten())
}

/// The schema of records next to the one of the whole sequence.
pub(super) fn described_record<'c>(
    contract: &'c CompiledContract,
    media: &MediaType,
) -> LocatedProperty<'c> {
    media.item_schema()?;
    property(contract, media.node_ref, "itemSchema")
}

/// The schemas of the same values, if the revisions describe them differently: of each record, and of
/// what the sequence as a whole must be beyond that.
pub(super) fn regrouped_records<'c>(
    (old, before): (&'c CompiledContract, &MediaType),
    (new, after): (&'c CompiledContract, &MediaType),
) -> Option<[DescribedValues<'c>; 2]> {
    let is_sequence = |media: &MediaType| {
        let range = MediaRange::parse(&media.key);
        range.is_some_and(|range| is_records(&range.subtype().to_ascii_lowercase()))
    };
    let is_regrouped = before.describes_all_records() != after.describes_all_records();
    if !is_regrouped || !is_sequence(before) || !is_sequence(after) {
        return None;
    }
    let records = DescribedValues {
        old: record(old, before),
        new: record(new, after),
        // A schema inside another one has no key, so its edits are not proved.
        keys: None,
        is_record: true,
    };
    let whole = DescribedValues {
        old: bounds(old, before),
        new: bounds(new, after),
        keys: None,
        is_record: true,
    };
    Some([records, whole])
}

/// The schema of each record.
fn record<'c>(contract: &'c CompiledContract, media: &MediaType) -> LocatedProperty<'c> {
    if !media.describes_all_records() {
        return described(contract, media);
    }
    property(contract, media.node_ref, "itemSchema").or_else(|| {
        let (all, _) = described(contract, media)?;
        property(contract, contract.resolved(all), "items")
    })
}

/// The schema of all records, if it says more than which records there may be.
fn bounds<'c>(contract: &'c CompiledContract, media: &MediaType) -> LocatedProperty<'c> {
    let (all, node) = described(contract, media).filter(|_| media.describes_all_records())?;
    let has_items = property(contract, media.node_ref, "itemSchema").is_none();
    let is_of_records = |(keyword, value): (&str, JsonNode<'_>)| match keyword {
        "items" => has_items,
        "type" => value.as_str() == Some("array"),
        "title" | "description" | "example" | "examples" | "deprecated" | "externalDocs" => true,
        _ => keyword.starts_with("x-"),
    };
    let target = contract.documents().node(contract.resolved(all));
    (!target.members().all(is_of_records)).then_some((all, node))
}
