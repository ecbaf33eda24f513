//! Finds equal definitions, also across contracts, and merges them.
//!
//! A definition that is not recursive replaces every reference to it, so moving or inlining a
//! schema has no effect. Recursive definitions are partitioned by their own content, then by the
//! content of the definitions that they refer to, until the partition is stable (partition
//! refinement). Definitions in the same class are equal, however they are unrolled.

use hashbrown::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::formula::{FormulaId, FormulaNode, ItemFormulas, PropertyFormulas, children};
use super::formula_arena::FormulaArena;

/// Resolves the references in `bodies`, numbered from 0. The remaining references point to the
/// definitions of the arena.
pub(super) fn resolve_references(
    arena: &mut FormulaArena,
    bodies: Vec<FormulaId>,
) -> FormulaResolver {
    let mut merge = DefinitionMerge {
        replacements: vec![None; bodies.len()],
        bodies,
    };
    let components = merge.components(arena);
    let mut cyclic = Vec::new();
    for component in components {
        let is_cyclic =
            component.len() > 1 || merge.refers_to(arena, component[0]).contains(&component[0]);
        for number in &component {
            let itself = arena.add(FormulaNode::Reference(*number));
            merge.replacements[*number as usize] = is_cyclic.then_some(itself);
        }
        for number in &component {
            let body = merge.substituted(arena, merge.bodies[*number as usize]);
            merge.bodies[*number as usize] = body;
            if !is_cyclic {
                merge.replacements[*number as usize] = Some(body);
            }
        }
        if is_cyclic {
            cyclic.extend(component);
        }
    }
    merge.merge_equal(arena, &cyclic);
    arena.definitions = merge.bodies;
    merge.bodies = Vec::new();
    FormulaResolver {
        merge,
        known: HashMap::new(),
    }
}

/// Maps references to formulas.
#[derive(Debug)]
pub(super) struct FormulaResolver {
    merge: DefinitionMerge,
    /// Nodes that are already resolved.
    known: HashMap<FormulaId, FormulaId>,
}

impl FormulaResolver {
    /// Replaces the references in a node by their targets.
    pub(super) fn resolved(&mut self, arena: &mut FormulaArena, id: FormulaId) -> FormulaId {
        let once = self.merge.substitute(arena, id, &mut self.known);
        // The first pass inlines definitions that are not recursive, the second maps recursive ones
        // to their class.
        self.merge.substitute(arena, once, &mut self.known)
    }
}

#[derive(Debug)]
struct DefinitionMerge {
    /// The replacement of each reference, if known.
    replacements: Vec<Option<FormulaId>>,
    bodies: Vec<FormulaId>,
}

impl DefinitionMerge {
    /// The definitions that a definition refers to, each once.
    fn refers_to(&self, arena: &FormulaArena, number: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut open = vec![self.bodies[number as usize]];
        while let Some(id) = open.pop() {
            if !arena.has_reference(id) || !seen.insert(id) {
                continue;
            }
            match arena.node(id) {
                FormulaNode::Reference(target) => found.push(*target),
                node => open.extend(children(node)),
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The strongly connected components, in dependency order (Tarjan's algorithm, without
    /// recursion).
    fn components(&self, arena: &FormulaArena) -> Vec<Vec<u32>> {
        let count = self.bodies.len();
        let edges: Vec<Vec<u32>> = (0..count)
            .map(|number| self.refers_to(arena, u32::try_from(number).expect("counted by u32")))
            .collect();
        let mut walk = TarjanWalk {
            index: vec![u32::MAX; count],
            low: vec![0; count],
            on_stack: vec![false; count],
            ..TarjanWalk::default()
        };
        for start in 0..count {
            if walk.index[start] == u32::MAX {
                walk.from(&edges, start);
            }
        }
        walk.components
    }

    /// A node with all known references replaced.
    fn substituted(&self, arena: &mut FormulaArena, id: FormulaId) -> FormulaId {
        let mut known = HashMap::new();
        self.substitute(arena, id, &mut known)
    }

    fn substitute(
        &self,
        arena: &mut FormulaArena,
        id: FormulaId,
        known: &mut HashMap<FormulaId, FormulaId>,
    ) -> FormulaId {
        if !arena.has_reference(id) {
            return id;
        }
        if let Some(done) = known.get(&id) {
            return *done;
        }
        let node = arena.node(id).clone();
        let mut each =
            |arena: &mut FormulaArena, part: FormulaId| self.substitute(arena, part, known);
        let done = match node {
            // A definition that was added later stands for itself.
            FormulaNode::Reference(number) => {
                let known = self.replacements.get(number as usize);
                known.copied().flatten().unwrap_or(id)
            }
            FormulaNode::AllOf(parts) => {
                let parts: Vec<FormulaId> = parts.iter().map(|part| each(arena, *part)).collect();
                arena.all_of(parts)
            }
            FormulaNode::AnyOf(parts) => {
                let parts: Vec<FormulaId> = parts.iter().map(|part| each(arena, *part)).collect();
                arena.any_of(parts)
            }
            FormulaNode::OneOf(parts) => {
                let parts: Vec<FormulaId> = parts.iter().map(|part| each(arena, *part)).collect();
                arena.one_of(parts)
            }
            FormulaNode::Not(part) => {
                let part = each(arena, part);
                arena.not(part)
            }
            FormulaNode::PropertyNames(part) => {
                let part = each(arena, part);
                arena.add(FormulaNode::PropertyNames(part))
            }
            FormulaNode::Readable(part) => {
                let part = each(arena, part);
                arena.add(FormulaNode::Readable(part))
            }
            FormulaNode::Contains { schema, min, max } => {
                let schema = each(arena, schema);
                arena.add(FormulaNode::Contains { schema, min, max })
            }
            FormulaNode::Items(items) => {
                let prefix = items.prefix.iter().map(|part| each(arena, *part)).collect();
                let rest = each(arena, items.rest);
                arena.items(ItemFormulas { prefix, rest })
            }
            FormulaNode::Properties(members) => {
                let mut list =
                    |arena: &mut FormulaArena, list: &[(super::formula::StringId, FormulaId)]| {
                        list.iter()
                            .map(|(word, part)| (*word, each(arena, *part)))
                            .collect()
                    };
                let named = list(arena, &members.named);
                let patterned = list(arena, &members.patterned);
                let rest = self.substitute(arena, members.rest, known);
                let declares_rest = members.declares_rest;
                arena.members(PropertyFormulas {
                    named,
                    patterned,
                    rest,
                    declares_rest,
                })
            }
            _ => id,
        };
        known.insert(id, done);
        done
    }

    /// Merges equal definitions: all references point to the first definition of a class.
    fn merge_equal(&mut self, arena: &mut FormulaArena, cyclic: &[u32]) {
        let mut class: HashMap<u32, u128> = cyclic.iter().map(|number| (*number, 0)).collect();
        let mut count = 0;
        loop {
            let mut known = HashMap::new();
            let next: HashMap<u32, u128> = cyclic
                .iter()
                .map(|number| {
                    let body = self.bodies[*number as usize];
                    (*number, fingerprint(arena, body, &class, &mut known))
                })
                .collect();
            let mut distinct: Vec<u128> = cyclic.iter().map(|number| next[number]).collect();
            distinct.sort_unstable();
            distinct.dedup();
            class = next;
            if distinct.len() == count {
                break;
            }
            count = distinct.len();
        }
        let mut first: HashMap<u128, u32> = HashMap::new();
        let mut ordered = cyclic.to_vec();
        ordered.sort_unstable();
        for number in &ordered {
            let chosen = *first.entry(class[number]).or_insert(*number);
            self.replacements[*number as usize] = Some(arena.add(FormulaNode::Reference(chosen)));
        }
        for number in cyclic {
            let number = *number as usize;
            self.bodies[number] = self.substituted(arena, self.bodies[number]);
        }
    }
}

/// A hash of a node that uses the classes of the definitions it refers to.
fn fingerprint(
    arena: &FormulaArena,
    id: FormulaId,
    class: &HashMap<u32, u128>,
    known: &mut HashMap<FormulaId, u128>,
) -> u128 {
    if !arena.has_reference(id) {
        return u128::from(id.0);
    }
    if let Some(done) = known.get(&id) {
        return *done;
    }
    let node = arena.node(id);
    let mut parts: Vec<u128> = Vec::new();
    match node {
        FormulaNode::Reference(number) => parts.push(class[number]),
        _ => {
            for child in children(node) {
                parts.push(fingerprint(arena, child, class, known));
            }
        }
    }
    if matches!(
        node,
        FormulaNode::AllOf(_) | FormulaNode::AnyOf(_) | FormulaNode::OneOf(_)
    ) {
        parts.sort_unstable();
        if !matches!(node, FormulaNode::OneOf(_)) {
            parts.dedup();
        }
    }
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        shell(node).hash(&mut hasher);
        parts.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    let done = half(1) << 64 | half(2);
    known.insert(id, done);
    done
}

/// The content of a node without its children.
fn shell(node: &FormulaNode) -> (u8, Vec<u64>) {
    let strings = |list: &[(super::formula::StringId, FormulaId)]| {
        list.iter()
            .map(|(word, _)| u64::from(word.0))
            .collect::<Vec<_>>()
    };
    match node {
        FormulaNode::AllOf(_) => (1, Vec::new()),
        FormulaNode::AnyOf(_) => (2, Vec::new()),
        FormulaNode::OneOf(_) => (3, Vec::new()),
        FormulaNode::Not(_) => (4, Vec::new()),
        FormulaNode::PropertyNames(_) => (5, Vec::new()),
        FormulaNode::Readable(_) => (6, Vec::new()),
        FormulaNode::Reference(_) => (7, Vec::new()),
        FormulaNode::Contains { min, max, .. } => (
            8,
            vec![
                *min,
                max.map_or(u64::MAX, |max| max),
                u64::from(max.is_some()),
            ],
        ),
        FormulaNode::Items(items) => (9, vec![items.prefix.len() as u64]),
        FormulaNode::Properties(members) => {
            let mut shell = strings(&members.named);
            shell.push(u64::MAX);
            shell.extend(strings(&members.patterned));
            shell.push(u64::from(members.declares_rest));
            (10, shell)
        }
        // Other nodes have no children and so contain no reference.
        _ => (0, Vec::new()),
    }
}

#[derive(Default)]
struct TarjanWalk {
    index: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    next: u32,
    components: Vec<Vec<u32>>,
}

impl TarjanWalk {
    fn from(&mut self, edges: &[Vec<u32>], start: usize) {
        let mut path = vec![(start, 0)];
        self.enter(start);
        while let Some((at, edge)) = path.pop() {
            let Some(target) = edges[at].get(edge).map(|target| *target as usize) else {
                self.leave(at);
                if let Some((parent, _)) = path.last() {
                    self.low[*parent] = self.low[*parent].min(self.low[at]);
                }
                continue;
            };
            path.push((at, edge + 1));
            if self.index[target] == u32::MAX {
                self.enter(target);
                path.push((target, 0));
            } else if self.on_stack[target] {
                self.low[at] = self.low[at].min(self.index[target]);
            }
        }
    }

    fn enter(&mut self, at: usize) {
        self.index[at] = self.next;
        self.low[at] = self.next;
        self.next += 1;
        self.stack.push(at);
        self.on_stack[at] = true;
    }

    fn leave(&mut self, at: usize) {
        if self.low[at] != self.index[at] {
            return;
        }
        let mut component = Vec::new();
        while let Some(member) = self.stack.pop() {
            self.on_stack[member] = false;
            component.push(u32::try_from(member).expect("counted by u32"));
            if member == at {
                break;
            }
        }
        component.sort_unstable();
        self.components.push(component);
    }
}
