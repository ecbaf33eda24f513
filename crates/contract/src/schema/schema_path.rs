//! Reads a pointer into a schema: which part of it names a schema, and which a keyword.

/// The pointers to the innermost schema that a pointer leads through, and to the keyword of it that
/// the pointer leads into. Both are equal if the pointer names a schema.
pub(super) fn keyword_at(pointer: &str) -> (&str, &str) {
    let mut schema = 0;
    loop {
        let Some(keyword_end) = token_end(pointer, schema) else {
            return (&pointer[..schema], &pointer[..schema]);
        };
        let keyword = (&pointer[..schema], &pointer[..keyword_end]);
        match &pointer[schema + 1..keyword_end] {
            "items"
            | "not"
            | "additionalProperties"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "unevaluatedItems"
            | "unevaluatedProperties" => {
                schema = keyword_end;
            }
            // The key of an entry is a pattern, which may be what is wrong.
            "patternProperties" if token_end(pointer, keyword_end) == Some(pointer.len()) => {
                return keyword;
            }
            "properties" | "patternProperties" | "dependentSchemas" | "$defs" | "allOf"
            | "anyOf" | "oneOf" | "prefixItems" => {
                let Some(entry_end) = token_end(pointer, keyword_end) else {
                    return keyword;
                };
                schema = entry_end;
            }
            _ => return keyword,
        }
    }
}

/// The end of the token that starts at `start`; `None` at the end of the pointer.
fn token_end(pointer: &str, start: usize) -> Option<usize> {
    let rest = pointer.get(start + 1..)?;
    Some(start + 1 + rest.find('/').unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinguishes_keywords_from_names() {
        let check = |pointer: &str, schema: &str, keyword: &str| {
            assert_eq!(keyword_at(pointer), (schema, keyword), "{pointer}");
        };
        check("", "", "");
        check("/type", "", "/type");
        check("/required/0", "", "/required");
        check("/properties", "", "/properties");
        check(
            "/properties/items",
            "/properties/items",
            "/properties/items",
        );
        check(
            "/properties/items/oneOf",
            "/properties/items",
            "/properties/items/oneOf",
        );
        check(
            "/items/allOf/1/enum/0",
            "/items/allOf/1",
            "/items/allOf/1/enum",
        );
        check("/patternProperties/[", "", "/patternProperties");
        check(
            "/patternProperties/a/type",
            "/patternProperties/a",
            "/patternProperties/a/type",
        );
        check("/not/not", "/not/not", "/not/not");
    }
}
