//! The places that a change reaches, in words.

use portcullis_compat::CompatFinding;

/// The most places or operations that are named.
const NAMED_MAX: usize = 4;

/// Where a change is: its first place, with the pointers of the others if they are in the same part
/// of the same operation.
pub(super) fn place_text(found: &CompatFinding) -> String {
    let first = found.first();
    let is_one_part = found
        .places
        .iter()
        .all(|place| place.subject == first.subject && place.location.part == first.location.part);
    if !is_one_part || found.places.len() == 1 {
        return first.to_string();
    }
    let others = found.places[1..].iter().take(NAMED_MAX - 1);
    let mut text = first.to_string();
    for other in others {
        text.push_str(", ");
        text.push_str(&other.location.pointer);
    }
    if found.places.len() > NAMED_MAX {
        text.push_str(&format!(" and {}", more(found.places.len(), "place")));
    }
    text
}

/// What a change reaches beyond the places that [`place_text`] names; `None` if that is nothing.
pub(super) fn reach_text(found: &CompatFinding) -> Option<String> {
    let operations = found.operations();
    if operations.len() < 2 {
        let first = found.first();
        let mut parts = found.places.iter().map(|place| &place.location.part);
        let is_one_part = parts.all(|part| *part == first.location.part);
        return (!is_one_part).then(|| format!("reaches {} places", found.places.len()));
    }
    let named: Vec<String> = operations
        .iter()
        .take(NAMED_MAX)
        .map(ToString::to_string)
        .collect();
    let rest = operations.len().saturating_sub(NAMED_MAX);
    let rest = (rest > 0).then(|| format!(" and {rest} more"));
    Some(format!(
        "reaches {} places in {} operations: {}{}",
        found.places.len(),
        operations.len(),
        named.join(", "),
        rest.unwrap_or_default()
    ))
}

fn more(count: usize, noun: &str) -> String {
    match count - NAMED_MAX {
        1 => format!("1 more {noun}"),
        rest => format!("{rest} more {noun}s"),
    }
}
