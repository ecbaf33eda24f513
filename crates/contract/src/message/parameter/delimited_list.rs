//! `collectionFormat`: how the text of a list is divided (Swagger 2.0, Parameter Object and Items
//! Object).
//!
//! The formats have no escape, and services decode a value before they divide it. So the whole value
//! is decoded first, and `%2C` separates items like a comma. Lists may contain lists.

use portcullis_json::{JsonNode, Tape};

use super::put_scalar::put_scalar;
use crate::openapi::document::NodeRef;
use crate::schema::schema_surface::{SchemaSurface, TypeSet};

/// The most lists inside each other.
const NESTED_MAX: usize = 4;

/// The division of a text into items, which may be lists themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DelimitedList {
    /// Whether each value of the parameter is one item (`multi`).
    pub(crate) repeats: bool,
    /// The delimiters of the lists in one value, outermost first; 0 for none.
    delimiters: [u8; NESTED_MAX],
    /// The types of the innermost items.
    pub(crate) types: TypeSet,
}

/// How the text of an array schema is divided. `None` if the contract is not Swagger.
pub(crate) fn delimited_list(
    surface: SchemaSurface<'_>,
    node_ref: NodeRef,
) -> Option<DelimitedList> {
    if !surface.documents.is_swagger() {
        return None;
    }
    let mut list = DelimitedList {
        repeats: false,
        delimiters: [0; NESTED_MAX],
        types: TypeSet::ALL,
    };
    let mut here = node_ref;
    let mut level = 0;
    while level < NESTED_MAX && surface.types(here).is_only(TypeSet::ARRAY) {
        let format = surface.documents.node(here).get("collectionFormat");
        match format.and_then(JsonNode::as_str) {
            Some("multi") if here == node_ref => list.repeats = true,
            format => {
                list.delimiters[level] = delimiter(format.unwrap_or_default());
                level += 1;
            }
        }
        match surface.keyword_schemas(here, "items").first() {
            Some(items) => here = *items,
            None => return Some(list),
        }
    }
    list.types = surface.types(here);
    Some(list)
}

fn delimiter(format: &str) -> u8 {
    match format {
        "ssv" => b' ',
        "tsv" => b'\t',
        "pipes" => b'|',
        _ => b',',
    }
}

impl DelimitedList {
    /// Writes one decoded value as the next value of an open tape. With `as_text`, an item that may
    /// be a string is one. With `is_padded`, as in header fields, white space around items and empty items
    /// between commas do not count (RFC 9110 section 5.6.1).
    pub(crate) fn write(self, tape: &mut Tape, text: &str, as_text: bool, is_padded: bool) {
        self.write_level(tape, text, 0, as_text, is_padded);
    }

    fn write_level(
        self,
        tape: &mut Tape,
        text: &str,
        level: usize,
        as_text: bool,
        is_padded: bool,
    ) {
        match self.delimiters.get(level).copied() {
            None | Some(0) => {
                let padding: &[char] = if is_padded { &[' ', '\t'] } else { &[] };
                put_scalar(tape, text.trim_matches(padding), self.types, as_text);
            }
            Some(delimiter) => {
                tape.begin_array();
                let is_counted =
                    |piece: &&str| !(is_padded && delimiter == b',' && is_blank(piece));
                for piece in text.split(char::from(delimiter)).filter(is_counted) {
                    self.write_level(tape, piece, level + 1, as_text, is_padded);
                }
                tape.end();
            }
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.trim_matches([' ', '\t']).is_empty()
}
