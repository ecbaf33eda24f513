//! The values that a producer sends: those that its validator accepts and whose properties are
//! declared.
//!
//! All schemas that apply to a value declare properties together, as for `unevaluatedProperties`.
//! An object for which no schema declares a property is a map and may have any. A required property
//! is sent even if it is not declared or belongs to the other direction; an optional property of
//! the other direction is not sent.

use std::sync::Arc;

use serde_json::Value;

use super::formula::{FormulaId, FormulaNode, ItemFormulas, PropertyFormulas, StringId};
use super::formula_arena::FormulaArena;
use super::formula_evaluator::FormulaEvaluator;
use super::truth_value::{TruthValue, and};

/// Whether a schema, or a schema that it is composed of, declares properties.
pub(super) fn declares_properties(arena: &FormulaArena, id: FormulaId) -> bool {
    any_composed(arena, id, |node| {
        matches!(node, FormulaNode::Properties(members)
            if !members.named.is_empty() || !members.patterned.is_empty())
    })
}

/// Whether a schema, or a schema that it is composed of, declares or requires properties, so that a
/// producer may send them.
pub(super) fn names_properties(arena: &FormulaArena, id: FormulaId) -> bool {
    any_composed(arena, id, |node| {
        matches!(
            node,
            FormulaNode::Properties(_) | FormulaNode::RequiredProperty(_)
        )
    })
}

/// Whether a schema, or a schema that it is composed of, is of a kind.
fn any_composed(
    arena: &FormulaArena,
    id: FormulaId,
    is_of_kind: impl Fn(&FormulaNode) -> bool,
) -> bool {
    let mut seen = Vec::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        match arena.node(id) {
            node if is_of_kind(node) => return true,
            FormulaNode::AllOf(parts) | FormulaNode::AnyOf(parts) | FormulaNode::OneOf(parts) => {
                open.extend(parts)
            }
            FormulaNode::Readable(part) => open.push(*part),
            FormulaNode::Reference(number) if !seen.contains(number) => {
                seen.push(*number);
                open.push(arena.definitions[*number as usize]);
            }
            _ => {}
        }
    }
    false
}

/// The keywords that apply to one value.
#[derive(Default)]
struct ValueDeclarations {
    members: Vec<Arc<PropertyFormulas>>,
    items: Vec<Arc<ItemFormulas>>,
    demanded: Vec<StringId>,
    is_unsent: bool,
    is_unsure: bool,
}

impl FormulaEvaluator<'_> {
    /// Whether a producer with all these schemas may send a value; `demanded` if the value is
    /// required.
    pub(super) fn sends(
        &mut self,
        schemas: &[FormulaId],
        value: &Value,
        demanded: bool,
    ) -> TruthValue {
        self.forget_value();
        self.deeper(|this| this.sends_part(schemas, value, demanded))
    }

    fn sends_part(&mut self, schemas: &[FormulaId], value: &Value, demanded: bool) -> TruthValue {
        let mut truth = Some(true);
        let mut declarations = ValueDeclarations::default();
        for schema in schemas {
            truth = and(truth, self.holds_separately(*schema, value));
            if truth == Some(false) {
                return truth;
            }
            self.collect(*schema, value, &mut declarations, 0);
        }
        if declarations.is_unsure {
            truth = and(truth, None);
        }
        if declarations.is_unsent && !demanded {
            return Some(false);
        }
        match value {
            Value::Object(members) => {
                let is_closed = schemas
                    .iter()
                    .any(|schema| declares_properties(self.arena, *schema));
                for (name, property) in members {
                    truth = and(
                        truth,
                        self.sends_property(&declarations, is_closed, name, property),
                    );
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    let schemas: Vec<FormulaId> = declarations
                        .items
                        .iter()
                        .map(|items| items.at(index))
                        .collect();
                    truth = and(truth, self.sends_part(&schemas, element, true));
                }
            }
            _ => {}
        }
        truth
    }

    fn sends_property(
        &mut self,
        declarations: &ValueDeclarations,
        is_closed: bool,
        name: &str,
        property: &Value,
    ) -> TruthValue {
        let is_demanded = declarations
            .demanded
            .iter()
            .any(|word| self.arena.string(*word) == name);
        let is_declared = is_demanded
            || declarations
                .members
                .iter()
                .any(|members| self.declares(members, name));
        if is_closed && !is_declared {
            return Some(false);
        }
        let mut schemas = Vec::new();
        for members in &declarations.members {
            schemas.extend(self.of_name(members, name).0);
        }
        self.sends_part(&schemas, property, is_demanded)
    }

    fn collect(
        &mut self,
        id: FormulaId,
        value: &Value,
        declarations: &mut ValueDeclarations,
        depth: u8,
    ) {
        if depth == u8::MAX {
            declarations.is_unsure = true;
            return;
        }
        match self.arena.node(id) {
            FormulaNode::Properties(members) => declarations.members.push(Arc::clone(members)),
            FormulaNode::Items(items) => declarations.items.push(Arc::clone(items)),
            FormulaNode::RequiredProperty(name) => declarations.demanded.push(*name),
            FormulaNode::Unsent => declarations.is_unsent = true,
            FormulaNode::AllOf(parts) => {
                for part in parts {
                    self.collect(*part, value, declarations, depth + 1);
                }
            }
            FormulaNode::AnyOf(parts) | FormulaNode::OneOf(parts) => {
                for part in parts {
                    match self.holds_separately(*part, value) {
                        Some(true) => self.collect(*part, value, declarations, depth + 1),
                        Some(false) => {}
                        None => declarations.is_unsure = true,
                    }
                }
            }
            FormulaNode::Reference(number) => {
                self.collect(
                    self.arena.definitions[*number as usize],
                    value,
                    declarations,
                    depth + 1,
                );
            }
            _ => {}
        }
    }
}
