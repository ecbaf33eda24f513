//! Reads a schema: the file of an event, and the files that it imports.

use std::collections::{BTreeMap, VecDeque};

use crate::link_proto::{LinkStop, link};
use crate::parse_proto::{ParseStop, parse_proto};
use crate::proto_file::TextFault;
use crate::protobuf_schema::ProtobufSchema;
use crate::well_known::well_known_file;

/// The most files of a schema.
const FILES_MAX: usize = 256;

/// Something wrong in a Protobuf file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtobufFault {
    /// The number by which the caller knows the file.
    pub document: u32,
    /// What is wrong, with its line and column.
    pub message: String,
}

/// What reading a Protobuf file gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProtobufReading {
    /// A schema.
    Schema(ProtobufSchema),
    /// Nothing that can be judged, and why.
    Unknown(String),
    /// What is wrong.
    Faulty(Vec<ProtobufFault>),
}

/// Gives the number and the text of an imported file, given the number of the importing file and the
/// name that it imports.
pub type FindImport<'f, 't> = &'f mut dyn FnMut(u32, &str) -> Option<(u32, &'t str)>;

/// Reads the file of an event.
pub fn read_protobuf<'t>(
    document: u32,
    text: &'t str,
    find: FindImport<'_, 't>,
) -> ProtobufReading {
    let mut files = BTreeMap::new();
    let mut missing = None;
    let mut open = VecDeque::from([(document, text)]);
    while let Some((number, text)) = open.pop_front() {
        if files.contains_key(&number) {
            continue;
        }
        if files.len() >= FILES_MAX {
            return ProtobufReading::Unknown(format!("it imports more than {FILES_MAX} files"));
        }
        let file = match parse_proto(text) {
            Ok(file) => file,
            Err(ParseStop::Unknown(reason)) => return ProtobufReading::Unknown(reason),
            Err(ParseStop::Fault(fault)) => {
                return ProtobufReading::Faulty(vec![located(number, &fault)]);
            }
        };
        for import in &file.imports {
            match well_known_file(import).or_else(|| find(number, import)) {
                Some(found) => open.push_back(found),
                None => missing = missing.or_else(|| Some(import.clone())),
            }
        }
        files.insert(number, file);
    }
    match link(document, &files) {
        Ok(schema) => ProtobufReading::Schema(schema),
        Err(LinkStop::Faults(faults)) => {
            let faults = faults.iter();
            let faults = faults.map(|(number, fault)| located(*number, fault));
            ProtobufReading::Faulty(faults.collect())
        }
        Err(LinkStop::Unresolved(faults)) => match missing {
            Some(import) => ProtobufReading::Unknown(format!(
                "it imports `{import}`, which is not among the files of the contract"
            )),
            None => {
                let faults = faults.iter();
                let faults = faults.map(|(number, fault)| located(*number, fault));
                ProtobufReading::Faulty(faults.collect())
            }
        },
    }
}

/// The files that a Protobuf file imports, apart from those that every compiler has. Empty if it cannot
/// be read.
pub fn protobuf_imports(text: &str) -> Vec<String> {
    let imports = parse_proto(text).map(|file| file.imports);
    let imports = imports.unwrap_or_default().into_iter();
    imports
        .filter(|name| well_known_file(name).is_none())
        .collect()
}

fn located(document: u32, fault: &TextFault) -> ProtobufFault {
    let TextFault {
        line,
        column,
        message,
    } = fault;
    ProtobufFault {
        document,
        message: format!("Protobuf, line {line}, column {column}: {message}"),
    }
}
