//! Names of form fields that some servers read as other names.
//!
//! PHP, Rack and readers of nested forms take `role[]` and `role[x]` for `role`; PHP also writes `_`
//! for a space or a dot. So an undeclared field could replace a declared field after the check.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::form_fields::FormFields;

/// The declared names of a form, by the names that servers read.
#[derive(Debug)]
pub(super) struct FoldedNames<'f> {
    fields: &'f FormFields,
    /// Built for the first undeclared field.
    declared: OnceCell<HashMap<String, &'f str>>,
}

impl<'f> FoldedNames<'f> {
    pub(super) fn of(fields: &'f FormFields) -> Self {
        Self {
            fields,
            declared: OnceCell::new(),
        }
    }

    /// The declared name that some servers read where a field has this undeclared name.
    pub(super) fn declared_as(&self, name: &str) -> Option<&'f str> {
        let declared = self.declared.get_or_init(|| {
            let names = self.fields.iter().map(|field| field.name.as_str());
            names.map(|name| (folded(name), name)).collect()
        });
        declared.get(&folded(name)).copied()
    }
}

/// The message about an undeclared field that some servers read as a declared one.
pub(super) fn read_as(declared: &str) -> String {
    format!(
        "some servers read the name of this field as `{declared}`, which the contract declares; send \
         that name"
    )
}

/// The name of the variable in PHP. An opening bracket without a closing one is a `_` there.
pub(super) fn folded(name: &str) -> String {
    let base = match name.find('[') {
        Some(at) if at > 0 && name[at..].contains(']') => &name[..at],
        _ => name,
    };
    base.replace([' ', '.', '['], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_names_like_php() {
        for (name, expected) in [
            ("role", "role"),
            ("role[]", "role"),
            ("role[a][b]", "role"),
            ("role[a]x", "role"),
            ("role[", "role_"),
            ("user.role", "user_role"),
            ("user role[0]", "user_role"),
            ("[a]", "_a]"),
        ] {
            assert_eq!(folded(name), expected, "{name}");
        }
    }
}
