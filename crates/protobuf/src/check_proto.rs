//! What a Protobuf file must be, apart from its syntax.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::RangeInclusive;

use crate::proto_file::{
    FileFaults, ProtoFile, ProtoSyntax, TextFault, TextPlace, WrittenEnum, WrittenField,
    WrittenLabel, WrittenMessage, WrittenType, fault_at, json_name_of,
};
use crate::proto_parser::NUMBER_MAX;

/// The numbers that Protobuf keeps for itself.
const OWN_NUMBERS: RangeInclusive<u64> = 19_000..=19_999;

/// Names that are declared twice.
pub(crate) fn check_names(files: &BTreeMap<u32, ProtoFile>) -> FileFaults {
    let mut names: HashSet<String> = HashSet::new();
    let mut faults = Vec::new();
    for (number, file) in files {
        let mut declare = |name: String, place: TextPlace| {
            if names.contains(&name) {
                let message = format!("`{name}` is declared twice");
                faults.push((*number, fault_at(place, message)));
            }
            names.insert(name);
        };
        for (name, place) in &file.other_names {
            declare(name.clone(), *place);
        }
        for message in &file.messages {
            declare(message.name.clone(), message.place);
            let fields = message
                .fields
                .iter()
                .map(|field| (&field.name, field.place));
            let oneofs = message.oneofs.iter().map(|(name, place)| (name, *place));
            for (name, place) in fields.chain(oneofs) {
                declare(format!("{}.{name}", message.name), place);
            }
        }
        for written in &file.enums {
            declare(written.name.clone(), written.place);
            // As in C++, values stand next to their enumeration.
            let scope = written.name.rsplit_once('.').map_or("", |(scope, _)| scope);
            for (name, _, place) in &written.values {
                let full_name = match scope {
                    "" => name.clone(),
                    _ => format!("{scope}.{name}"),
                };
                declare(full_name, *place);
            }
        }
    }
    faults
}

/// What is wrong with a message.
pub(crate) fn check_message(
    syntax: ProtoSyntax,
    message: &WrittenMessage,
    faults: &mut Vec<TextFault>,
) {
    let (mut numbers, mut json_names) = (BTreeSet::new(), BTreeSet::new());
    for field in &message.fields {
        let mut wrong = |text: String| faults.push(fault_at(field.place, text));
        let (name, number) = (&field.name, field.number);
        if !(1..=u64::from(NUMBER_MAX)).contains(&number) || OWN_NUMBERS.contains(&number) {
            wrong(format!(
                "`{name}` cannot have the number {number}: use 1 to {NUMBER_MAX}, but not {} to {}",
                OWN_NUMBERS.start(),
                OWN_NUMBERS.end()
            ));
        } else if !numbers.insert(number) {
            wrong(format!(
                "the number {number} has two fields in `{}`",
                message.name
            ));
        }
        let is_in = |ranges: &[RangeInclusive<u32>]| {
            let number = u32::try_from(number);
            number.is_ok_and(|number| ranges.iter().any(|range| range.contains(&number)))
        };
        if is_in(&message.reserved) {
            wrong(format!(
                "`{name}` has the number {number}, which is reserved"
            ));
        }
        if is_in(&message.extension_numbers) {
            wrong(format!(
                "`{name}` has the number {number}, which is for extensions"
            ));
        }
        if message.reserved_names.contains(name) {
            wrong(format!("`{name}` is a reserved name"));
        }
        let json_name = field.json_name.clone();
        let json_name = json_name.unwrap_or_else(|| json_name_of(name));
        if syntax == ProtoSyntax::Proto3 && !json_names.insert(json_name.clone()) {
            wrong(format!(
                "two fields of `{}` are `{json_name}` in JSON",
                message.name
            ));
        }
        if !message.is_map_entry {
            check_field(syntax, field, &mut wrong);
        }
    }
}

fn check_field(syntax: ProtoSyntax, field: &WrittenField, wrong: &mut dyn FnMut(String)) {
    let name = &field.name;
    let is_proto3 = syntax == ProtoSyntax::Proto3;
    match field.label {
        WrittenLabel::Required if is_proto3 => {
            wrong(format!("`{name}` cannot be `required` in proto3"));
        }
        WrittenLabel::Unlabelled if !is_proto3 => wrong(format!(
            "`{name}` needs `optional`, `required` or `repeated`, or the file begins with \
             `syntax = \"proto3\";`"
        )),
        _ => {}
    }
    if is_proto3 && field.default.is_some() {
        wrong(format!("`{name}` cannot have a default in proto3"));
    }
    if is_proto3 && matches!(field.value_type, WrittenType::Group(_)) {
        wrong(format!("`{name}` cannot be a group in proto3"));
    }
}

/// What is wrong with an enumeration.
pub(crate) fn check_enum(syntax: ProtoSyntax, written: &WrittenEnum, faults: &mut Vec<TextFault>) {
    let name = &written.name;
    match written.values.first() {
        None => faults.push(fault_at(written.place, format!("`{name}` has no value"))),
        Some((_, number, place)) if *number != 0 && syntax == ProtoSyntax::Proto3 => {
            let message = format!("the first value of `{name}` must be 0 in proto3");
            faults.push(fault_at(*place, message));
        }
        Some(_) => {}
    }
    let mut numbers = BTreeSet::new();
    for (value, number, place) in &written.values {
        let mut wrong = |text: String| faults.push(fault_at(*place, text));
        if !numbers.insert(number) && !written.allows_alias {
            wrong(format!(
                "the number {number} has two values in `{name}`: set `option allow_alias = true;`"
            ));
        }
        if written.reserved.iter().any(|range| range.contains(number)) {
            wrong(format!(
                "`{value}` has the number {number}, which is reserved"
            ));
        }
        if written.reserved_names.contains(value) {
            wrong(format!("`{value}` is a reserved name"));
        }
    }
}
