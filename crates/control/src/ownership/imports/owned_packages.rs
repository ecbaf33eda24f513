//! The packages of a repository as a tree, each with the part of the code that it belongs to.

use std::collections::BTreeMap;

use super::import_rules::CodePart;

/// A package or module with what is below it.
#[derive(Debug, Default)]
pub(super) struct PackageNode {
    children: BTreeMap<String, Self>,
    /// The part that the module itself belongs to; none for a folder without a module.
    own: Option<Option<CodePart>>,
    /// Whether other modules can be below it.
    is_package: bool,
}

impl PackageNode {
    /// Adds a module or package by the names that lead to it.
    pub(super) fn add<'n>(
        &mut self,
        names: impl Iterator<Item = &'n str>,
        part: Option<CodePart>,
        is_package: bool,
    ) {
        let mut node = self;
        for name in names {
            node.is_package = true;
            node = node.children.entry(name.to_owned()).or_default();
        }
        node.own = Some(part);
        node.is_package |= is_package;
    }

    /// The names of the first level that contain code of a squad.
    pub(super) fn owned_roots(&self) -> Vec<&str> {
        let children = self.children.iter();
        let owned = children.filter(|(_, node)| node.contains(&|part| part.is_some()));
        owned.map(|(name, _)| name.as_str()).collect()
    }

    /// The modules of the wanted parts. If all that is below a module is wanted, too, one
    /// expression that ends in `.**` stands for it, so it covers what is added there later.
    pub(super) fn expressions(&self, is_wanted: &impl Fn(CodePart) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        for (name, node) in &self.children {
            node.collect(name, is_wanted, &mut found);
        }
        found
    }

    fn collect(&self, name: &str, is_wanted: &impl Fn(CodePart) -> bool, found: &mut Vec<String>) {
        let is_match = |part: Option<CodePart>| part.is_some_and(is_wanted);
        if self.own.is_some_and(is_match) {
            found.push(name.to_owned());
        }
        let is_whole = !self.contains(&|part| !is_match(part));
        if is_whole && self.is_package {
            found.push(format!("{name}.**"));
            return;
        }
        for (child, node) in &self.children {
            node.collect(&format!("{name}.{child}"), is_wanted, found);
        }
    }

    /// Whether the module or one below it has such a part.
    fn contains(&self, is_wanted: &dyn Fn(Option<CodePart>) -> bool) -> bool {
        self.own.is_some_and(is_wanted)
            || self
                .children
                .values()
                .any(|child| child.contains(is_wanted))
    }
}
