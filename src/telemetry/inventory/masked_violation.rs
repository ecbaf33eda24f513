//! One violation, as it may be told to operators: where and which rule, and no value.

use std::sync::Arc;

use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};

/// One violation without any value of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedViolation {
    /// The class.
    pub class: ViolationClass,
    /// What was done about it.
    pub enforcement: Enforcement,
    /// Which part of the message it is about: `body`, `query` and so on.
    pub part: &'static str,
    /// The parameter's name. What a client chose is `*`, unless it looks like a name.
    pub name: Option<String>,
    /// JSON pointer into the body or the parameter; members that no schema declares are `*`.
    pub pointer: String,
    /// The keyword that was not met.
    pub keyword: Option<String>,
    /// JSON pointer to the rule in the contract's file.
    pub schema: Option<String>,
    /// The file, and the line in it, from 1.
    pub place: Option<(Arc<str>, u32)>,
}

/// The longest name that is told, in bytes.
const NAME_BYTES_MAX: usize = 64;

impl MaskedViolation {
    /// A name that a client chose, if it looks like one; `*` otherwise, since it may be anything.
    pub fn reportable_name(name: &str) -> String {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.[]".contains(&byte);
        let has_long_number = name
            .split(|c: char| !c.is_ascii_digit())
            .any(|run| run.len() > 4);
        let is_name = (1..=NAME_BYTES_MAX).contains(&name.len())
            && name.bytes().all(is_part)
            && !has_long_number;
        if is_name { name } else { "*" }.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_if_they_look_like_names() {
        let check =
            |name: &str, told: &str| assert_eq!(MaskedViolation::reportable_name(name), told);
        check("filter[price]", "filter[price]");
        check("X-Request-2", "X-Request-2");
        check("jane@x.example", "*");
        check("4111111111111111", "*");
        check("a b", "*");
        check("", "*");
        check(&"a".repeat(65), "*");
    }
}
