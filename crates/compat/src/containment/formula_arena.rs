//! The arena of formulas. Equal nodes share an id, and each node records which types of values can
//! satisfy it and which can violate it.

use std::sync::Arc;

use hashbrown::HashMap;
use serde_json::Value;

use portcullis_json::ExactFraction;

use super::canonical_text::canonical;
use super::formula::{
    ANY, ConstantId, FormulaId, FormulaNode, ItemFormulas, NEVER, NumberId, PropertyFormulas,
    StringId, children,
};
use super::type_mask::TypeMask;

#[derive(Debug, Default)]
pub(super) struct FormulaArena {
    nodes: Vec<FormulaNode>,
    ids: HashMap<FormulaNode, FormulaId>,
    /// For each node, the types of values that can satisfy it, and those that can violate it.
    holds: Vec<TypeMask>,
    fails: Vec<TypeMask>,
    /// For each node, whether it contains a reference.
    refers: Vec<bool>,
    strings: InternTable<String>,
    numbers: InternTable<ExactFraction>,
    constants: Vec<Value>,
    constant_ids: HashMap<String, ConstantId>,
    /// The bodies of the recursive definitions.
    pub(super) definitions: Vec<FormulaId>,
    /// Why opaque nodes that stand for broken parts of a contract are unknown.
    pub(super) broken_parts: HashMap<StringId, String>,
    /// Whether one of the contracts has broken parts, among which an empty `enum` counts.
    pub(super) has_broken_parts: bool,
}

#[derive(Debug)]
struct InternTable<T> {
    list: Vec<T>,
    ids: HashMap<T, u32>,
}

impl<T> Default for InternTable<T> {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            ids: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> InternTable<T> {
    fn intern(&mut self, item: T) -> u32 {
        if let Some(known) = self.ids.get(&item) {
            return *known;
        }
        let id = u32::try_from(self.list.len()).expect("memory ends before u32 does");
        self.list.push(item.clone());
        self.ids.insert(item, id);
        id
    }
}

impl FormulaArena {
    pub(super) fn new() -> Self {
        let mut arena = Self::default();
        arena.add(FormulaNode::Type(TypeMask::ALL));
        arena.add(FormulaNode::Type(TypeMask::NONE));
        arena
    }

    pub(super) fn node(&self, id: FormulaId) -> &FormulaNode {
        &self.nodes[id.0 as usize]
    }

    pub(super) fn string(&self, word: StringId) -> &str {
        &self.strings.list[word.0 as usize]
    }

    pub(super) fn number(&self, number: NumberId) -> &ExactFraction {
        &self.numbers.list[number.0 as usize]
    }

    pub(super) fn constant(&self, constant: ConstantId) -> &Value {
        &self.constants[constant.0 as usize]
    }

    /// The types of values that can satisfy a node.
    pub(super) fn holds(&self, id: FormulaId) -> TypeMask {
        self.holds[id.0 as usize]
    }

    /// The types of values that can violate a node.
    pub(super) fn fails(&self, id: FormulaId) -> TypeMask {
        self.fails[id.0 as usize]
    }

    pub(super) fn has_reference(&self, id: FormulaId) -> bool {
        self.refers[id.0 as usize]
    }

    pub(super) fn intern(&mut self, word: &str) -> StringId {
        if let Some(known) = self.strings.ids.get(word) {
            return StringId(*known);
        }
        StringId(self.strings.intern(word.to_owned()))
    }

    /// A string that the arena already contains.
    pub(super) fn find_string(&self, word: &str) -> Option<StringId> {
        self.strings.ids.get(word).map(|id| StringId(*id))
    }

    pub(super) fn intern_number(&mut self, number: ExactFraction) -> NumberId {
        NumberId(self.numbers.intern(number))
    }

    pub(super) fn intern_constant(&mut self, value: &Value) -> ConstantId {
        let key = canonical(value);
        if let Some(known) = self.constant_ids.get(&key) {
            return *known;
        }
        let id = u32::try_from(self.constants.len()).expect("memory ends before u32 does");
        self.constants.push(value.clone());
        self.constant_ids.insert(key, ConstantId(id));
        ConstantId(id)
    }

    /// A value that the arena already contains.
    pub(super) fn find_constant(&self, value: &Value) -> Option<ConstantId> {
        self.constant_ids.get(&canonical(value)).copied()
    }

    pub(super) fn add(&mut self, node: FormulaNode) -> FormulaId {
        if let Some(known) = self.ids.get(&node) {
            return *known;
        }
        let id = FormulaId(u32::try_from(self.nodes.len()).expect("memory ends before u32 does"));
        let (holds, fails) = self.masks(&node);
        let refers = matches!(node, FormulaNode::Reference(_))
            || children(&node).any(|child| self.refers[child.0 as usize]);
        self.holds.push(holds);
        self.fails.push(fails);
        self.refers.push(refers);
        self.ids.insert(node.clone(), id);
        self.nodes.push(node);
        id
    }

    /// The number of a new recursive definition, whose body follows.
    pub(super) fn add_definition(&mut self) -> u32 {
        let number = u32::try_from(self.definitions.len()).expect("memory ends before u32 does");
        self.definitions.push(ANY);
        number
    }

    pub(super) fn members(&mut self, members: PropertyFormulas) -> FormulaId {
        self.add(FormulaNode::Properties(Arc::new(members)))
    }

    pub(super) fn items(&mut self, items: ItemFormulas) -> FormulaId {
        self.add(FormulaNode::Items(Arc::new(items)))
    }

    pub(super) fn types(&mut self, mask: TypeMask) -> FormulaId {
        self.add(FormulaNode::Type(mask))
    }

    pub(super) fn values<'v>(&mut self, values: impl IntoIterator<Item = &'v Value>) -> FormulaId {
        let mut constants: Vec<ConstantId> = values
            .into_iter()
            .map(|value| self.intern_constant(value))
            .collect();
        constants.sort_unstable();
        constants.dedup();
        if constants.is_empty() {
            return NEVER;
        }
        self.add(FormulaNode::Values(constants.into()))
    }

    /// The conjunction of formulas.
    pub(super) fn all_of(&mut self, parts: impl IntoIterator<Item = FormulaId>) -> FormulaId {
        let mut flat = Vec::new();
        for part in parts {
            match self.node(part) {
                FormulaNode::AllOf(inner) => flat.extend_from_slice(inner),
                _ if part == ANY => {}
                _ if part == NEVER => return NEVER,
                _ => flat.push(part),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        match flat[..] {
            [] => ANY,
            [only] => only,
            _ => self.add(FormulaNode::AllOf(flat.into())),
        }
    }

    /// The disjunction of formulas.
    pub(super) fn any_of(&mut self, parts: impl IntoIterator<Item = FormulaId>) -> FormulaId {
        let mut flat = Vec::new();
        for part in parts {
            match self.node(part) {
                FormulaNode::AnyOf(inner) => flat.extend_from_slice(inner),
                _ if part == NEVER => {}
                _ => flat.push(part),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        match flat[..] {
            [] => NEVER,
            [only] => only,
            // `true` is kept as an alternative, because it affects which properties are declared.
            _ => self.add(FormulaNode::AnyOf(flat.into())),
        }
    }

    /// Exactly one of the formulas.
    pub(super) fn one_of(&mut self, parts: impl IntoIterator<Item = FormulaId>) -> FormulaId {
        let mut parts: Vec<FormulaId> = parts.into_iter().filter(|part| *part != NEVER).collect();
        parts.sort_unstable();
        match parts[..] {
            [] => NEVER,
            [only] => only,
            _ => self.add(FormulaNode::OneOf(parts.into())),
        }
    }

    pub(super) fn not(&mut self, part: FormulaId) -> FormulaId {
        match *self.node(part) {
            FormulaNode::Not(inner) => inner,
            FormulaNode::Type(mask) => self.types(mask.without()),
            _ => self.add(FormulaNode::Not(part)),
        }
    }

    fn masks(&self, node: &FormulaNode) -> (TypeMask, TypeMask) {
        let conditional = |mask: TypeMask| (TypeMask::ALL, mask);
        match node {
            FormulaNode::Type(mask) => (*mask, mask.without()),
            FormulaNode::Values(values) => {
                let of = |value: &ConstantId| TypeMask::of(self.constant(*value));
                let holds = values.iter().map(of).fold(TypeMask::NONE, TypeMask::or);
                (holds, self.fails_of_values(values))
            }
            FormulaNode::AtLeast(_)
            | FormulaNode::Above(_)
            | FormulaNode::AtMost(_)
            | FormulaNode::Below(_) => conditional(TypeMask::NUMBER),
            // An integer is a multiple of 1.
            FormulaNode::MultipleOf(number) if self.number(*number).is_one() => {
                (TypeMask::FRACTION.without(), TypeMask::FRACTION)
            }
            FormulaNode::MultipleOf(_) => conditional(TypeMask::NUMBER),
            FormulaNode::LengthMin(_)
            | FormulaNode::LengthMax(_)
            | FormulaNode::Pattern(_)
            | FormulaNode::Format(_) => conditional(TypeMask::STRING),
            FormulaNode::ItemsMin(_)
            | FormulaNode::ItemsMax(_)
            | FormulaNode::Unique
            | FormulaNode::Contains { .. } => conditional(TypeMask::ARRAY),
            FormulaNode::Items(items) => {
                let can_fail = items
                    .prefix
                    .iter()
                    .chain([&items.rest])
                    .any(|part| self.can_fail(*part));
                conditional(if can_fail {
                    TypeMask::ARRAY
                } else {
                    TypeMask::NONE
                })
            }
            FormulaNode::PropertiesMin(_)
            | FormulaNode::PropertiesMax(_)
            | FormulaNode::RequiredProperty(_) => conditional(TypeMask::OBJECT),
            FormulaNode::PropertyNames(schema) => {
                let can_fail = self.fails(*schema).has(TypeMask::STRING);
                conditional(if can_fail {
                    TypeMask::OBJECT
                } else {
                    TypeMask::NONE
                })
            }
            FormulaNode::Properties(members) => {
                let can_fail = members.all().any(|part| self.can_fail(part));
                conditional(if can_fail {
                    TypeMask::OBJECT
                } else {
                    TypeMask::NONE
                })
            }
            FormulaNode::AllOf(parts) => (self.all_hold(parts), self.some_fail(parts)),
            FormulaNode::AnyOf(parts) => (
                self.some_hold(parts),
                parts
                    .iter()
                    .fold(TypeMask::ALL, |mask, part| mask.and(self.fails(*part))),
            ),
            FormulaNode::OneOf(parts) => (self.some_hold(parts), TypeMask::ALL),
            FormulaNode::Not(part) => (self.fails(*part), self.holds(*part)),
            FormulaNode::Reference(_) => (TypeMask::ALL, TypeMask::ALL),
            FormulaNode::Readable(_) => (TypeMask::ALL, TypeMask::ALL),
            FormulaNode::Opaque(_, mask) => conditional(*mask),
            FormulaNode::Unsent => (TypeMask::ALL, TypeMask::NONE),
        }
    }

    fn all_hold(&self, parts: &[FormulaId]) -> TypeMask {
        let masks = parts.iter().map(|part| self.holds(*part));
        masks.fold(TypeMask::ALL, TypeMask::and)
    }

    fn some_hold(&self, parts: &[FormulaId]) -> TypeMask {
        let masks = parts.iter().map(|part| self.holds(*part));
        masks.fold(TypeMask::NONE, TypeMask::or)
    }

    fn some_fail(&self, parts: &[FormulaId]) -> TypeMask {
        let masks = parts.iter().map(|part| self.fails(*part));
        masks.fold(TypeMask::NONE, TypeMask::or)
    }

    fn can_fail(&self, id: FormulaId) -> bool {
        !self.fails(id).is_empty()
    }

    /// A list that contains all values of a type cannot fail for that type.
    fn fails_of_values(&self, values: &[ConstantId]) -> TypeMask {
        let has = |wanted: Value| values.iter().any(|value| *self.constant(*value) == wanted);
        let mut fails = TypeMask::ALL;
        if has(Value::Null) {
            fails = fails.and(TypeMask::NULL.without());
        }
        if has(Value::Bool(true)) && has(Value::Bool(false)) {
            fails = fails.and(TypeMask::BOOLEAN.without());
        }
        fails
    }
}
