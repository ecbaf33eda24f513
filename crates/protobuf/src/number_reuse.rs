//! What a newer revision does with the numbers of an older one (Protocol Buffers, Deleting Fields).
//!
//! A number that is free again can be taken by another field, which then reads what old events mean by
//! it. So a removed field or value leaves its number reserved, and a reserved number stays unused.

use std::collections::BTreeSet;

use crate::protobuf_schema::ProtobufSchema;

/// A number that a newer revision leaves free, or takes again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProtobufNumber {
    /// The message or enumeration.
    pub place: String,
    /// The name of the field or value that had or has it.
    pub name: String,
    /// The number.
    pub number: i64,
    /// Whether the older revision had reserved it.
    pub is_reused: bool,
}

/// The numbers that a newer revision leaves free or takes again.
pub fn number_reuse(older: &ProtobufSchema, newer: &ProtobufSchema) -> Vec<ProtobufNumber> {
    let mut found = BTreeSet::new();
    let (mut messages, mut enums) = (vec![(older.root, newer.root)], BTreeSet::new());
    let mut at = 0;
    while let Some((own, other)) = messages.get(at).copied() {
        at += 1;
        let (own, other) = (&older.messages[own], &newer.messages[other]);
        for field in &own.fields {
            let number = field.number;
            match other.field(number) {
                Some(after) => {
                    let pair = field.value_type.message().zip(after.value_type.message());
                    messages.extend(pair.filter(|pair| !messages.contains(pair)));
                    let pair = field
                        .value_type
                        .enumeration()
                        .zip(after.value_type.enumeration());
                    enums.extend(pair);
                }
                None if !other.reserved.iter().any(|range| range.contains(&number)) => {
                    found.insert(ProtobufNumber {
                        place: own.name.clone(),
                        name: field.name.clone(),
                        number: number.into(),
                        is_reused: false,
                    });
                }
                None => {}
            }
        }
        for field in &other.fields {
            let number = field.number;
            if own.reserved.iter().any(|range| range.contains(&number)) {
                found.insert(ProtobufNumber {
                    place: other.name.clone(),
                    name: field.name.clone(),
                    number: number.into(),
                    is_reused: true,
                });
            }
        }
    }
    for (own, other) in enums {
        let (own, other) = (&older.enums[own], &newer.enums[other]);
        let numbered = |place: &str, (name, number): &(String, i32), is_reused| ProtobufNumber {
            place: place.to_owned(),
            name: name.clone(),
            number: (*number).into(),
            is_reused,
        };
        let removed = own.values.iter().filter(|(_, number)| {
            let is_there = other.values.iter().any(|(_, after)| after == number);
            !is_there && !other.reserved.iter().any(|range| range.contains(number))
        });
        found.extend(removed.map(|value| numbered(&own.name, value, false)));
        let taken = other
            .values
            .iter()
            .filter(|(_, number)| own.reserved.iter().any(|range| range.contains(number)));
        found.extend(taken.map(|value| numbered(&other.name, value, true)));
    }
    found.into_iter().collect()
}
