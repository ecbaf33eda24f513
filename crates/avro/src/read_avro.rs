//! Reads an Avro schema from JSON or YAML, and names everything that is wrong with it.

use std::collections::HashMap;

use portcullis_json::JsonNode;
use serde_json::Value;

use crate::avro_schema::{AvroField, AvroSchema, AvroType, NamedAvroShape, NamedAvroType};
use crate::json_encoding::judge_avro;

/// The most bytes of a fixed type.
const FIXED_MAX: u64 = 1 << 20;

/// A mistake in a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvroFault {
    /// The index of the node.
    pub node: u32,
    /// What is wrong, and what to do.
    pub message: String,
}

/// Reads a schema.
///
/// # Errors
/// All mistakes, at least one.
pub fn read_avro(root: JsonNode<'_>) -> Result<AvroSchema, Vec<AvroFault>> {
    let mut reading = AvroReading::default();
    let data_type = reading.data_type(root, "");
    let (Some(data_type), true) = (data_type, reading.faults.is_empty()) else {
        return Err(reading.faults);
    };
    let schema = AvroSchema {
        root: data_type,
        named: reading.named,
    };
    let mut faults = Vec::new();
    for (node, data_type, default) in reading.defaults {
        if !allows_default(&schema, &data_type, &default) {
            let message = format!(
                "`default` is not a value of the type {}: correct one of them",
                schema.name_of(&data_type)
            );
            faults.push(AvroFault { node, message });
        }
    }
    if faults.is_empty() {
        Ok(schema)
    } else {
        Err(faults)
    }
}

/// Whether a type has a default. The one of a union is a value of any branch, without its name.
fn allows_default(schema: &AvroSchema, data_type: &AvroType, default: &Value) -> bool {
    let branches = match data_type {
        AvroType::Union(branches) => branches.as_slice(),
        other => std::slice::from_ref(other),
    };
    branches.iter().any(|branch| match (branch, default) {
        // Fields that a default leaves out have their own defaults, and unions in it have no names.
        (AvroType::Named(number), Value::Object(_)) => {
            matches!(schema.named[*number].shape, NamedAvroShape::Record(_))
        }
        (AvroType::Map(_), _) => default.is_object(),
        (AvroType::Array(_), _) => default.is_array(),
        (branch, _) => {
            let alone = AvroSchema {
                root: branch.clone(),
                named: schema.named.clone(),
            };
            judge_avro(&alone, default).is_empty()
        }
    })
}

#[derive(Default)]
struct AvroReading {
    named: Vec<NamedAvroType>,
    numbers: HashMap<String, usize>,
    faults: Vec<AvroFault>,
    /// The defaults of fields with their nodes, judged when all types are known.
    defaults: Vec<(u32, AvroType, Value)>,
}

impl AvroReading {
    fn fault(&mut self, node: JsonNode<'_>, message: impl Into<String>) {
        self.faults.push(AvroFault {
            node: node.index(),
            message: message.into(),
        });
    }

    fn data_type(&mut self, node: JsonNode<'_>, namespace: &str) -> Option<AvroType> {
        if let Some(name) = node.as_str() {
            return self.known_type(node, name, namespace);
        }
        if node.is_array() {
            return self.union(node, namespace);
        }
        if !node.is_object() {
            let kind = node.kind().with_article();
            self.fault(
                node,
                format!("an Avro schema is a name, an object or a list of schemas, not {kind}"),
            );
            return None;
        }
        let Some(kind) = node.get("type") else {
            self.fault(node, "`type` is missing in this Avro schema");
            return None;
        };
        let decimal = decimal_of(node);
        match kind.as_str() {
            Some("record" | "error") => self.record(node, namespace),
            Some("enum") => self.enumeration(node, namespace),
            Some("fixed") => self.fixed(node, namespace, decimal),
            Some("array") => {
                let items = self.part(node, "items", namespace)?;
                Some(AvroType::Array(Box::new(items)))
            }
            Some("map") => {
                let values = self.part(node, "values", namespace)?;
                Some(AvroType::Map(Box::new(values)))
            }
            Some("bytes") => Some(AvroType::Bytes(decimal)),
            _ => self.data_type(kind, namespace),
        }
    }

    /// The schema of a member that must be there.
    fn part(&mut self, node: JsonNode<'_>, name: &str, namespace: &str) -> Option<AvroType> {
        match node.get(name) {
            Some(part) => self.data_type(part, namespace),
            None => {
                self.fault(node, format!("`{name}` is missing: add a schema"));
                None
            }
        }
    }

    fn known_type(&mut self, node: JsonNode<'_>, name: &str, namespace: &str) -> Option<AvroType> {
        Some(match name {
            "null" => AvroType::Null,
            "boolean" => AvroType::Boolean,
            "int" => AvroType::Int,
            "long" => AvroType::Long,
            "float" => AvroType::Float,
            "double" => AvroType::Double,
            "bytes" => AvroType::Bytes(None),
            "string" => AvroType::String,
            _ => {
                let full = full_name(name, namespace);
                let Some(number) = self.numbers.get(&full).or_else(|| self.numbers.get(name))
                else {
                    self.fault(
                        node,
                        format!("no type is called `{full}`: define it before it is used"),
                    );
                    return None;
                };
                AvroType::Named(*number)
            }
        })
    }

    fn union(&mut self, node: JsonNode<'_>, namespace: &str) -> Option<AvroType> {
        let mut branches: Vec<AvroType> = Vec::new();
        let mut is_whole = true;
        for element in node.elements() {
            let Some(branch) = self.data_type(element, namespace) else {
                is_whole = false;
                continue;
            };
            if matches!(branch, AvroType::Union(_)) {
                self.fault(element, "a union cannot contain a union");
                is_whole = false;
                continue;
            }
            let is_same = |other: &AvroType| match (other, &branch) {
                (AvroType::Named(one), AvroType::Named(other)) => one == other,
                (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
            };
            if branches.iter().any(is_same) {
                self.fault(element, "a union has each type once: remove one of them");
                is_whole = false;
            }
            branches.push(branch);
        }
        if node.is_empty() {
            self.fault(node, "a union needs at least one type");
            return None;
        }
        is_whole.then_some(AvroType::Union(branches))
    }

    /// Defines a named type, so that its parts can name it. Returns its number and namespace.
    fn define(&mut self, node: JsonNode<'_>, namespace: &str) -> Option<(usize, String)> {
        let Some(name) = node.get("name").and_then(JsonNode::as_str) else {
            self.fault(node, "`name` is missing: named types need one");
            return None;
        };
        let own = node.get("namespace").and_then(JsonNode::as_str);
        let full = full_name(name, own.unwrap_or(namespace));
        if !full.split('.').all(is_name) {
            self.fault(
                node,
                format!(
                    "`{full}` is not a name: use letters, digits and `_`, and begin with no digit"
                ),
            );
            return None;
        }
        let number = self.named.len();
        if self.numbers.insert(full.clone(), number).is_some() {
            self.fault(
                node,
                format!("`{full}` is defined twice: rename one of the types"),
            );
            return None;
        }
        let namespace = full.rsplit_once('.').map_or("", |(space, _)| space);
        let namespace = namespace.to_owned();
        let aliases = texts(node.get("aliases"));
        let aliases = aliases.iter().map(|alias| full_name(alias, &namespace));
        self.named.push(NamedAvroType {
            aliases: aliases.collect(),
            name: full,
            shape: NamedAvroShape::Record(Vec::new()),
        });
        Some((number, namespace))
    }

    fn record(&mut self, node: JsonNode<'_>, namespace: &str) -> Option<AvroType> {
        let (number, namespace) = self.define(node, namespace)?;
        let Some(list) = node.get("fields").filter(|fields| fields.is_array()) else {
            self.fault(node, "`fields` is missing: a record has a list of fields");
            return None;
        };
        let mut fields: Vec<AvroField> = Vec::new();
        for field in list.elements() {
            let Some(name) = field.get("name").and_then(JsonNode::as_str) else {
                self.fault(field, "a field is an object with `name` and `type`");
                continue;
            };
            if !is_name(name) || fields.iter().any(|other| other.name == name) {
                self.fault(
                    field,
                    format!("the field name `{name}` is used twice, or not a name"),
                );
                continue;
            }
            let Some(data_type) = self.part(field, "type", &namespace) else {
                continue;
            };
            let default = field.get("default");
            if let Some(default) = default {
                let value = (default.index(), data_type.clone(), default.to_value());
                self.defaults.push(value);
            }
            fields.push(AvroField {
                name: name.to_owned(),
                aliases: texts(field.get("aliases")),
                data_type,
                default: default.map(JsonNode::to_value),
                logical_types: logical_types(field.get("type")),
            });
        }
        self.named[number].shape = NamedAvroShape::Record(fields);
        Some(AvroType::Named(number))
    }

    fn enumeration(&mut self, node: JsonNode<'_>, namespace: &str) -> Option<AvroType> {
        let (number, _) = self.define(node, namespace)?;
        let symbols = texts(node.get("symbols"));
        let is_unique = (1..symbols.len()).all(|at| !symbols[..at].contains(&symbols[at]));
        if symbols.is_empty() || !is_unique || !symbols.iter().all(|symbol| is_name(symbol)) {
            self.fault(
                node,
                "`symbols` must be a list of different names, at least one",
            );
            return None;
        }
        let default = node.get("default");
        let text = default.and_then(JsonNode::as_str).map(str::to_owned);
        if let Some(default) = default
            && text.as_ref().is_none_or(|text| !symbols.contains(text))
        {
            self.fault(default, "`default` must be one of the symbols");
        }
        self.named[number].shape = NamedAvroShape::Enum {
            symbols,
            default: text,
        };
        Some(AvroType::Named(number))
    }

    fn fixed(
        &mut self,
        node: JsonNode<'_>,
        namespace: &str,
        decimal: Option<(u64, u64)>,
    ) -> Option<AvroType> {
        let (number, _) = self.define(node, namespace)?;
        let size = node.get("size").and_then(JsonNode::as_u64);
        let Some(size) = size.filter(|size| *size <= FIXED_MAX) else {
            self.fault(
                node,
                format!("`size` must be a number of bytes up to {FIXED_MAX}"),
            );
            return None;
        };
        self.named[number].shape = NamedAvroShape::Fixed { size, decimal };
        Some(AvroType::Named(number))
    }
}

fn full_name(name: &str, namespace: &str) -> String {
    match namespace {
        "" => name.trim_start_matches('.').to_owned(),
        _ if name.contains('.') => name.to_owned(),
        _ => format!("{namespace}.{name}"),
    }
}

fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.chars().next().is_some_and(is_letter)
        && text.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

fn texts(node: Option<JsonNode<'_>>) -> Vec<String> {
    let elements = node.into_iter().flat_map(JsonNode::elements);
    let texts = elements.filter_map(JsonNode::as_str);
    texts.map(str::to_owned).collect()
}

/// The logical types of a type and what it consists of, without the fields of records.
fn logical_types(node: Option<JsonNode<'_>>) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<JsonNode<'_>> = node.into_iter().collect();
    while let Some(node) = open.pop() {
        let own = node.get("logicalType").and_then(JsonNode::as_str);
        found.extend(own.map(str::to_owned));
        let parts = ["type", "items", "values"].into_iter();
        open.extend(parts.filter_map(|name| node.get(name)));
        open.extend(node.elements());
    }
    found
}

/// The precision and the scale of a decimal number. One without a valid precision is bytes.
fn decimal_of(node: JsonNode<'_>) -> Option<(u64, u64)> {
    let is_decimal = node.get("logicalType").and_then(JsonNode::as_str) == Some("decimal");
    let precision = node.get("precision").and_then(JsonNode::as_u64);
    let precision = precision.filter(|precision| is_decimal && *precision > 0)?;
    let scale = node.get("scale").map_or(Some(0), JsonNode::as_u64)?;
    (scale <= precision).then_some((precision, scale))
}
