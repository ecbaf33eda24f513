//! Looks up the names of types, and checks what files must be.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::check_proto::{check_enum, check_message, check_names};
use crate::proto_file::{
    FileFaults, ProtoFile, ProtoSyntax, TextFault, TextPlace, WrittenField, WrittenLabel,
    WrittenMessage, WrittenType, fault_at, json_name_of,
};
use crate::protobuf_schema::{
    FieldCardinality, ProtobufEnum, ProtobufField, ProtobufMessage, ProtobufSchema, ProtobufType,
};

/// Why files give no schema.
#[derive(Debug)]
pub(crate) enum LinkStop {
    /// They are wrong.
    Faults(FileFaults),
    /// Types are not among them.
    Unresolved(FileFaults),
}

/// The schema of the event that a file describes.
pub(crate) fn link(
    entry: u32,
    files: &BTreeMap<u32, ProtoFile>,
) -> Result<ProtobufSchema, LinkStop> {
    let mut faults = check_names(files);
    for (number, file) in files {
        let mut found = Vec::new();
        for message in &file.messages {
            check_message(file.syntax, message, &mut found);
        }
        for written in &file.enums {
            check_enum(file.syntax, written, &mut found);
        }
        faults.extend(found.into_iter().map(|fault| (*number, fault)));
    }
    if !faults.is_empty() {
        return Err(LinkStop::Faults(faults));
    }
    let mut linker = ProtoLinker::of(files);
    let schema = linker.schema(entry);
    if !linker.unresolved.is_empty() {
        return Err(LinkStop::Unresolved(linker.unresolved));
    }
    schema.map_err(|fault| LinkStop::Faults(vec![(entry, fault)]))
}

struct ProtoLinker<'f> {
    files: &'f BTreeMap<u32, ProtoFile>,
    /// The types by their full names.
    types: HashMap<&'f str, ProtobufType>,
    unresolved: FileFaults,
}

impl<'f> ProtoLinker<'f> {
    fn of(files: &'f BTreeMap<u32, ProtoFile>) -> Self {
        let messages = files.values().flat_map(|file| &file.messages).enumerate();
        let messages = messages.map(|(number, one)| (&*one.name, ProtobufType::Message(number)));
        let enums = files.values().flat_map(|file| &file.enums).enumerate();
        let enums = enums.map(|(number, one)| (&*one.name, ProtobufType::Enum(number)));
        Self {
            files,
            types: messages.chain(enums).collect(),
            unresolved: Vec::new(),
        }
    }

    fn schema(&mut self, entry: u32) -> Result<ProtobufSchema, TextFault> {
        let (mut messages, mut enums) = (Vec::new(), Vec::new());
        for (number, file) in self.files {
            for message in &file.messages {
                messages.push(self.message(*number, file, message));
            }
            for written in &file.enums {
                let values = written.values.iter();
                enums.push(ProtobufEnum {
                    name: written.name.clone(),
                    values: values
                        .map(|(name, value, _)| (name.clone(), *value))
                        .collect(),
                    reserved: written.reserved.clone(),
                    is_closed: file.syntax == ProtoSyntax::Proto2,
                });
            }
        }
        self.extensions(&mut messages);
        for message in &mut messages {
            message.fields.sort_by_key(|field| field.number);
        }
        let root = self.root(entry, &messages)?;
        Ok(only_used(root, &messages, &enums))
    }

    fn message(
        &mut self,
        file: u32,
        written: &ProtoFile,
        message: &WrittenMessage,
    ) -> ProtobufMessage {
        let fields = message.fields.iter();
        let fields = fields.filter_map(|field| {
            let value_type = self.type_of(file, &message.name, field)?;
            Some(linked_field(written.syntax, field, value_type))
        });
        ProtobufMessage {
            name: message.name.clone(),
            fields: fields.collect(),
            reserved: message.reserved.clone(),
            is_map_entry: message.is_map_entry,
        }
    }

    /// The type of a field. A type that is not there is noted.
    fn type_of(&mut self, file: u32, scope: &str, field: &WrittenField) -> Option<ProtobufType> {
        let (name, is_group) = match &field.value_type {
            WrittenType::Scalar(scalar) => return Some(ProtobufType::Scalar(*scalar)),
            WrittenType::Named(name) => (name, false),
            WrittenType::Group(name) => (name, true),
            WrittenType::Map(name) => (name, false),
        };
        let is_complete = !matches!(field.value_type, WrittenType::Named(_));
        let found = if is_complete {
            self.types.get(&**name).copied()
        } else {
            self.lookup(scope, name)
        };
        if found.is_none() {
            let message = format!("the type `{name}` is not declared");
            self.unresolved.push((file, fault_at(field.place, message)));
        }
        match found? {
            ProtobufType::Message(number) if is_group => Some(ProtobufType::Group(number)),
            other => Some(other),
        }
    }

    /// Looks a name up in a scope and those around it.
    fn lookup(&self, scope: &str, name: &str) -> Option<ProtobufType> {
        if let Some(complete) = name.strip_prefix('.') {
            return self.types.get(complete).copied();
        }
        let mut scope = Some(scope);
        while let Some(inner) = scope {
            let full_name = match inner {
                "" => name.to_owned(),
                _ => format!("{inner}.{name}"),
            };
            if let Some(found) = self.types.get(&*full_name) {
                return Some(*found);
            }
            scope = match inner.rsplit_once('.') {
                Some((outer, _)) => Some(outer),
                None if inner.is_empty() => None,
                None => Some(""),
            };
        }
        None
    }

    /// Adds the fields that files add to messages of others.
    fn extensions(&mut self, messages: &mut [ProtobufMessage]) {
        for (file, written) in self.files {
            for (target, scope, field) in &written.extensions {
                // Options are extended, too; no event contains one.
                if target
                    .trim_start_matches('.')
                    .starts_with("google.protobuf.")
                {
                    continue;
                }
                let value_type = self.type_of(*file, scope, field);
                let Some(ProtobufType::Message(number)) = self.lookup(scope, target) else {
                    let message = format!("the message `{target}` is not declared");
                    self.unresolved
                        .push((*file, fault_at(field.place, message)));
                    continue;
                };
                let Some(value_type) = value_type else {
                    continue;
                };
                let mut added = linked_field(written.syntax, field, value_type);
                let full_name = match &**scope {
                    "" => field.name.clone(),
                    scope => format!("{scope}.{}", field.name),
                };
                added.name = format!("[{full_name}]");
                added.json_name.clone_from(&added.name);
                let fields = &mut messages[number].fields;
                if fields.iter().any(|own| own.number == added.number) {
                    let message = format!("the number {} is taken in `{target}`", added.number);
                    self.unresolved
                        .push((*file, fault_at(field.place, message)));
                } else {
                    fields.push(added);
                }
            }
        }
    }

    /// The message that an event is: the only one that no other one contains, or the one with a note.
    fn root(&self, entry: u32, messages: &[ProtobufMessage]) -> Result<usize, TextFault> {
        let file = &self.files[&entry];
        let top = file.messages.iter().filter(|message| !message.is_nested);
        let top: Vec<&WrittenMessage> = top.collect();
        let number_of = |message: &WrittenMessage| match self.types.get(&*message.name) {
            Some(ProtobufType::Message(number)) => Some(*number),
            _ => None,
        };
        let noted: Vec<_> = top.iter().filter(|message| message.is_root_noted).collect();
        let contained: BTreeSet<usize> = messages
            .iter()
            .enumerate()
            .flat_map(|(own, message)| {
                let types = message.fields.iter().map(|field| field.value_type);
                let inner = types.filter_map(move |one| match one {
                    ProtobufType::Message(inner) | ProtobufType::Group(inner) => Some(inner),
                    ProtobufType::Scalar(_) | ProtobufType::Enum(_) => None,
                });
                inner.filter(move |inner| *inner != own)
            })
            .collect();
        let free = top.iter().filter(|message| {
            number_of(message).is_some_and(|number| !contained.contains(&number))
        });
        let free: Vec<_> = free.collect();
        let chosen = match (&noted[..], &free[..], &top[..]) {
            ([only], _, _) | ([], [only], _) => number_of(only),
            ([], _, [only]) => number_of(only),
            _ => None,
        };
        chosen.ok_or_else(|| {
            let names = top.iter().map(|message| message.name.as_str());
            let message = match &top[..] {
                [] => "the file has no message".to_owned(),
                _ => format!(
                    "it is not clear which message the event is ({}): write the comment \
                     `// @RootNode` before one of them",
                    names.collect::<Vec<_>>().join(", ")
                ),
            };
            fault_at(TextPlace { line: 1, column: 1 }, message)
        })
    }
}

/// Whether a default is what readers take without one.
fn is_zero(default: &str) -> bool {
    matches!(default, "" | "0" | "-0" | "false")
}

fn linked_field(
    syntax: ProtoSyntax,
    field: &WrittenField,
    value_type: ProtobufType,
) -> ProtobufField {
    let is_message = matches!(
        value_type,
        ProtobufType::Message(_) | ProtobufType::Group(_)
    );
    let is_proto3 = syntax == ProtoSyntax::Proto3;
    let cardinality = match field.label {
        _ if matches!(field.value_type, WrittenType::Map(_)) => FieldCardinality::Repeated,
        WrittenLabel::Required => FieldCardinality::Required,
        WrittenLabel::Repeated => FieldCardinality::Repeated,
        WrittenLabel::Unlabelled if is_proto3 && !is_message => FieldCardinality::Implicit,
        WrittenLabel::Optional | WrittenLabel::Unlabelled | WrittenLabel::Implied => {
            FieldCardinality::Optional
        }
    };
    let is_list = cardinality == FieldCardinality::Repeated && value_type.is_packable();
    let json_name = field.json_name.clone();
    ProtobufField {
        name: field.name.clone(),
        json_name: json_name.unwrap_or_else(|| json_name_of(&field.name)),
        number: u32::try_from(field.number).unwrap_or(u32::MAX),
        value_type,
        cardinality,
        is_packed: is_list && field.is_packed.unwrap_or(is_proto3),
        oneof: field.oneof,
        default: field.default.clone().filter(|text| !is_zero(text)),
    }
}

/// A schema with the types that the event can contain, numbered in the order in which they are found.
fn only_used(root: usize, messages: &[ProtobufMessage], enums: &[ProtobufEnum]) -> ProtobufSchema {
    let (mut used_messages, mut used_enums) = (vec![root], Vec::new());
    let mut found = Vec::new();
    while let Some(number) = used_messages.get(found.len()) {
        let mut message = messages[*number].clone();
        for field in &mut message.fields {
            let numbered = |used: &mut Vec<usize>, number: usize| {
                used.iter()
                    .position(|one| *one == number)
                    .unwrap_or_else(|| {
                        used.push(number);
                        used.len() - 1
                    })
            };
            field.value_type = match field.value_type {
                ProtobufType::Message(number) => {
                    ProtobufType::Message(numbered(&mut used_messages, number))
                }
                ProtobufType::Group(number) => {
                    ProtobufType::Group(numbered(&mut used_messages, number))
                }
                ProtobufType::Enum(number) => ProtobufType::Enum(numbered(&mut used_enums, number)),
                scalar @ ProtobufType::Scalar(_) => scalar,
            };
        }
        found.push(message);
    }
    ProtobufSchema {
        root: 0,
        messages: found,
        enums: used_enums
            .iter()
            .map(|number| enums[*number].clone())
            .collect(),
    }
}
