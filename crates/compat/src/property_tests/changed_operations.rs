//! The operations whose text differs between two revisions, with everything that they refer to.
//!
//! Equal text means an equal contract, so most messages are better spent on the rest. References are
//! followed by name in the raw documents, without any part of the comparison.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use portcullis_contract::CompiledContract;

use super::refusal_reasons::subject_key;

/// The keys of operations that changed or that refer to a changed component.
pub(super) fn changed_operations(
    old: &CompiledContract,
    new: &CompiledContract,
) -> HashSet<String> {
    let sides = [old, new].map(|contract| contract.documents().entry().root().to_value());
    let [old, new] = sides.each_ref().map(operations);
    let mut closures: [HashMap<String, BTreeSet<String>>; 2] = Default::default();
    let mut changed = HashSet::new();
    for (key, before) in &old {
        let Some(after) = new.get(key) else {
            continue;
        };
        let differs = before != after || {
            let named = closure(&sides[0], before, &mut closures[0]);
            let others = closure(&sides[1], after, &mut closures[1]);
            named != others
                || named
                    .iter()
                    .any(|pointer| sides[0].pointer(pointer) != sides[1].pointer(pointer))
        };
        if differs {
            changed.insert(key.clone());
        }
    }
    changed
}

/// The operations with the shared parameters of their path items.
fn operations(document: &Value) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        let shared = item.get("parameters").cloned().unwrap_or_default();
        for (method, operation) in item.as_object().into_iter().flatten() {
            if operation.get("responses").is_some() {
                let key = subject_key(&method.to_uppercase(), path);
                all.insert(key, serde_json::json!([shared, operation]));
            }
        }
    }
    all
}

/// The pointers of all components that a value refers to, directly or not.
fn closure(
    document: &Value,
    value: &Value,
    known: &mut HashMap<String, BTreeSet<String>>,
) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut open: Vec<String> = references(value).into_iter().collect();
    while let Some(pointer) = open.pop() {
        if !all.insert(pointer.clone()) {
            continue;
        }
        let targets = known.entry(pointer.clone()).or_insert_with(|| {
            document
                .pointer(&pointer)
                .map(references)
                .unwrap_or_default()
        });
        open.extend(targets.iter().cloned());
    }
    all
}

fn references(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                let target = members.get("$ref").and_then(Value::as_str);
                found.extend(
                    target
                        .and_then(|target| target.strip_prefix('#'))
                        .map(str::to_owned),
                );
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}
