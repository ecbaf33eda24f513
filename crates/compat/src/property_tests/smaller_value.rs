//! Makes the value of a counterexample smaller: leaves out properties and items while the value
//! still shows the same refusal.

use serde_json::Value;

/// How many values are tried for one counterexample.
const ATTEMPTS_MAX: usize = 600;

/// A smaller value for which `is_same` holds.
pub(super) fn smaller(value: &Value, is_same: &mut dyn FnMut(&Value) -> bool) -> Value {
    let mut best = value.clone();
    let mut left = ATTEMPTS_MAX;
    let mut index = 0;
    while left > 0 {
        let mut candidate = best.clone();
        let mut number = index;
        if !remove_part(&mut candidate, &mut number) {
            break;
        }
        left -= 1;
        if is_same(&candidate) {
            best = candidate;
        } else {
            index += 1;
        }
    }
    best
}

/// Removes the property or item with this number, outer ones first. False if it does not exist.
fn remove_part(value: &mut Value, number: &mut usize) -> bool {
    match value {
        Value::Object(members) if *number < members.len() => {
            let name = members.keys().nth(*number).cloned();
            name.is_some_and(|name| members.remove(&name).is_some())
        }
        Value::Object(members) => {
            *number -= members.len();
            members
                .values_mut()
                .any(|member| remove_part(member, number))
        }
        Value::Array(items) if *number < items.len() => {
            items.remove(*number);
            true
        }
        Value::Array(items) => {
            *number -= items.len();
            items.iter_mut().any(|item| remove_part(item, number))
        }
        _ => false,
    }
}
