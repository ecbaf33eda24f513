//! Shrinks counterexamples.

use portcullis_json::pointer;
use serde_json::Value;

/// The maximum and minimum number of values to try. Large values get fewer tries.
const TRIES_MAX: usize = 400;
const TRIES_MIN: usize = 10;
/// The maximum number of parts over all tried values.
const PARTS_MAX: usize = 10_000;

/// The smallest value found for which `still` holds, by removing and simplifying one part after the
/// other.
pub(super) fn smallest(value: Value, still: &mut dyn FnMut(&Value) -> bool) -> Value {
    let mut smallest = value;
    let mut left = (PARTS_MAX / parts(&smallest).len()).clamp(TRIES_MIN, TRIES_MAX);
    loop {
        let mut is_changed = false;
        for part in parts(&smallest) {
            for simpler in simpler(&smallest, &part) {
                if left == 0 {
                    return smallest;
                }
                left -= 1;
                if still(&simpler) {
                    smallest = simpler;
                    is_changed = true;
                    break;
                }
            }
        }
        if !is_changed {
            return smallest;
        }
    }
}

/// Pointers to all parts, outer parts first.
fn parts(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), value)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Object(members) => {
                let below = members.iter().rev();
                open.extend(below.map(|(name, property)| {
                    (format!("{pointer}/{}", pointer::escape(name)), property)
                }));
            }
            Value::Array(items) => {
                let below = items.iter().enumerate();
                open.extend(below.map(|(at, item)| (format!("{pointer}/{at}"), item)));
            }
            _ => {}
        }
        found.push(pointer);
    }
    found
}

/// Values without the part or with a simpler one, computed lazily.
fn simpler(value: &Value, pointer: &str) -> impl Iterator<Item = Value> + use<> {
    let part = value.pointer(pointer);
    let without = part.and_then(|_| without(value, pointer));
    let replaced: Vec<Value> = part.map_or_else(Vec::new, plainer);
    let replaced: Vec<Value> = replaced
        .into_iter()
        .filter_map(|plain| {
            let mut changed = value.clone();
            *changed.pointer_mut(pointer)? = plain;
            Some(changed)
        })
        .collect();
    without.into_iter().chain(replaced)
}

fn without(value: &Value, pointer: &str) -> Option<Value> {
    let (holder, token) = pointer.rsplit_once('/')?;
    let mut changed = value.clone();
    match changed.pointer_mut(holder)? {
        Value::Object(members) => {
            members.remove(&*pointer::unescape(token))?;
        }
        Value::Array(items) => {
            let at: usize = token.parse().ok()?;
            items.remove(at);
        }
        _ => return None,
    }
    Some(changed)
}

/// Simpler strings or numbers, the simplest first.
fn plainer(part: &Value) -> Vec<Value> {
    match part {
        Value::String(text) if !text.is_empty() => {
            let count = text.chars().count();
            let cut = |length: usize| Value::String(text.chars().take(length).collect());
            let mut shorter = vec![cut(0)];
            if count > 1 {
                shorter.extend([cut(1), cut(count / 2), cut(count - 1)]);
            }
            shorter.dedup();
            shorter
        }
        Value::Number(number) if number.as_i64() != Some(0) => vec![Value::from(0)],
        _ => Vec::new(),
    }
}
