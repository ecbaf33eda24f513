//! What a producer sends: values that its validator accepts and whose members are declared.
//!
//! Members are declared by the schemas that are in force for a value, all of them together, as
//! `unevaluatedProperties` would see them. An object of which no schema declares a member is a
//! map and may have any. A member that is demanded is sent, declared or not, and whatever its
//! direction; one that is marked as of the other direction is not.

use std::sync::Arc;

use serde_json::Value;

use super::formula::{FormulaId, FormulaNode, ItemFormulas, PropertyFormulas, StringId};
use super::formula_arena::FormulaArena;
use super::formula_evaluator::{FormulaEvaluator, TruthValue, and};

/// Whether a schema, or what it is composed of, declares members.
pub(super) fn declares_properties(arena: &FormulaArena, id: FormulaId) -> bool {
    let mut seen = Vec::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        match arena.node(id) {
            FormulaNode::Properties(members)
                if !members.named.is_empty() || !members.patterned.is_empty() =>
            {
                return true;
            }
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

/// The schemas that are in force for one value.
#[derive(Default)]
struct ValueDeclarations {
    members: Vec<Arc<PropertyFormulas>>,
    items: Vec<Arc<ItemFormulas>>,
    demanded: Vec<StringId>,
    is_unsent: bool,
    is_unsure: bool,
}

impl FormulaEvaluator<'_> {
    /// Whether a producer of all these schemas may send a value; `demanded` where it must.
    pub(super) fn sends(
        &mut self,
        schemas: &[FormulaId],
        value: &Value,
        demanded: bool,
    ) -> TruthValue {
        let mut truth = Some(true);
        let mut force = ValueDeclarations::default();
        for schema in schemas {
            truth = and(truth, self.holds(*schema, value));
            if truth == Some(false) {
                return truth;
            }
            self.collect(*schema, value, &mut force, 0);
        }
        if force.is_unsure {
            truth = and(truth, None);
        }
        if force.is_unsent && !demanded {
            return Some(false);
        }
        match value {
            Value::Object(members) => {
                let is_closed = schemas
                    .iter()
                    .any(|schema| declares_properties(self.arena, *schema));
                for (name, member) in members {
                    truth = and(truth, self.sends_member(&force, is_closed, name, member));
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    let schemas: Vec<FormulaId> =
                        force.items.iter().map(|items| items.at(index)).collect();
                    truth = and(truth, self.sends(&schemas, element, true));
                }
            }
            _ => {}
        }
        truth
    }

    fn sends_member(
        &mut self,
        force: &ValueDeclarations,
        is_closed: bool,
        name: &str,
        member: &Value,
    ) -> TruthValue {
        let is_demanded = force
            .demanded
            .iter()
            .any(|word| self.arena.string(*word) == name);
        let is_declared = is_demanded
            || force
                .members
                .iter()
                .any(|members| self.declares(members, name));
        if is_closed && !is_declared {
            return Some(false);
        }
        let mut schemas = Vec::new();
        for members in &force.members {
            schemas.extend(self.of_name(members, name).0);
        }
        self.sends(&schemas, member, is_demanded)
    }

    fn collect(&mut self, id: FormulaId, value: &Value, force: &mut ValueDeclarations, depth: u8) {
        if depth == u8::MAX {
            force.is_unsure = true;
            return;
        }
        match self.arena.node(id) {
            FormulaNode::Properties(members) => force.members.push(Arc::clone(members)),
            FormulaNode::Items(items) => force.items.push(Arc::clone(items)),
            FormulaNode::RequiredProperty(name) => force.demanded.push(*name),
            FormulaNode::Unsent => force.is_unsent = true,
            FormulaNode::AllOf(parts) => {
                for part in parts {
                    self.collect(*part, value, force, depth + 1);
                }
            }
            FormulaNode::AnyOf(parts) | FormulaNode::OneOf(parts) => {
                for part in parts {
                    match self.holds(*part, value) {
                        Some(true) => self.collect(*part, value, force, depth + 1),
                        Some(false) => {}
                        None => force.is_unsure = true,
                    }
                }
            }
            FormulaNode::Reference(number) => {
                self.collect(
                    self.arena.definitions[*number as usize],
                    value,
                    force,
                    depth + 1,
                );
            }
            _ => {}
        }
    }
}
