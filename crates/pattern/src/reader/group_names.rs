//! The groups of a pattern that capture, and their names.

/// The groups of a pattern. Two may have the same name if they are in different alternatives
/// (ECMA-262 2025, section 22.2.1.1).
#[derive(Debug)]
pub(super) struct GroupNames {
    /// How many groups the whole pattern has.
    total: u32,
    /// The names in the whole pattern, each with the number of its group.
    all: Vec<(String, u32)>,
    /// How many groups have been opened.
    opened: u32,
    /// By open group, and one for the pattern itself.
    scopes: Vec<NameScope>,
}

impl Default for GroupNames {
    fn default() -> Self {
        Self {
            total: 0,
            all: Vec::new(),
            opened: 0,
            scopes: vec![NameScope::default()],
        }
    }
}

/// The names inside an open group.
#[derive(Debug, Default)]
struct NameScope {
    /// In the alternative that is being read.
    current: Vec<String>,
    /// In the alternatives before it.
    finished: Vec<String>,
}

impl GroupNames {
    /// Adds a group that captures, with its name.
    pub(super) fn add(&mut self, name: Option<String>) {
        self.total += 1;
        self.all.extend(name.map(|name| (name, self.total)));
    }

    pub(super) fn group_count(&self) -> u32 {
        self.total
    }

    /// The groups with a name.
    pub(super) fn numbers(&self, name: &str) -> Box<[u32]> {
        let named = self.all.iter().filter(|(known, _)| known == name);
        named.map(|(_, number)| *number).collect()
    }

    pub(super) fn has_names(&self) -> bool {
        !self.all.is_empty()
    }

    pub(super) fn next_alternative(&mut self) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.finished.append(&mut scope.current);
        }
    }

    pub(super) fn open(&mut self) {
        self.scopes.push(NameScope::default());
    }

    pub(super) fn close(&mut self) {
        let Some(mut inner) = self.scopes.pop() else {
            return;
        };
        if let Some(outer) = self.scopes.last_mut() {
            outer.current.append(&mut inner.current);
            outer.current.append(&mut inner.finished);
        }
    }

    /// The number of a group that captures and is being opened.
    pub(super) fn next_number(&mut self) -> u32 {
        self.opened += 1;
        self.opened
    }

    /// Declares a name. Returns whether it is new in every alternative that is open.
    pub(super) fn declare(&mut self, name: &str) -> bool {
        let is_known = |scope: &NameScope| scope.current.iter().any(|known| known == name);
        if self.scopes.iter().any(is_known) {
            return false;
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.current.push(name.to_owned());
        }
        true
    }
}
