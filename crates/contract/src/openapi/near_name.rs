//! Finds the name that a misspelt one probably means.
//!
//! Nearness is strict: a longer name may differ in one or two letters, a shorter one only in its case
//! or separators.

/// Whether two names differ in nothing but case and separators.
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    plain_name(one) == plain_name(other)
}

/// The nearest of the known names that is near enough.
pub(crate) fn nearest_name<'n>(
    known: impl Iterator<Item = &'n str>,
    name: &str,
) -> Option<&'n str> {
    let plain = plain_name(name);
    let rated = known.map(|known| {
        let known_plain = plain_name(known);
        let distance = strsim::damerau_levenshtein(&known_plain, &plain);
        (distance, known, distance_max(known_plain.len()))
    });
    let near = rated.filter(|(distance, _, most)| distance <= most);
    near.min_by_key(|(distance, _, _)| *distance)
        .map(|(_, known, _)| known)
}

/// The greatest distance of a misspelt name from one of this length.
const fn distance_max(length: usize) -> usize {
    match length {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// A name without case and separators.
pub(crate) fn plain_name(name: &str) -> String {
    name.replace(['-', '_', ' '], "").to_lowercase()
}
