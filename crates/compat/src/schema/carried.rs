//! A schema as it judges what text carries: every plain value may be read in several ways.

use std::collections::HashMap;

use super::arena::Arena;
use super::formula::{ANY, Id, Items, Members, NEVER, Node};

/// The formula that holds of a value if one of the readings of its text satisfies `id`.
pub(super) fn carried(arena: &mut Arena, id: Id) -> Id {
    Rewriting::default().whole(arena, id)
}

#[derive(Default)]
struct Rewriting {
    wholes: HashMap<Id, Id>,
}

impl Rewriting {
    /// A schema of a whole value.
    fn whole(&mut self, arena: &mut Arena, id: Id) -> Id {
        if id == ANY || id == NEVER {
            return id;
        }
        if let Some(known) = self.wholes.get(&id) {
            return *known;
        }
        let part = self.part(arena, id);
        let whole = arena.add(Node::Readable(part));
        self.wholes.insert(id, whole);
        whole
    }

    /// A part of what is said of one value.
    fn part(&mut self, arena: &mut Arena, id: Id) -> Id {
        let node = arena.node(id).clone();
        match node {
            Node::All(parts) => {
                let parts: Vec<Id> = parts.iter().map(|part| self.part(arena, *part)).collect();
                arena.all(parts)
            }
            Node::Some(parts) => {
                let parts: Vec<Id> = parts.iter().map(|part| self.part(arena, *part)).collect();
                arena.some(parts)
            }
            Node::One(parts) => {
                let parts: Vec<Id> = parts.iter().map(|part| self.part(arena, *part)).collect();
                arena.one(parts)
            }
            Node::Not(part) => {
                let part = self.part(arena, part);
                arena.not(part)
            }
            Node::Items(items) => {
                let prefix = items
                    .prefix
                    .iter()
                    .map(|part| self.whole(arena, *part))
                    .collect();
                let rest = self.whole(arena, items.rest);
                arena.items(Items { prefix, rest })
            }
            Node::Members(members) => {
                let mut list = |arena: &mut Arena, list: &[(super::formula::Word, Id)]| {
                    list.iter()
                        .map(|(word, part)| (*word, self.whole(arena, *part)))
                        .collect()
                };
                let named = list(arena, &members.named);
                let patterned = list(arena, &members.patterned);
                let rest = self.whole(arena, members.rest);
                let declares_rest = members.declares_rest;
                arena.members(Members {
                    named,
                    patterned,
                    rest,
                    declares_rest,
                })
            }
            _ => id,
        }
    }
}
