//! Keys that an object of a document repeats.
//!
//! Two readers may take different values, so such a document is refused. An old revision that
//! cannot be changed any more is read with them: the last value counts, as in most parsers, and the
//! others are known.

use std::collections::HashMap;

use portcullis_json::JsonNode;

/// Two values of one key, by their nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RepeatedKey {
    /// An earlier value, which a lookup by name does not find.
    pub(super) overridden: u32,
    /// The last value.
    pub(super) effective: u32,
}

/// Every repeated key below `root`.
pub(super) fn repeated_keys(root: JsonNode<'_>) -> Vec<RepeatedKey> {
    let mut repeated = Vec::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        let mut last: HashMap<&str, u32> = HashMap::new();
        for (name, value) in node.members() {
            last.insert(name, value.index());
            open.push(value);
        }
        if last.len() < node.members().count() {
            let earlier = node
                .members()
                .map(|(name, value)| RepeatedKey {
                    overridden: value.index(),
                    effective: last[name],
                })
                .filter(|pair| pair.overridden != pair.effective);
            repeated.extend(earlier);
        }
        open.extend(node.elements());
    }
    repeated.sort_unstable_by_key(|pair| pair.overridden);
    repeated
}
