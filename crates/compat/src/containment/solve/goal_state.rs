//! The assumptions about the value during a search.

use serde_json::Value;

use super::super::formula::{FormulaId, FormulaNode, ItemFormulas, NEVER, PropertyFormulas};
use super::super::formula_arena::FormulaArena;
use super::super::sent_values::declares_properties;
use super::super::type_mask::TypeMask;
use super::search_goal::{Literal, LiteralMode, SearchGoal};

#[derive(Clone, Debug)]
pub(super) struct GoalState {
    /// All assumed literals, decomposed or not, sorted. A state is copied for each alternative, which
    /// is cheap for a list.
    seen: Vec<Literal>,
    /// The remaining types.
    pub(super) mask: TypeMask,
    /// Literals of single keywords.
    pub(super) units: Vec<Literal>,
    /// Alternatives that affect which properties a producer declares. They are decided first.
    pub(super) eager: Vec<Literal>,
    /// Alternatives that are decided only if a value shows that they matter.
    pub(super) lazy: Vec<Literal>,
    /// Whether only declared properties are sent.
    pub(super) is_closed: bool,
    demanded: bool,
}

impl GoalState {
    /// The state for a goal; `None` if the goal contradicts itself.
    pub(super) fn of(arena: &mut FormulaArena, goal: &SearchGoal) -> Option<Self> {
        let declares = |literal: &Literal| {
            literal.mode == LiteralMode::Sent && declares_properties(arena, literal.id)
        };
        let mut state = Self {
            seen: Vec::new(),
            mask: TypeMask::ALL,
            units: Vec::new(),
            eager: Vec::new(),
            lazy: Vec::new(),
            is_closed: goal.literals.iter().any(declares),
            demanded: goal.demanded,
        };
        state.assume(arena, &goal.literals).then_some(state)
    }

    /// Assumes literals and their direct consequences. Returns whether they are consistent.
    pub(super) fn assume(&mut self, arena: &mut FormulaArena, literals: &[Literal]) -> bool {
        let mut queue = literals.to_vec();
        while let Some(literal) = queue.pop() {
            self.mask = self.mask.and(literal.types(arena));
            if self.mask.is_empty() || self.contradicts(literal) {
                return false;
            }
            if self.insert(literal) && !self.take_apart(arena, literal, &mut queue) {
                return false;
            }
        }
        true
    }

    /// Returns whether the literal is new.
    fn insert(&mut self, literal: Literal) -> bool {
        let at = self.seen.binary_search(&literal);
        if let Err(at) = at {
            self.seen.insert(at, literal);
        }
        at.is_err()
    }

    fn take_apart(
        &mut self,
        arena: &mut FormulaArena,
        literal: Literal,
        queue: &mut Vec<Literal>,
    ) -> bool {
        let Literal { id, mode } = literal;
        match (arena.node(id), mode) {
            (FormulaNode::Type(_), _) => {}
            (FormulaNode::AllOf(parts), LiteralMode::Holds | LiteralMode::Sent)
            | (FormulaNode::AnyOf(parts), LiteralMode::Fails) => {
                queue.extend(parts.iter().map(|part| literal.of(*part)));
            }
            (FormulaNode::Not(part), LiteralMode::Fails) => queue.push(Literal::holds(*part)),
            (FormulaNode::Not(part), _) => queue.push(Literal::fails(*part)),
            (FormulaNode::Reference(number), _) => {
                queue.push(literal.of(arena.definitions[*number as usize]));
            }
            (FormulaNode::AnyOf(_) | FormulaNode::OneOf(_), LiteralMode::Sent) => {
                self.eager.push(literal)
            }
            (FormulaNode::AnyOf(_) | FormulaNode::OneOf(_), _)
            | (FormulaNode::AllOf(_), LiteralMode::Fails) => {
                self.lazy.push(literal);
            }
            // One of the readings is the value itself.
            (FormulaNode::Readable(part), LiteralMode::Fails) => {
                queue.push(Literal::fails(*part));
                self.lazy.push(literal);
            }
            (FormulaNode::Readable(_), _) => self.lazy.push(literal),
            (FormulaNode::Unsent, LiteralMode::Fails) => return false,
            (FormulaNode::Unsent, LiteralMode::Sent) => return self.demanded,
            (FormulaNode::Unsent, LiteralMode::Holds) => {}
            (FormulaNode::Values(_), LiteralMode::Fails) => self.exclude(arena, id, queue),
            _ => self.units.push(literal),
        }
        true
    }

    /// Excludes listed values. Arrays and objects are decomposed, since they differ in a part;
    /// other values are kept as a list.
    fn exclude(&mut self, arena: &mut FormulaArena, id: FormulaId, queue: &mut Vec<Literal>) {
        let FormulaNode::Values(constants) = arena.node(id) else {
            return;
        };
        let values: Vec<Value> = constants
            .iter()
            .map(|one| arena.constant(*one).clone())
            .collect();
        let is_plain = |value: &Value| !value.is_array() && !value.is_object();
        let plain = arena.values(values.iter().filter(|value| is_plain(value)));
        if plain != NEVER {
            self.units.push(Literal::fails(plain));
        }
        for value in values.iter().filter(|value| !is_plain(value)) {
            let exactly = structure(arena, value);
            queue.push(Literal::fails(exactly));
        }
    }

    fn contradicts(&self, literal: Literal) -> bool {
        let has = |mode| self.is_seen(Literal::new(literal.id, mode));
        match literal.mode {
            LiteralMode::Fails => has(LiteralMode::Holds) || has(LiteralMode::Sent),
            LiteralMode::Holds | LiteralMode::Sent => has(LiteralMode::Fails),
        }
    }

    fn is_seen(&self, literal: Literal) -> bool {
        self.seen.binary_search(&literal).is_ok()
    }

    /// Whether a literal can hold together with the assumptions, judged without search.
    pub(super) fn is_feasible(&self, arena: &FormulaArena, literal: Literal) -> bool {
        literal.types(arena).has(self.mask) && !self.contradicts(literal)
    }

    /// The number of literals that a step looks at.
    pub(super) fn size(&self) -> usize {
        self.seen.len() + self.eager.len() + self.lazy.len()
    }

    /// Whether a literal is already assumed.
    pub(super) fn has(&self, literal: Literal) -> bool {
        self.is_seen(literal)
            || literal.mode == LiteralMode::Holds
                && self.is_seen(Literal::new(literal.id, LiteralMode::Sent))
    }
}

/// A formula that holds for exactly one array or object.
fn structure(arena: &mut FormulaArena, value: &Value) -> FormulaId {
    match value {
        Value::Array(elements) => {
            let count = elements.len() as u64;
            let prefix = elements
                .iter()
                .map(|element| arena.values([element]))
                .collect();
            let parts = [
                arena.types(TypeMask::ARRAY),
                arena.add(FormulaNode::ItemsMin(count)),
                arena.add(FormulaNode::ItemsMax(count)),
                arena.items(ItemFormulas {
                    prefix,
                    rest: super::super::formula::ANY,
                }),
            ];
            arena.all_of(parts)
        }
        Value::Object(members) => {
            let count = members.len() as u64;
            let mut parts = vec![
                arena.types(TypeMask::OBJECT),
                arena.add(FormulaNode::PropertiesMax(count)),
            ];
            let mut named = Vec::new();
            for (name, property) in members {
                let name = arena.intern(name);
                parts.push(arena.add(FormulaNode::RequiredProperty(name)));
                named.push((name, arena.values([property])));
            }
            named.sort_unstable();
            parts.push(arena.members(PropertyFormulas {
                named: named.into(),
                patterned: Box::new([]),
                rest: super::super::formula::ANY,
                declares_rest: false,
            }));
            arena.all_of(parts)
        }
        plain => arena.values([plain]),
    }
}
