//! The arena of formulas: equal nodes are one node, and of each is known which types of values may
//! satisfy it and which may fail to.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::formula::{ANY, Constant, Figure, Id, Items, Members, NEVER, Node, Word, children};
use super::mask::Mask;
use super::ratio::{Ratio, canonical};

#[derive(Debug, Default)]
pub(super) struct Arena {
    nodes: Vec<Node>,
    ids: HashMap<Node, Id>,
    /// The types of values that may satisfy a node, and those that may fail to.
    holds: Vec<Mask>,
    fails: Vec<Mask>,
    /// Whether a node leads to a reference.
    refers: Vec<bool>,
    words: Interned<String>,
    figures: Interned<Ratio>,
    constants: Vec<Value>,
    constant_ids: HashMap<String, Constant>,
    /// What the definitions that refer to themselves say.
    pub(super) definitions: Vec<Id>,
}

#[derive(Debug)]
struct Interned<T> {
    list: Vec<T>,
    ids: HashMap<T, u32>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            ids: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Interned<T> {
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

impl Arena {
    pub(super) fn new() -> Self {
        let mut arena = Self::default();
        arena.add(Node::Type(Mask::ALL));
        arena.add(Node::Type(Mask::NONE));
        arena
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(super) fn word(&self, word: Word) -> &str {
        &self.words.list[word.0 as usize]
    }

    pub(super) fn figure(&self, figure: Figure) -> &Ratio {
        &self.figures.list[figure.0 as usize]
    }

    pub(super) fn constant(&self, constant: Constant) -> &Value {
        &self.constants[constant.0 as usize]
    }

    /// The types of values that may satisfy a node.
    pub(super) fn holds(&self, id: Id) -> Mask {
        self.holds[id.0 as usize]
    }

    /// The types of values that may fail to satisfy it.
    pub(super) fn fails(&self, id: Id) -> Mask {
        self.fails[id.0 as usize]
    }

    pub(super) fn refers(&self, id: Id) -> bool {
        self.refers[id.0 as usize]
    }

    pub(super) fn intern(&mut self, word: &str) -> Word {
        if let Some(known) = self.words.ids.get(word) {
            return Word(*known);
        }
        Word(self.words.intern(word.to_owned()))
    }

    /// A word that is in the arena already.
    pub(super) fn known(&self, word: &str) -> Option<Word> {
        self.words.ids.get(word).map(|id| Word(*id))
    }

    pub(super) fn intern_figure(&mut self, figure: Ratio) -> Figure {
        Figure(self.figures.intern(figure))
    }

    pub(super) fn intern_constant(&mut self, value: &Value) -> Constant {
        let key = canonical(value);
        if let Some(known) = self.constant_ids.get(&key) {
            return *known;
        }
        let id = u32::try_from(self.constants.len()).expect("memory ends before u32 does");
        self.constants.push(value.clone());
        self.constant_ids.insert(key, Constant(id));
        Constant(id)
    }

    pub(super) fn add(&mut self, node: Node) -> Id {
        if let Some(known) = self.ids.get(&node) {
            return *known;
        }
        let id = Id(u32::try_from(self.nodes.len()).expect("memory ends before u32 does"));
        let (holds, fails) = self.masks(&node);
        let refers = matches!(node, Node::Refer(_))
            || children(&node).any(|child| self.refers[child.0 as usize]);
        self.holds.push(holds);
        self.fails.push(fails);
        self.refers.push(refers);
        self.ids.insert(node.clone(), id);
        self.nodes.push(node);
        id
    }

    pub(super) fn members(&mut self, members: Members) -> Id {
        self.add(Node::Members(Arc::new(members)))
    }

    pub(super) fn items(&mut self, items: Items) -> Id {
        self.add(Node::Items(Arc::new(items)))
    }

    pub(super) fn types(&mut self, mask: Mask) -> Id {
        self.add(Node::Type(mask))
    }

    pub(super) fn values<'v>(&mut self, values: impl IntoIterator<Item = &'v Value>) -> Id {
        let mut constants: Vec<Constant> = values
            .into_iter()
            .map(|value| self.intern_constant(value))
            .collect();
        constants.sort_unstable();
        constants.dedup();
        if constants.is_empty() {
            return NEVER;
        }
        self.add(Node::Values(constants.into()))
    }

    /// Every one of them.
    pub(super) fn all(&mut self, parts: impl IntoIterator<Item = Id>) -> Id {
        let mut flat = Vec::new();
        for part in parts {
            match self.node(part) {
                Node::All(inner) => flat.extend_from_slice(inner),
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
            _ => self.add(Node::All(flat.into())),
        }
    }

    /// At least one of them.
    pub(super) fn some(&mut self, parts: impl IntoIterator<Item = Id>) -> Id {
        let mut flat = Vec::new();
        for part in parts {
            match self.node(part) {
                Node::Some(inner) => flat.extend_from_slice(inner),
                _ if part == NEVER => {}
                _ => flat.push(part),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        match flat[..] {
            [] => NEVER,
            [only] => only,
            // `true` beside others says something all the same: which members are declared.
            _ => self.add(Node::Some(flat.into())),
        }
    }

    /// Exactly one of them.
    pub(super) fn one(&mut self, parts: impl IntoIterator<Item = Id>) -> Id {
        let mut parts: Vec<Id> = parts.into_iter().filter(|part| *part != NEVER).collect();
        parts.sort_unstable();
        match parts[..] {
            [] => NEVER,
            [only] => only,
            _ => self.add(Node::One(parts.into())),
        }
    }

    pub(super) fn not(&mut self, part: Id) -> Id {
        match *self.node(part) {
            Node::Not(inner) => inner,
            Node::Type(mask) => self.types(mask.without()),
            _ => self.add(Node::Not(part)),
        }
    }

    fn masks(&self, node: &Node) -> (Mask, Mask) {
        let conditional = |mask: Mask| (Mask::ALL, mask);
        match node {
            Node::Type(mask) => (*mask, mask.without()),
            Node::Values(values) => {
                let of = |value: &Constant| Mask::of(self.constant(*value));
                let holds = values.iter().map(of).fold(Mask::NONE, Mask::or);
                (holds, self.fails_of_values(values))
            }
            Node::AtLeast(_) | Node::Above(_) | Node::AtMost(_) | Node::Below(_) => {
                conditional(Mask::NUMBER)
            }
            // An integer is what is a multiple of 1.
            Node::MultipleOf(figure) if self.figure(*figure).is_one() => {
                (Mask::FRACTION.without(), Mask::FRACTION)
            }
            Node::MultipleOf(_) => conditional(Mask::NUMBER),
            Node::LengthMin(_) | Node::LengthMax(_) | Node::Pattern(_) | Node::Format(_) => {
                conditional(Mask::STRING)
            }
            Node::ItemsMin(_) | Node::ItemsMax(_) | Node::Unique | Node::Contains { .. } => {
                conditional(Mask::ARRAY)
            }
            Node::Items(items) => {
                let can_fail = items
                    .prefix
                    .iter()
                    .chain([&items.rest])
                    .any(|part| self.can_fail(*part));
                conditional(if can_fail { Mask::ARRAY } else { Mask::NONE })
            }
            Node::MembersMin(_) | Node::MembersMax(_) | Node::Has(_) => conditional(Mask::OBJECT),
            Node::Names(schema) => {
                let can_fail = self.fails(*schema).has(Mask::STRING);
                conditional(if can_fail { Mask::OBJECT } else { Mask::NONE })
            }
            Node::Members(members) => {
                let can_fail = members.all().any(|part| self.can_fail(part));
                conditional(if can_fail { Mask::OBJECT } else { Mask::NONE })
            }
            Node::All(parts) => (self.all_hold(parts), self.some_fail(parts)),
            Node::Some(parts) => (
                self.some_hold(parts),
                parts
                    .iter()
                    .fold(Mask::ALL, |mask, part| mask.and(self.fails(*part))),
            ),
            Node::One(parts) => (self.some_hold(parts), Mask::ALL),
            Node::Not(part) => (self.fails(*part), self.holds(*part)),
            Node::Refer(_) => (Mask::ALL, Mask::ALL),
            Node::Readable(_) => (Mask::ALL, Mask::ALL),
            Node::Opaque(_, mask) => conditional(*mask),
            Node::Unsent => (Mask::ALL, Mask::NONE),
        }
    }

    fn all_hold(&self, parts: &[Id]) -> Mask {
        let masks = parts.iter().map(|part| self.holds(*part));
        masks.fold(Mask::ALL, Mask::and)
    }

    fn some_hold(&self, parts: &[Id]) -> Mask {
        let masks = parts.iter().map(|part| self.holds(*part));
        masks.fold(Mask::NONE, Mask::or)
    }

    fn some_fail(&self, parts: &[Id]) -> Mask {
        let masks = parts.iter().map(|part| self.fails(*part));
        masks.fold(Mask::NONE, Mask::or)
    }

    fn can_fail(&self, id: Id) -> bool {
        !self.fails(id).is_empty()
    }

    /// A listing of all values of a type leaves nothing of that type out.
    fn fails_of_values(&self, values: &[Constant]) -> Mask {
        let has = |wanted: Value| values.iter().any(|value| *self.constant(*value) == wanted);
        let mut fails = Mask::ALL;
        if has(Value::Null) {
            fails = fails.and(Mask::NULL.without());
        }
        if has(Value::Bool(true)) && has(Value::Bool(false)) {
            fails = fails.and(Mask::BOOLEAN.without());
        }
        fails
    }
}
