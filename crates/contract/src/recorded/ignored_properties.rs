//! Counts the properties of records that are not part of the format, so that a misspelt name is
//! noticed although it is ignored.

/// The name of the record itself in messages.
pub(super) const RECORD: &str = "the record";

/// The most distinct names that are kept. Names of a recording can be unlimited.
const NAMES_MAX: usize = 50;
/// The longest name that is kept, in characters.
const NAME_CHARS_MAX: usize = 50;

/// The properties that were ignored while records were read.
#[derive(Clone, Debug, Default)]
pub struct IgnoredProperties {
    properties: Vec<IgnoredProperty>,
    others: u64,
}

/// A property that is not part of the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredProperty {
    object: &'static str,
    /// The name, shortened.
    name: String,
    /// How often it occurred.
    pub count: u64,
    /// The name of the format that it resembles.
    pub similar: Option<&'static str>,
}

impl IgnoredProperties {
    /// Counts a property of `object`, whose known properties are `known`.
    pub(super) fn add(&mut self, object: &'static str, name: &str, known: &[&'static str]) {
        let is_counted = |kept: &IgnoredProperty| {
            let mut rest = name.chars();
            let starts = kept.name.chars().all(|char| rest.next() == Some(char));
            let is_same = rest.next().is_none() || kept.name.chars().count() == NAME_CHARS_MAX;
            kept.object == object && starts && is_same
        };
        if let Some(kept) = self.properties.iter_mut().find(|kept| is_counted(kept)) {
            kept.count += 1;
        } else if self.properties.len() == NAMES_MAX {
            self.others += 1;
        } else {
            let name: String = name.chars().take(NAME_CHARS_MAX).collect();
            let lower = name.to_lowercase();
            let mut near = known.iter().copied();
            self.properties.push(IgnoredProperty {
                object,
                count: 1,
                similar: near.find(|known| strsim::damerau_levenshtein(&lower, known) <= 1),
                name,
            });
        }
    }

    /// The properties, in the order of their first occurrence.
    pub fn properties(&self) -> &[IgnoredProperty] {
        &self.properties
    }

    /// How many properties were ignored.
    pub fn total(&self) -> u64 {
        let counts = self.properties.iter().map(|property| property.count);
        counts.sum::<u64>() + self.others
    }
}

impl IgnoredProperty {
    /// The name with that of its object: `request.time`.
    pub fn path(&self) -> String {
        match self.object {
            RECORD => self.name.clone(),
            object => format!("{object}.{}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_object_and_name() {
        let mut ignored = IgnoredProperties::default();
        let known = ["body", "url"];
        for (object, name) in [
            (RECORD, "time"),
            ("request", "bdy"),
            ("request", "time"),
            (RECORD, "time"),
            ("request", "Body"),
        ] {
            ignored.add(object, name, &known);
        }
        let found: Vec<_> = ignored
            .properties()
            .iter()
            .map(|property| (property.path(), property.count, property.similar))
            .collect();
        assert_eq!(
            found,
            [
                ("time".to_owned(), 2, None),
                ("request.bdy".to_owned(), 1, Some("body")),
                ("request.time".to_owned(), 1, None),
                ("request.Body".to_owned(), 1, Some("body")),
            ]
        );
        assert_eq!(ignored.total(), 5);
    }

    #[test]
    fn keeps_a_bounded_number_of_short_names() {
        let mut ignored = IgnoredProperties::default();
        let long = "é".repeat(NAME_CHARS_MAX + 1);
        ignored.add(RECORD, &long, &[]);
        ignored.add(RECORD, &long, &[]);
        for at in 0..200 {
            ignored.add(RECORD, &at.to_string(), &[]);
        }
        assert_eq!(ignored.properties().len(), NAMES_MAX);
        assert_eq!(ignored.properties()[0].path(), "é".repeat(NAME_CHARS_MAX));
        assert_eq!(ignored.properties()[0].count, 2);
        assert_eq!(ignored.total(), 202);
    }
}
