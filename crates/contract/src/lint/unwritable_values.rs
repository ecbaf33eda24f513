//! Warns about parameters with values that no style can write: arrays and objects inside an array or
//! an object (OpenAPI 3.0.4 and 3.1.1, Style Values).
//!
//! A property that is an array is written by repeating its name, but only in an exploded object of a
//! query or of cookies. Everything else that is nested has no form, so each message with it is refused.

use crate::openapi::document::NodeRef;
use crate::schema::item_types::ItemTypes;
use crate::schema::object_shape::PropertyTypes;
use crate::schema::schema_surface::{SchemaSurface, TypeSet};

/// What is wrong with a parameter of this schema, if a part of its value cannot be written.
pub(super) fn unwritable(
    name: &str,
    schema: NodeRef,
    repeats_names: bool,
    surface: SchemaSurface<'_>,
) -> Option<String> {
    let types = surface.types(schema);
    if types == TypeSet::ALL {
        return None;
    }
    // The lists of Swagger 2.0 have delimiters for each level.
    let is_swagger = surface.documents.is_swagger();
    let is_nested = |items: &ItemTypes| !is_swagger && items.iter().any(is_structured);
    if types.has(TypeSet::ARRAY) && is_nested(&surface.item_types(schema)) {
        return Some(message(name, "has items that are arrays or objects"));
    }
    let is_unwritable = |property: &PropertyTypes| {
        let is_list = property.types.is_only(TypeSet::ARRAY) && repeats_names;
        is_structured(property.types) && (!is_list || is_nested(&property.items))
    };
    let shape = types.has(TypeSet::OBJECT).then(|| surface.object(schema))?;
    let mut members = shape.members.iter();
    let (property, _) = members.find(|(_, property)| is_unwritable(property))?;
    let what = format!("has the property `{property}`, which is an array or an object");
    Some(message(name, &what))
}

fn message(name: &str, what: &str) -> String {
    format!(
        "`{name}` {what}, which no style can write, so every value with it is refused: describe the \
         parameter by `content` with application/json"
    )
}

/// Whether values can only be arrays or objects.
fn is_structured(types: TypeSet) -> bool {
    types.has(TypeSet::ARRAY | TypeSet::OBJECT) && !types.has(TypeSet::SCALAR)
}
