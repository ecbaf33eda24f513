//! Notes of a replay about what it ignored.

use portcullis_contract::recorded::IgnoredProperties;

/// The most ignored properties that are named.
const IGNORED_SHOWN_MAX: usize = 10;

/// A sentence about the properties of JSON Lines that were ignored.
pub(super) fn ignored_note(ignored: &IgnoredProperties) -> Option<String> {
    let total = ignored.total();
    let listed = ignored.properties().iter().take(IGNORED_SHOWN_MAX);
    let mut listed: Vec<String> = listed
        .map(|property| {
            let counted = format!("{} {}", property.path(), property.count);
            match property.similar {
                Some(similar) => format!("{counted} (did you mean {similar}?)"),
                None => counted,
            }
        })
        .collect();
    let more = ignored.properties().len().saturating_sub(IGNORED_SHOWN_MAX);
    if more > 0 {
        listed.push(format!("{more} more names"));
    }
    (total > 0).then(|| format!("ignored unknown properties: {}", listed.join(", ")))
}
