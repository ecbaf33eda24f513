//! Fields that are added to a request when it is sent.
//!
//! They are the same for all requests of a client to one host of one service. So they are written once,
//! and never pass through the map of a request.

use std::rc::Rc;

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::message_fields::write_field;

/// Fields that are added to a request when it is sent.
#[derive(Clone, Debug, Default)]
pub struct AddedFields(Option<Rc<FieldBlock>>);

#[derive(Debug)]
struct FieldBlock {
    fields: Vec<(HeaderName, HeaderValue)>,
    lines: Vec<u8>,
}

impl AddedFields {
    pub(super) fn new(fields: Vec<(HeaderName, HeaderValue)>) -> Self {
        let mut lines = Vec::new();
        for (name, value) in &fields {
            write_field(name, value, &mut lines);
        }
        Self(Some(Rc::new(FieldBlock { fields, lines })))
    }

    /// The fields as HTTP/1.1 writes them.
    pub(crate) fn lines(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |block| &block.lines)
    }

    /// Adds the fields to a map.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in self.0.iter().flat_map(|block| &block.fields) {
            headers.append(name.clone(), value.clone());
        }
    }
}
