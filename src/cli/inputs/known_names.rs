//! The names that could have been meant by an unknown one.

use std::fmt;

use portcullis_config::nearest;

/// The most names that are listed.
const NAMES_MAX: usize = 20;

/// The most similar name, and those that are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownNames {
    near: Option<String>,
    names: Vec<String>,
    more: usize,
}

impl KnownNames {
    /// The names that are known instead of `name`.
    pub(crate) fn instead_of<'n>(name: &str, known: impl Iterator<Item = &'n str> + Clone) -> Self {
        Self {
            near: nearest(name, known.clone()).map(str::to_owned),
            more: known.clone().count().saturating_sub(NAMES_MAX),
            names: known.take(NAMES_MAX).map(str::to_owned).collect(),
        }
    }
}

impl fmt::Display for KnownNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.names.is_empty() {
            return f.write_str("; no names are known");
        }
        match &self.near {
            Some(near) => write!(f, "; did you mean `{near}`? Known: ")?,
            None => f.write_str("; known: ")?,
        }
        f.write_str(&self.names.join(", "))?;
        match self.more {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_and_lists_names() {
        let check = |name: &str, known: &[&str], expected: &str| {
            let names = KnownNames::instead_of(name, known.iter().copied());
            assert_eq!(names.to_string(), expected);
        };
        check(
            "paymnts",
            &["search", "payments"],
            "; did you mean `payments`? Known: search, payments",
        );
        check("x", &["search"], "; known: search");
        check("x", &[], "; no names are known");
        let many: Vec<String> = (10..40).map(|at| format!("squad-{at}")).collect();
        let names = KnownNames::instead_of("x", many.iter().map(String::as_str));
        assert!(names.to_string().ends_with("squad-29 and 10 more"));
    }
}
