//! Finds the schemas of a document that apply to a part of a value.

use portcullis_json::pointer;
use serde_json::{Map, Value};

use super::formula_pair::{ContainmentSide, FormulaPair};
use super::read::resolve;

const DEPTH_MAX: u32 = 200;

/// A schema that applies to the part, with its location in the lowered document.
pub(super) struct TracedSchema<'d> {
    pub(super) location: String,
    pub(super) keywords: &'d Map<String, Value>,
}

/// Follows a pointer through the schemas of a document.
pub(super) struct SchemaTrace<'d, 'p> {
    pub(super) pair: &'p mut FormulaPair,
    pub(super) side: ContainmentSide,
    pub(super) document: &'d Value,
    pub(super) found: Vec<TracedSchema<'d>>,
    /// The locations of the declarations along the path.
    pub(super) declared: Vec<String>,
}

impl<'d> SchemaTrace<'d, '_> {
    /// Collects the schemas that apply to the part of `value` at `pointer`, starting from a schema.
    pub(super) fn follow(
        &mut self,
        location: &str,
        schema: &'d Value,
        value: &Value,
        pointer: &str,
        depth: u32,
    ) {
        let Value::Object(keywords) = schema else {
            return;
        };
        if depth > DEPTH_MAX {
            return;
        }
        self.composed(location, keywords, value, pointer, depth);
        let Some(rest) = pointer.strip_prefix('/') else {
            self.found.push(TracedSchema {
                location: location.to_owned(),
                keywords,
            });
            return;
        };
        let (token, rest) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let name = pointer::unescape(token);
        let none = Value::Null;
        let below = |child: Option<&'d Value>, at: String| {
            child.map(|child| (child, format!("{location}/{at}")))
        };
        let (next, child) = match value {
            Value::Array(items) => {
                let at: usize = name.parse().unwrap_or(usize::MAX);
                let prefix = keywords
                    .get("prefixItems")
                    .and_then(|prefix| prefix.get(at));
                let child = below(prefix, format!("prefixItems/{at}"))
                    .or_else(|| below(keywords.get("items"), "items".to_owned()));
                (items.get(at), child)
            }
            other => {
                let named = keywords
                    .get("properties")
                    .and_then(|named| named.get(name.as_ref()));
                let child = below(named, format!("properties/{}", pointer::escape(&name)))
                    .or_else(|| self.patterned(location, keywords, &name))
                    .or_else(|| {
                        below(
                            keywords.get("additionalProperties"),
                            "additionalProperties".to_owned(),
                        )
                    });
                (other.get(name.as_ref()), child)
            }
        };
        if let Some((child, at)) = child {
            self.declared.push(at.clone());
            self.follow(&at, child, next.unwrap_or(&none), rest, depth + 1);
        }
    }

    fn patterned(
        &mut self,
        location: &str,
        keywords: &'d Map<String, Value>,
        name: &str,
    ) -> Option<(&'d Value, String)> {
        let patterned = keywords.get("patternProperties")?.as_object()?;
        let (pattern, schema) = patterned
            .iter()
            .find(|(pattern, _)| self.pair.matches(pattern, name) == Some(true))?;
        Some((
            schema,
            format!("{location}/patternProperties/{}", pointer::escape(pattern)),
        ))
    }

    /// Follows the subschemas that apply to the same value.
    fn composed(
        &mut self,
        location: &str,
        keywords: &'d Map<String, Value>,
        value: &Value,
        pointer: &str,
        depth: u32,
    ) {
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str)
            && let Some((at, target)) = resolve(self.document, reference)
        {
            self.follow(&at, target, value, pointer, depth + 1);
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let branches = keywords
                .get(keyword)
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            for (at, branch) in branches.enumerate() {
                let formula = self.pair.schema(self.side, self.document, branch);
                if self.pair.evaluator().holds(formula, value) != Some(false) {
                    self.follow(
                        &format!("{location}/{keyword}/{at}"),
                        branch,
                        value,
                        pointer,
                        depth + 1,
                    );
                }
            }
        }
        for keyword in ["then", "else"] {
            if let Some(branch) = keywords.get(keyword) {
                self.follow(
                    &format!("{location}/{keyword}"),
                    branch,
                    value,
                    pointer,
                    depth + 1,
                );
            }
        }
    }
}
