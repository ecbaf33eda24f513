//! Names of Kubernetes objects.
//!
//! Names of squads and services may have characters that names of objects cannot have. Nothing is
//! replaced: two squads would get the same name, and one of them the rights of the other. Such a name
//! is refused instead.

use portcullis_vocabulary::ConfigLocation;

use super::manifest_problem::ManifestProblem;

/// The longest label of DNS (RFC 1123), in characters.
const LABEL_CHARS_MAX: usize = 63;

/// Whether a text is a label of DNS: 1 to 63 of `a-z 0-9 -`, without `-` at an end.
pub fn is_dns_label(text: &str) -> bool {
    let is_label_char = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-');
    (1..=LABEL_CHARS_MAX).contains(&text.len())
        && text.chars().all(is_label_char)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A problem if a name cannot be that of an object. `what` is what has the name.
pub(crate) fn name_problem(
    what: &str,
    name: &str,
    location: Option<&ConfigLocation>,
) -> Option<ManifestProblem> {
    (!is_dns_label(name)).then(|| {
        ManifestProblem::at(
            location,
            format!(
                "the {what} `{name}` cannot name an object of Kubernetes: expected 1 to \
                 {LABEL_CHARS_MAX} characters of a-z, 0-9 and '-', not '-' at an end; rename it"
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_labels_of_dns_are_names() {
        let check = |name: &str, expected| assert_eq!(is_dns_label(name), expected, "{name}");
        check("orders", true);
        check("1e3", true);
        check("a--b", true);
        check(&"a".repeat(63), true);
        check(&"a".repeat(64), false);
        check("", false);
        check("a.b", false);
        check("a_b", false);
        check("-a", false);
        check("a-", false);
        check("A", false);
    }
}
