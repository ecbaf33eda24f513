//! Writes a parameter's value to a tape, by style.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use portcullis_json::Tape;

use super::declaration::{Parameter, ParameterReading};
use super::delimited_list::DelimitedList;
use super::escapes::{EscapeRules, decode, is_named, scalar_text};
use super::named_values::all_values;
use super::pair_ownership::{deep_object_property, owns_pair};
use super::parameter_read_error::ParameterReadError;
use super::parameter_style::ParameterStyle;
use super::put_scalar::put_scalar;
use super::raw_pairs::RawPairs;
use super::split_delimited::{pieces, split_pair};
use crate::schema::item_types::ItemTypes;
use crate::schema::object_shape::{ObjectShape, PropertyTypes};
use crate::schema::schema_surface::TypeSet;

/// The values of properties that are lists, by name.
type PropertyLists<'a> = BTreeMap<Cow<'a, str>, Vec<&'a str>>;

/// Writes one value as the next value of an open tape.
pub(super) struct ParameterWriter<'t> {
    pub(super) tape: &'t mut Tape,
    pub(super) escapes: EscapeRules,
    /// Whether a scalar that may be a string is written as a string.
    pub(super) as_text: bool,
    /// The items or properties whose scalars are written as strings, although the others are not.
    pub(super) strings: Option<&'t BTreeSet<String>>,
}

impl ParameterWriter<'_> {
    /// Writes a value that is contained in one text.
    pub(super) fn text(
        &mut self,
        parameter: &Parameter,
        reading: &ParameterReading,
        text: &str,
    ) -> Result<(), ParameterReadError> {
        if let ParameterReading::Delimited(list) = reading {
            return self.list(*list, text);
        }
        let (body, separator) = match parameter.style {
            ParameterStyle::Simple | ParameterStyle::Form | ParameterStyle::Cookie => (text, ","),
            ParameterStyle::Label => (
                text.strip_prefix('.').ok_or(ParameterReadError::Malformed(
                    "must start with `.` (style label)",
                ))?,
                if parameter.explode { "." } else { "," },
            ),
            ParameterStyle::Matrix => return self.matrix(parameter, reading, text),
            ParameterStyle::SpaceDelimited => (text, " "),
            ParameterStyle::PipeDelimited => (text, "|"),
            ParameterStyle::TabDelimited => (text, "\t"),
            ParameterStyle::WholeQuery
            | ParameterStyle::JsonContent
            | ParameterStyle::OtherContent
            | ParameterStyle::DeepObject => {
                return Err(ParameterReadError::NotChecked);
            }
        };
        let items = || pieces(body, separator).filter(|item| !parameter.skips_item(item));
        match reading {
            ParameterReading::Scalar(types) => self.scalar(body, *types),
            ParameterReading::Delimited(list) => self.list(*list, body),
            ParameterReading::Array(types) => self.array(items(), types),
            ParameterReading::Object(shape) if parameter.explode => {
                self.properties(items(), parameter.style, shape)
            }
            ParameterReading::Object(shape) => self.alternating(pieces(body, separator), shape),
        }
    }

    /// `;name=value` (RFC 6570 section 3.2.7, path-style parameter expansion).
    fn matrix(
        &mut self,
        parameter: &Parameter,
        reading: &ParameterReading,
        text: &str,
    ) -> Result<(), ParameterReadError> {
        const FORM: ParameterReadError =
            ParameterReadError::Malformed("must be written as `;name=value` (style matrix)");
        let body = text.strip_prefix(';').ok_or(FORM)?;
        let value_of = |piece| -> Result<&str, ParameterReadError> {
            let (name, value) = split_pair(piece);
            is_named(name, &parameter.name, EscapeRules::Percent)
                .then_some(value)
                .ok_or(FORM)
        };
        match reading {
            ParameterReading::Object(shape) if parameter.explode => {
                self.properties(body.split(';'), parameter.style, shape)
            }
            ParameterReading::Array(types) if parameter.explode => {
                let values: Result<Vec<&str>, _> = body.split(';').map(value_of).collect();
                self.array(values?.into_iter(), types)
            }
            ParameterReading::Scalar(types) => self.scalar(value_of(body)?, *types),
            ParameterReading::Delimited(list) => self.list(*list, value_of(body)?),
            ParameterReading::Array(types) => self.array(value_of(body)?.split(','), types),
            ParameterReading::Object(shape) => self.alternating(value_of(body)?.split(','), shape),
        }
    }

    fn array<'a>(
        &mut self,
        items: impl Iterator<Item = &'a str>,
        types: &ItemTypes,
    ) -> Result<(), ParameterReadError> {
        self.tape.begin_array();
        for (position, item) in items.enumerate() {
            let types = types.at(position);
            match self.strings {
                Some(_) => self.part(&position.to_string(), |writer| writer.scalar(item, types))?,
                None => self.scalar(item, types)?,
            }
        }
        self.tape.end();
        Ok(())
    }

    /// Properties written as `name=value`. In style `matrix` an empty value has no `=` (RFC 6570
    /// section 3.2.7).
    fn properties<'a>(
        &mut self,
        pieces: impl Iterator<Item = &'a str>,
        style: ParameterStyle,
        shape: &ObjectShape,
    ) -> Result<(), ParameterReadError> {
        self.tape.begin_object();
        for piece in pieces {
            let piece = self.trimmed(piece);
            let may_lack_equals = style == ParameterStyle::Matrix && !piece.is_empty();
            if !may_lack_equals && !piece.contains('=') {
                return Err(ParameterReadError::Malformed(
                    "must be written as `name=value` for each property",
                ));
            }
            let (name, value) = split_pair(piece);
            self.property(name, value, shape)?;
        }
        self.end_object()
    }

    /// Properties written as `name,value,name,value`.
    fn alternating<'a>(
        &mut self,
        mut pieces: impl Iterator<Item = &'a str>,
        shape: &ObjectShape,
    ) -> Result<(), ParameterReadError> {
        self.tape.begin_object();
        while let Some(name) = pieces.next() {
            let value = pieces.next().ok_or(ParameterReadError::Malformed(
                "must alternate names and values, an even number in total",
            ))?;
            self.property(self.trimmed(name), value, shape)?;
        }
        self.end_object()
    }

    /// An item of a list. In header fields, white space around it does not count (RFC 9110 section
    /// 5.6.1).
    fn trimmed<'a>(&self, item: &'a str) -> &'a str {
        match self.escapes {
            EscapeRules::None => item.trim_matches([' ', '\t']),
            EscapeRules::Percent | EscapeRules::Form => item,
        }
    }

    /// The lists in one value.
    fn list(&mut self, list: DelimitedList, raw: &str) -> Result<(), ParameterReadError> {
        let text = decode(raw, self.escapes)?;
        let is_padded = self.escapes == EscapeRules::None;
        list.write(self.tape, &text, self.as_text, is_padded);
        Ok(())
    }

    /// A list with one item for each pair.
    pub(super) fn repeated_lists(
        &mut self,
        parameter: &Parameter,
        list: DelimitedList,
        pairs: RawPairs<'_>,
    ) -> Result<(), ParameterReadError> {
        let values = all_values(parameter, pairs, self.escapes)?;
        self.tape.begin_array();
        for value in values {
            self.list(list, value)?;
        }
        self.tape.end();
        Ok(())
    }

    pub(super) fn exploded_array(
        &mut self,
        parameter: &Parameter,
        types: &ItemTypes,
        pairs: RawPairs<'_>,
    ) -> Result<(), ParameterReadError> {
        let values = all_values(parameter, pairs, self.escapes)?;
        self.array(values, types)
    }

    /// An exploded form object has its properties in the whole query. Pairs of other declared
    /// parameters do not belong to it.
    pub(super) fn exploded_object(
        &mut self,
        parameter: &Parameter,
        shape: &ObjectShape,
        pairs: RawPairs<'_>,
        siblings: &[Parameter],
    ) -> Result<(), ParameterReadError> {
        self.tape.begin_object();
        let mut lists = PropertyLists::default();
        let mut found = false;
        for (raw_name, value) in pairs.iter() {
            let Ok(name) = decode(raw_name, self.escapes) else {
                continue;
            };
            let is_sibling = || {
                siblings.iter().any(|other| {
                    !other.is_same(parameter) && owns_pair(other, &name, parameter.part)
                })
            };
            if shape.has_member(&name) || (shape.takes_other(&name) && !is_sibling()) {
                self.pair(name, value, shape, &mut lists)?;
                found = true;
            }
        }
        self.end_lists(lists, shape)?;
        if found {
            Ok(())
        } else {
            Err(ParameterReadError::Missing)
        }
    }

    /// Writes the property of a pair, unless it is a list: those have all pairs of their name.
    fn pair<'a>(
        &mut self,
        name: Cow<'a, str>,
        value: &'a str,
        shape: &ObjectShape,
        lists: &mut PropertyLists<'a>,
    ) -> Result<(), ParameterReadError> {
        let property = shape.types_of(&name).unwrap_or(PropertyTypes::ANY);
        if property.is_list() {
            lists.entry(name).or_default().push(value);
            return Ok(());
        }
        self.tape.key(&name);
        self.part(&name, |writer| writer.scalar(value, property.types))
    }

    /// Writes an item or a property.
    fn part(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut ParameterWriter<'_>) -> Result<(), ParameterReadError>,
    ) -> Result<(), ParameterReadError> {
        let is_string = self.strings.is_some_and(|strings| strings.contains(name));
        write(&mut ParameterWriter {
            tape: self.tape,
            escapes: self.escapes,
            as_text: self.as_text || is_string,
            strings: None,
        })
    }

    /// Writes the properties that are lists, and ends the object.
    fn end_lists(
        &mut self,
        lists: PropertyLists<'_>,
        shape: &ObjectShape,
    ) -> Result<(), ParameterReadError> {
        for (name, values) in lists {
            let property = shape.types_of(&name).unwrap_or(PropertyTypes::ANY);
            self.tape.key(&name);
            self.part(&name, |writer| match values[..] {
                [only] if property.types.has(TypeSet::TEXTUAL) && !shape.prefers_lists => {
                    writer.scalar(only, property.types)
                }
                _ => writer.array(values.into_iter(), &property.items),
            })?;
        }
        self.end_object()
    }

    /// `name[property]=value`, repeated for a list. The specification does not define nested objects:
    /// if a nested property is declared and sent, the parameter is not checked. A pair whose whole name,
    /// brackets included, is another declared parameter belongs to that parameter.
    pub(super) fn deep_object(
        &mut self,
        parameter: &Parameter,
        reading: &ParameterReading,
        pairs: RawPairs<'_>,
        siblings: &[Parameter],
    ) -> Result<(), ParameterReadError> {
        let ParameterReading::Object(shape) = reading else {
            return Err(ParameterReadError::NotChecked);
        };
        self.tape.begin_object();
        let mut lists = PropertyLists::default();
        let mut found = false;
        for (raw_name, value) in pairs.iter() {
            let Ok(name) = decode(raw_name, self.escapes) else {
                continue;
            };
            if name == parameter.name {
                return Err(ParameterReadError::Malformed(
                    "must be written as `name[property]=value` (style deepObject)",
                ));
            }
            let is_other = |other: &Parameter| other.part == parameter.part && other.name == name;
            let property = match deep_object_property(&name, &parameter.name) {
                Some(property) if !siblings.iter().any(is_other) => property,
                Some(_) | None => continue,
            };
            let outer = property.split(['[', ']']).next().unwrap_or_default();
            if outer.len() < property.len() {
                check_nested_property(shape, outer)?;
                found = true;
                continue;
            }
            let property = Cow::Owned(property.to_owned());
            self.pair(property, value, shape, &mut lists)?;
            found = true;
        }
        self.end_lists(lists, shape)?;
        if found {
            Ok(())
        } else {
            Err(ParameterReadError::Missing)
        }
    }

    fn end_object(&mut self) -> Result<(), ParameterReadError> {
        self.tape
            .end_checked()
            .map_err(|_| ParameterReadError::RepeatedProperty)
    }

    fn property(
        &mut self,
        name: &str,
        value: &str,
        shape: &ObjectShape,
    ) -> Result<(), ParameterReadError> {
        let name = decode(name, self.escapes)?;
        self.tape.key(&name);
        let property = shape.types_of(&name).unwrap_or(PropertyTypes::ANY);
        self.part(&name, |writer| writer.scalar(value, property.types))
    }

    fn scalar(&mut self, raw: &str, types: TypeSet) -> Result<(), ParameterReadError> {
        let text = scalar_text(raw, self.escapes)?;
        put_scalar(self.tape, &text, types, self.as_text);
        Ok(())
    }
}

/// Checks a property that is sent with nested properties, which style `deepObject` does not define.
/// It is skipped if it is not declared and may have any type.
fn check_nested_property(shape: &ObjectShape, property: &str) -> Result<(), ParameterReadError> {
    let is_declared = shape.has_member(property);
    let types = shape.types_of(property).map(|property| property.types);
    let types = types.unwrap_or(TypeSet::NONE);
    if !types.has(TypeSet::ARRAY | TypeSet::OBJECT) {
        return Err(ParameterReadError::Malformed(
            "has nested properties in a property that allows none",
        ));
    }
    if is_declared {
        return Err(ParameterReadError::NotChecked);
    }
    Ok(())
}
