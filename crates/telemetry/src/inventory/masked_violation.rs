//! A violation as shown to operators: the location and the violated rule, without payload values.

use std::sync::Arc;

use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};

/// A violation without payload values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedViolation {
    /// The violation class.
    pub class: ViolationClass,
    /// The enforcement that was applied.
    pub enforcement: Enforcement,
    /// The part of the message: `body`, `query` and so on.
    pub part: &'static str,
    /// The parameter's name. A name that the client chose is `*` unless it is a typical name.
    pub name: Option<String>,
    /// JSON pointer into the body or the parameter. Undeclared properties are `*`.
    pub pointer: String,
    /// The violated keyword.
    pub keyword: Option<String>,
    /// JSON pointer to the violated rule in the contract.
    pub schema: Option<String>,
    /// The contract file, and the line, starting at 1.
    pub place: Option<(Arc<str>, u32)>,
}

/// The longest name that is shown, in bytes.
const NAME_BYTES_MAX: usize = 64;

impl MaskedViolation {
    /// The name if it looks like a parameter name, or else `*`, because it may contain a value.
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
    fn only_typical_names_are_shown() {
        let check =
            |name: &str, shown: &str| assert_eq!(MaskedViolation::reportable_name(name), shown);
        check("filter[price]", "filter[price]");
        check("X-Request-2", "X-Request-2");
        check("jane@x.example", "*");
        check("4111111111111111", "*");
        check("a b", "*");
        check("", "*");
        check(&"a".repeat(65), "*");
    }
}
