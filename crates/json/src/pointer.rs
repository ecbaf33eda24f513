//! JSON Pointer (RFC 6901) as text: writing and reading its reference tokens.
//!
//! Every crate of the workspace builds and takes apart its pointers with these functions.
//! [`JsonNode::pointer`](crate::JsonNode::pointer) evaluates a pointer against a value.

use std::borrow::Cow;

/// Escapes a property name as a reference token: `~` becomes `~0` and `/` becomes `~1`.
///
/// ```
/// assert_eq!(portcullis_json::pointer::escape("a/b"), "a~1b");
/// ```
pub fn escape(name: &str) -> Cow<'_, str> {
    if !name.contains(['~', '/']) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.replace('~', "~0").replace('/', "~1"))
}

/// Reverses [`escape`]. A `~` that begins no escape sequence stays as it is.
///
/// ```
/// assert_eq!(portcullis_json::pointer::unescape("a~1b"), "a/b");
/// ```
pub fn unescape(token: &str) -> Cow<'_, str> {
    if !token.contains('~') {
        return Cow::Borrowed(token);
    }
    // This order turns `~01` into `~1` (RFC 6901 section 4).
    Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
}

/// The unescaped reference tokens of a pointer, from the root down; none for `""`.
///
/// Text before the first `/` is skipped, so the fragment form `#/a/b` has the same tokens.
///
/// ```
/// let tokens: Vec<_> = portcullis_json::pointer::tokens("/a~1b/0").collect();
/// assert_eq!(tokens, ["a/b", "0"]);
/// ```
pub fn tokens(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(unescape)
}

/// Appends `/` and the escaped `name` to a pointer.
///
/// ```
/// let mut pointer = String::from("/paths");
/// portcullis_json::pointer::push(&mut pointer, "/pets");
/// assert_eq!(pointer, "/paths/~1pets");
/// ```
pub fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&escape(name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_unescapes_tokens() {
        let check = |name: &str, token: &str| {
            assert_eq!(escape(name), token);
            assert_eq!(unescape(token), name);
        };
        check("", "");
        check("name", "name");
        check("/a/b", "~1a~1b");
        check("m~n", "m~0n");
        check("~1", "~01");
        check("~/", "~0~1");
        assert_eq!(unescape("a~2b~"), "a~2b~");
    }

    #[test]
    fn borrows_names_without_special_characters() {
        assert!(matches!(escape("name"), Cow::Borrowed("name")));
        assert!(matches!(unescape("name"), Cow::Borrowed("name")));
    }

    #[test]
    fn splits_a_pointer_into_tokens() {
        let check = |pointer, expected: &[&str]| {
            assert_eq!(tokens(pointer).collect::<Vec<_>>(), expected);
        };
        check("", &[]);
        check("/", &[""]);
        check("/a//b", &["a", "", "b"]);
        check(
            "/paths/~1pets~1{id}/get/~01",
            &["paths", "/pets/{id}", "get", "~1"],
        );
        check("#/a", &["a"]);
    }

    #[test]
    fn pushed_tokens_are_read_back() {
        let names = ["", "a", "a/b", "~", "~1", "0"];
        let mut pointer = String::new();
        for name in names {
            push(&mut pointer, name);
        }
        assert_eq!(pointer, "//a/a~1b/~0/~01/0");
        assert_eq!(tokens(&pointer).collect::<Vec<_>>(), names);
    }
}
