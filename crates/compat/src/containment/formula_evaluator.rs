//! Evaluates formulas for single values, in three-valued logic (Kleene): true, false or unknown.
//!
//! Keywords that cannot be interpreted are unknown. Unknown propagates: it never counts as false,
//! and `not` does not turn it into true.
//!
//! Nested alternatives and the check of what a producer sends ask for the same schema and part many
//! times, so the results for arrays and objects are remembered. They are found by the address of
//! the part, which is unique while the whole value is borrowed; they are forgotten with the value.

use hashbrown::HashMap;
use serde_json::Value;

use portcullis_json::ExactFraction;

use super::canonical_text::canonical;
use super::formula::{FormulaId, FormulaNode, PropertyFormulas, StringId};
use super::formula_arena::FormulaArena;
use super::string_matchers::StringMatchers;
use super::text_readings::readings;
use super::truth_value::{TruthValue, all, and, any, not};
use super::type_mask::TypeMask;

/// The maximum depth of nested formulas for one value.
const DEPTH_MAX: u32 = 600;

/// The maximum number of formulas for one value. Without it, a schema that is an alternative of
/// itself would never end.
const EVALUATIONS_MAX: u32 = 200_000;

/// Evaluates formulas.
#[derive(Debug)]
pub(super) struct FormulaEvaluator<'a> {
    pub(super) arena: &'a FormulaArena,
    pub(super) matchers: &'a mut StringMatchers,
    depth: u32,
    evaluations: u32,
    /// The last broken part of a contract that a value was evaluated against.
    pub(super) broken_part: Option<StringId>,
    /// The evaluations of all values, which the search counts as work.
    pub(super) total: usize,
    /// The results for the parts of the current value, by address.
    known: HashMap<(FormulaId, usize), TruthValue>,
    /// Whether all evaluations are of the same value, so that results stay valid.
    is_of_one_value: bool,
    /// The texts that a number of the value may have.
    pub(super) number_texts: NumberTexts,
}

/// The texts that a number may have where it is carried as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum NumberTexts {
    /// The one that the value itself has.
    #[default]
    Own,
    /// Any, so what depends on it is unknown.
    Any,
}

impl<'a> FormulaEvaluator<'a> {
    pub(super) fn new(arena: &'a FormulaArena, matchers: &'a mut StringMatchers) -> Self {
        Self {
            arena,
            matchers,
            depth: 0,
            evaluations: 0,
            broken_part: None,
            total: 0,
            known: HashMap::new(),
            is_of_one_value: false,
            number_texts: NumberTexts::Own,
        }
    }

    /// An evaluator for several formulas and one value, which must outlive it.
    pub(super) fn of_one_value(arena: &'a FormulaArena, matchers: &'a mut StringMatchers) -> Self {
        Self {
            is_of_one_value: true,
            ..Self::new(arena, matchers)
        }
    }

    /// Whether a value satisfies a node.
    pub(super) fn holds(&mut self, id: FormulaId, value: &Value) -> TruthValue {
        if self.depth == 0 {
            self.evaluations = 0;
            self.forget_value();
        }
        if self.depth > DEPTH_MAX || self.evaluations > EVALUATIONS_MAX {
            return None;
        }
        self.evaluations += 1;
        self.total += 1;
        if !is_worth_remembering(self.arena.node(id), value) {
            return self.deeper(|this| this.node(id, value));
        }
        let part = (id, std::ptr::from_ref(value).addr());
        if let Some(known) = self.known.get(&part) {
            return *known;
        }
        let truth = self.deeper(|this| this.node(id, value));
        self.known.insert(part, truth);
        truth
    }

    /// Evaluates a part of the current value: the results that are known stay valid.
    pub(super) fn deeper<T>(&mut self, evaluate: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += 1;
        let result = evaluate(self);
        self.depth -= 1;
        result
    }

    /// Starts with another value.
    pub(super) fn forget_value(&mut self) {
        if !self.is_of_one_value && self.depth == 0 {
            self.known.clear();
        }
    }

    /// A separate limit for one formula.
    pub(super) fn holds_separately(&mut self, id: FormulaId, value: &Value) -> TruthValue {
        self.evaluations = 0;
        self.holds(id, value)
    }

    fn node(&mut self, id: FormulaId, value: &Value) -> TruthValue {
        let arena = self.arena;
        match arena.node(id) {
            FormulaNode::Type(mask) => Some(mask.has(TypeMask::of(value))),
            FormulaNode::Values(values) => Some(
                arena.holds(id).has(TypeMask::of(value))
                    && arena
                        .find_constant(value)
                        .is_some_and(|constant| values.binary_search(&constant).is_ok()),
            ),
            FormulaNode::AllOf(parts) => self.every(parts.iter().map(|part| (*part, value))),
            FormulaNode::AnyOf(parts) => any(parts.iter().map(|part| self.holds(*part, value))),
            FormulaNode::OneOf(parts) => self.exactly_one(parts, value),
            FormulaNode::Not(part) => not(self.holds(*part, value)),
            FormulaNode::Reference(number) => {
                self.holds(arena.definitions[*number as usize], value)
            }
            FormulaNode::Unsent => Some(true),
            FormulaNode::Readable(part) => self.readable(*part, value),
            FormulaNode::Opaque(word, types) => {
                if arena.broken_parts.contains_key(word) {
                    self.broken_part = Some(*word);
                }
                (!types.has(TypeMask::of(value))).then_some(true)
            }
            other => match value {
                Value::Number(number) => {
                    ExactFraction::of(number).map(|ratio| number_holds(arena, other, &ratio))
                }
                Value::String(text) => self.string(other, text),
                Value::Array(elements) => self.array(other, elements),
                Value::Object(members) => self.object(other, members),
                Value::Null | Value::Bool(_) => Some(true),
            },
        }
    }

    fn readable(&mut self, part: FormulaId, value: &Value) -> TruthValue {
        if value.is_array() || value.is_object() {
            return self.holds(part, value);
        }
        if self.number_texts == NumberTexts::Any && value.is_number() {
            return any([self.holds(part, value), self.any_text(part)].into_iter());
        }
        // The readings are new values, so results about them must not outlive them.
        let known = std::mem::take(&mut self.known);
        let readings = readings(value);
        let truth = any(readings.iter().map(|reading| self.holds(part, reading)));
        self.known = known;
        truth
    }

    /// Whether a schema accepts the text of a number as a string, whichever text that is.
    fn any_text(&self, part: FormulaId) -> TruthValue {
        let (accepts, refuses) = (self.arena.holds(part), self.arena.fails(part));
        match (accepts.has(TypeMask::STRING), refuses.has(TypeMask::STRING)) {
            (true, true) => None,
            (is_accepted, _) => Some(is_accepted),
        }
    }

    fn every<'v>(&mut self, parts: impl Iterator<Item = (FormulaId, &'v Value)>) -> TruthValue {
        all(parts.map(|(part, value)| self.holds(part, value)))
    }

    fn exactly_one(&mut self, parts: &[FormulaId], value: &Value) -> TruthValue {
        let (mut yes, mut unknown) = (0, 0);
        for part in parts {
            match self.holds(*part, value) {
                Some(true) => yes += 1,
                None => unknown += 1,
                Some(false) => {}
            }
        }
        match (yes, unknown) {
            (2.., _) => Some(false),
            (1, 0) => Some(true),
            (0, 0) => Some(false),
            _ => None,
        }
    }

    fn string(&mut self, node: &FormulaNode, text: &str) -> TruthValue {
        let arena = self.arena;
        let length = || text.chars().count() as u64;
        match node {
            FormulaNode::LengthMin(min) => Some(length() >= *min),
            FormulaNode::LengthMax(max) => Some(length() <= *max),
            FormulaNode::Pattern(word) => self.matchers.matches(*word, arena.string(*word), text),
            FormulaNode::Format(word) => {
                self.matchers.is_of_format(*word, arena.string(*word), text)
            }
            _ => Some(true),
        }
    }

    fn array(&mut self, node: &FormulaNode, elements: &[Value]) -> TruthValue {
        let count = elements.len() as u64;
        match node {
            FormulaNode::ItemsMin(min) => Some(count >= *min),
            FormulaNode::ItemsMax(max) => Some(count <= *max),
            FormulaNode::Unique => Some(is_unique(elements)),
            FormulaNode::Items(items) => {
                let schemas = items.prefix.iter().chain(std::iter::repeat(&items.rest));
                self.every(schemas.copied().zip(elements))
            }
            FormulaNode::Contains { schema, min, max } => {
                let truths: Vec<TruthValue> = elements
                    .iter()
                    .map(|one| self.holds(*schema, one))
                    .collect();
                let sure = truths.iter().filter(|truth| **truth == Some(true)).count() as u64;
                let maybe = sure + truths.iter().filter(|truth| truth.is_none()).count() as u64;
                let enough = match (sure >= *min, maybe >= *min) {
                    (true, _) => Some(true),
                    (_, false) => Some(false),
                    _ => None,
                };
                let few = match max {
                    Some(max) if sure > *max => Some(false),
                    Some(max) if maybe > *max => None,
                    _ => Some(true),
                };
                and(enough, few)
            }
            _ => Some(true),
        }
    }

    fn object(
        &mut self,
        node: &FormulaNode,
        members: &serde_json::Map<String, Value>,
    ) -> TruthValue {
        let arena = self.arena;
        let count = members.len() as u64;
        match node {
            FormulaNode::PropertiesMin(min) => Some(count >= *min),
            FormulaNode::PropertiesMax(max) => Some(count <= *max),
            FormulaNode::RequiredProperty(word) => Some(members.contains_key(arena.string(*word))),
            FormulaNode::PropertyNames(schema) => {
                let names = members.keys().map(|name| Value::from(name.as_str()));
                all(names.map(|name| self.holds(*schema, &name)))
            }
            FormulaNode::Properties(listed) => all(members
                .iter()
                .map(|(name, value)| self.property(listed, name, value))),
            _ => Some(true),
        }
    }

    fn property(&mut self, listed: &PropertyFormulas, name: &str, value: &Value) -> TruthValue {
        if listed.patterned.is_empty() {
            return self.holds(self.of_plain_name(listed, name), value);
        }
        let (schemas, is_known) = self.of_name(listed, name);
        let truth = self.every(schemas.into_iter().map(|schema| (schema, value)));
        if is_known {
            truth
        } else {
            // A pattern that cannot be evaluated may add a constraint.
            and(truth, None)
        }
    }

    /// The schema of a property where no patterns are listed.
    fn of_plain_name(&self, listed: &PropertyFormulas, name: &str) -> FormulaId {
        if listed.named.is_empty() {
            return listed.rest;
        }
        let named = self.arena.find_string(name);
        let schema = named.and_then(|name| listed.of_name(name));
        schema.unwrap_or(listed.rest)
    }

    /// The schemas that apply to a property whose name the arena contains, and whether the list is
    /// complete.
    pub(super) fn of_interned_name(
        &mut self,
        listed: &PropertyFormulas,
        name: StringId,
    ) -> (Vec<FormulaId>, bool) {
        if listed.patterned.is_empty() {
            let schema = listed.of_name(name).unwrap_or(listed.rest);
            return (vec![schema], true);
        }
        self.of_name(listed, self.arena.string(name))
    }

    /// The schemas that apply to a property, and whether the list is complete.
    pub(super) fn of_name(
        &mut self,
        listed: &PropertyFormulas,
        name: &str,
    ) -> (Vec<FormulaId>, bool) {
        if listed.patterned.is_empty() {
            return (vec![self.of_plain_name(listed, name)], true);
        }
        let arena = self.arena;
        let mut schemas: Vec<FormulaId> = arena
            .find_string(name)
            .and_then(|name| listed.of_name(name))
            .into_iter()
            .collect();
        let mut is_known = true;
        for (pattern, schema) in &listed.patterned {
            match self.matches(*pattern, name) {
                Some(true) => schemas.push(*schema),
                Some(false) => {}
                None => is_known = false,
            }
        }
        if schemas.is_empty() && is_known {
            schemas.push(listed.rest);
        }
        (schemas, is_known)
    }

    /// Whether a schema declares properties with this name.
    pub(super) fn declares(&mut self, listed: &PropertyFormulas, name: &str) -> bool {
        let arena = self.arena;
        listed.declares_rest
            || arena
                .find_string(name)
                .is_some_and(|name| listed.of_name(name).is_some())
            || listed
                .patterned
                .iter()
                .any(|(pattern, _)| self.matches(*pattern, name) != Some(false))
    }

    pub(super) fn matches(&mut self, pattern: StringId, text: &str) -> TruthValue {
        self.matchers
            .matches(pattern, self.arena.string(pattern), text)
    }
}

/// Whether a result is expensive enough to be remembered.
fn is_worth_remembering(node: &FormulaNode, value: &Value) -> bool {
    (value.is_object() || value.is_array())
        && matches!(
            node,
            FormulaNode::AllOf(_)
                | FormulaNode::AnyOf(_)
                | FormulaNode::OneOf(_)
                | FormulaNode::Properties(_)
                | FormulaNode::Items(_)
                | FormulaNode::Contains { .. }
        )
}

/// Evaluates a node for a number.
pub(super) fn number_holds(
    arena: &FormulaArena,
    node: &FormulaNode,
    number: &ExactFraction,
) -> bool {
    match node {
        FormulaNode::AtLeast(bound) => number >= arena.number(*bound),
        FormulaNode::Above(bound) => number > arena.number(*bound),
        FormulaNode::AtMost(bound) => number <= arena.number(*bound),
        FormulaNode::Below(bound) => number < arena.number(*bound),
        FormulaNode::MultipleOf(divisor) => number.is_multiple_of(arena.number(*divisor)),
        _ => true,
    }
}

fn is_unique(elements: &[Value]) -> bool {
    let mut texts: Vec<String> = elements.iter().map(canonical).collect();
    texts.sort_unstable();
    texts.windows(2).all(|pair| pair[0] != pair[1])
}
