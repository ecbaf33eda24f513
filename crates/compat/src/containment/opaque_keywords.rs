//! Keywords that the search does not interpret, and broken parts of contracts, in schemas that are
//! compared.

use hashbrown::HashSet;

use super::formula::{FormulaId, FormulaNode, StringId, children};
use super::formula_pair::FormulaPair;

impl FormulaPair {
    /// A broken part of a contract that one of these schemas contains.
    pub(super) fn broken_part_in(&self, ids: [FormulaId; 2]) -> Option<String> {
        if !self.arena.has_broken_parts {
            return None;
        }
        self.opaque_in(ids, |word| self.arena.broken_parts.get(&word).cloned())
    }

    /// A keyword of these schemas that the search does not interpret.
    pub(super) fn opaque_keyword_in(&self, ids: [FormulaId; 2]) -> Option<&str> {
        self.opaque_in(ids, |word| self.arena.string(word).split(' ').next())
    }

    /// What `find` finds in the first part that is not interpreted.
    fn opaque_in<T>(&self, ids: [FormulaId; 2], find: impl Fn(StringId) -> Option<T>) -> Option<T> {
        let mut seen: HashSet<FormulaId> = HashSet::new();
        let mut open = ids.to_vec();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self.arena.node(id) {
                FormulaNode::Opaque(word, _) => {
                    if let Some(found) = find(*word) {
                        return Some(found);
                    }
                }
                FormulaNode::Reference(number) => {
                    open.push(self.arena.definitions[*number as usize]);
                }
                node => open.extend(children(node)),
            }
        }
        None
    }
}
