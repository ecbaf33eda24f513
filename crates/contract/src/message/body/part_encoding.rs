//! Compiles the Encoding Objects of parts by their position (OpenAPI 3.2.0, Encoding By Position).

use super::body_format::BodyFormat;
use super::encoding::{EncodingCompiler, PartHeaders};
use super::form_fields::{FieldReading, FormField};
use super::part_layout::{PartLayout, PartShape};
use super::text_schema::is_binary;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;
use crate::schema::schema_surface::TypeSet;

/// What one schema states about the items of an array.
#[derive(Debug)]
struct ArrayItems {
    prefix: Vec<NodeRef>,
    items: Option<NodeRef>,
    /// Whether every array satisfies it.
    binds: bool,
}

impl EncodingCompiler<'_, '_> {
    /// The layout of a multipart body; `None` if its parts are not read by position. `all` describes
    /// all parts as an array, `item` each of them.
    pub(super) fn part_layout(
        &mut self,
        format: Option<BodyFormat>,
        all: Option<NodeRef>,
        item: Option<NodeRef>,
    ) -> Option<PartLayout> {
        let documents = self.surface.documents;
        let orders_forms = ["itemSchema", "prefixEncoding", "itemEncoding"]
            .iter()
            .any(|field| documents.member(self.media, field).is_some());
        let is_positional = match format {
            None | Some(BodyFormat::OrderedParts) => true,
            Some(BodyFormat::Multipart) => orders_forms,
            Some(_) => false,
        };
        let is_array = |all: NodeRef| self.surface.types(all).has(TypeSet::ARRAY);
        let all = all.filter(|all| is_array(*all));
        let is_described = all.is_some() || item.is_some();
        let is_32 = self.surface.dialect == Dialect::V32;
        (is_32 && is_positional && is_described).then(|| PartLayout {
            orders_forms,
            ..self.layout(self.media, all, item, true)
        })
    }

    fn layout(
        &mut self,
        encodings: NodeRef,
        all: Option<NodeRef>,
        item: Option<NodeRef>,
        may_nest: bool,
    ) -> PartLayout {
        let documents = self.surface.documents;
        let prefix_encodings = self.elements(encodings, "prefixEncoding");
        let item_encoding = documents.member(encodings, "itemEncoding");
        let arrays = all.map_or_else(Vec::new, |all| self.arrays(all));
        let longest = arrays.iter().map(|array| array.prefix.len()).max();
        let length = longest.unwrap_or(0).max(prefix_encodings.len());
        let mut shape_at = |position: usize| {
            let of_position = arrays.iter().filter_map(|array| {
                let schema = array.prefix.get(position).copied().or(array.items);
                Some((schema?, array.binds))
            });
            let mut schemas: Vec<(NodeRef, bool)> = of_position.collect();
            schemas.extend(item.map(|item| (item, true)));
            let encoding = prefix_encodings.get(position).copied().or(item_encoding);
            self.part_shape(&schemas, encoding, may_nest)
        };
        PartLayout {
            orders_forms: true,
            prefix: (0..length).map(&mut shape_at).collect(),
            rest: shape_at(usize::MAX),
        }
    }

    /// What a schema states about the items of an array: by itself, by the schema that it refers to, and by
    /// its parts, of which an array need not satisfy each.
    fn arrays(&self, all: NodeRef) -> Vec<ArrayItems> {
        let documents = self.surface.documents;
        let target = follow(documents, all).ok().filter(|target| *target != all);
        let mut arrays = Vec::new();
        for node_ref in [all].into_iter().chain(target) {
            arrays.push(ArrayItems {
                prefix: self.elements(node_ref, "prefixItems"),
                items: documents.member(node_ref, "items"),
                binds: true,
            });
        }
        let is_new = |arrays: &[ArrayItems], items: NodeRef| {
            arrays.iter().all(|array| array.items != Some(items))
        };
        for list in self.surface.keyword_schemas(all, "prefixItems") {
            let prefix = node_elements(documents, list);
            if arrays.iter().all(|array| array.prefix != prefix) {
                arrays.push(ArrayItems {
                    prefix,
                    items: None,
                    binds: false,
                });
            }
        }
        for items in self.surface.keyword_schemas(all, "items") {
            if is_new(&arrays, items) {
                arrays.push(ArrayItems {
                    prefix: Vec::new(),
                    items: Some(items),
                    binds: false,
                });
            }
        }
        arrays
    }

    /// The shape of a part with these schemas. Those with `true` apply to every such part; the others
    /// only say what its text may be.
    fn part_shape(
        &mut self,
        described: &[(NodeRef, bool)],
        encoding: Option<NodeRef>,
        may_nest: bool,
    ) -> PartShape {
        let schemas: Vec<NodeRef> = described.iter().map(|(schema, _)| *schema).collect();
        let binding = described.iter().filter(|(_, binds)| *binds);
        let binding: Vec<NodeRef> = binding.map(|(schema, _)| *schema).collect();
        let content_types = encoding.map_or_else(Vec::new, |at| self.content_types(at));
        let headers = encoding.map_or_else(PartHeaders::default, |at| self.headers(at));
        let types = schemas
            .iter()
            .map(|schema| self.surface.types(*schema))
            .reduce(|all, types| all | types)
            .unwrap_or(TypeSet::ALL);
        let nested = encoding
            .filter(|_| may_nest && types.has(TypeSet::ARRAY) && types != TypeSet::ALL)
            .map(|at| Box::new(self.layout(at, binding.first().copied(), None, false)));
        let form = encoding
            .filter(|_| may_nest)
            .and_then(|at| self.nested_form(&schemas[..schemas.len().min(1)], at));
        PartShape {
            nested,
            takes_octets: types.has(TypeSet::STRING),
            field: FormField {
                name: String::new(),
                readings: self.part_readings(&schemas, types, &content_types),
                styled: None,
                content_types,
                headers: headers.declared,
                unread_header: headers.unread,
                nested: form,
                node_ref: encoding.or(schemas.first().copied()).unwrap_or(self.media),
            },
            schemas: binding.into_iter().map(&mut *self.schema_key).collect(),
        }
    }

    /// The readings of a part without a media type, or with one of text. Unlike in a form, a list is
    /// one value, which is JSON.
    fn part_readings(
        &self,
        schemas: &[NodeRef],
        types: TypeSet,
        content_types: &[String],
    ) -> Vec<FieldReading> {
        let is_octets = |schema: &NodeRef| is_binary(self.surface, *schema, content_types);
        if schemas.iter().all(is_octets) {
            return vec![FieldReading::Octets];
        }
        let mut readings = Vec::new();
        if types.has(TypeSet::OBJECT | TypeSet::ARRAY) && types != TypeSet::ALL {
            readings.push(FieldReading::Json);
        }
        if types.has(TypeSet::SCALAR) {
            readings.push(FieldReading::Scalar(types, false));
            readings.extend(
                types
                    .is_mixed()
                    .then_some(FieldReading::Scalar(types, true)),
            );
        }
        readings
    }

    fn elements(&self, owner: NodeRef, field: &str) -> Vec<NodeRef> {
        let list = self.surface.documents.member(owner, field);
        list.map_or_else(Vec::new, |list| node_elements(self.surface.documents, list))
    }
}

/// The elements of a list.
fn node_elements(documents: &DocumentSet, list: NodeRef) -> Vec<NodeRef> {
    let elements = documents.node(list).elements();
    elements
        .map(|element| DocumentSet::node_ref(list, element))
        .collect()
}
