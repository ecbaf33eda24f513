//! The name of a property as messages write it, compared sixteen bytes at a time.
//!
//! Most writers put either no space or one space after each comma and colon. So what lies between two
//! values, `,"name":` or `, "name": `, is compared as a whole.

use portcullis_json::text_reader::chunk_at;

/// How many bytes are compared at once.
const WORD_BYTES: usize = 16;

/// What is between the values of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberSpacing {
    /// `,"name":`
    Compact = 0,
    /// `, "name": `
    Spaced = 1,
    /// Anything else, such as a line for each member.
    Other = 2,
}

/// The name of a property with what is between it and the values around it.
#[derive(Debug)]
pub(super) struct WrittenName {
    /// By the spacing.
    forms: [NameForm; 2],
    /// With spaces.
    text: Box<[u8]>,
}

/// The first bytes of a text.
#[derive(Debug)]
struct NameForm {
    word: u128,
    /// The bits that the text has.
    mask: u128,
    /// Of the whole text.
    length: usize,
}

impl WrittenName {
    /// The name has no character that is written as an escape.
    pub(super) fn new(name: &str) -> Self {
        let text = format!(", \"{name}\": ");
        let compact = format!(",\"{name}\":");
        Self {
            forms: [&compact, &text].map(|text| NameForm::new(text.as_bytes())),
            text: text.into_bytes().into(),
        }
    }

    /// The name alone.
    pub(super) fn name(&self) -> &[u8] {
        let past = self.text.len().saturating_sub(3);
        self.text.get(3..past).unwrap_or_default()
    }

    /// The name in quotes, and the colon.
    fn quoted(&self) -> &[u8] {
        let past = self.text.len().saturating_sub(1);
        self.text.get(2..past).unwrap_or_default()
    }

    /// The position of the value of this property, if a comma and the name with this spacing are at
    /// `from`. There may be whitespace before the value.
    #[inline(always)]
    pub(super) fn value_after(
        &self,
        spacing: MemberSpacing,
        bytes: &[u8],
        from: usize,
    ) -> Option<usize> {
        let spaced = spacing as usize;
        let form = self.forms.get(spaced)?;
        let chunk = u128::from_le_bytes(*chunk_at(bytes, from)?);
        if (chunk ^ form.word) & form.mask != 0 {
            return None;
        }
        let length = form.length;
        if length > WORD_BYTES {
            let form = if spaced > 0 {
                &*self.text
            } else {
                self.quoted()
            };
            ends_with(bytes.get(from..from + length)?, form).then_some(())?;
        }
        Some(from + length)
    }

    /// The position after the colon, if the name in quotes and the colon are at `from`, which is not
    /// the start of the text.
    #[inline(always)]
    pub(super) fn past(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let length = self.text.len() - 3;
        // The byte before is anything.
        let Some(chunk) = chunk_at(bytes, from - 1) else {
            let is_equal = bytes.get(from..)?.starts_with(self.quoted());
            return is_equal.then_some(from + length);
        };
        let [form, _] = &self.forms;
        if (u128::from_le_bytes(*chunk) ^ form.word) & (form.mask & !0xFF) != 0 {
            return None;
        }
        if length >= WORD_BYTES {
            ends_with(bytes.get(from - 1..from + length)?, self.quoted()).then_some(())?;
        }
        Some(from + length)
    }
}

impl NameForm {
    fn new(text: &[u8]) -> Self {
        let (mut word, mut mask) = ([0; WORD_BYTES], [0; WORD_BYTES]);
        for ((to, has), from) in word.iter_mut().zip(&mut mask).zip(text) {
            (*to, *has) = (*from, u8::MAX);
        }
        Self {
            word: u128::from_le_bytes(word),
            mask: u128::from_le_bytes(mask),
            length: text.len(),
        }
    }
}

/// Whether the bytes of `text` after its first word are those at the end of `form`.
fn ends_with(text: &[u8], form: &[u8]) -> bool {
    if text.len() <= 2 * WORD_BYTES {
        // The words overlap.
        let last = text.last_chunk::<WORD_BYTES>();
        return last.is_some() && last == form.last_chunk::<WORD_BYTES>();
    }
    text.get(WORD_BYTES..)
        .is_some_and(|rest| form.ends_with(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    use MemberSpacing::{Compact, Other, Spaced};

    /// Names of every length around those that are compared at once, as they are and with one other
    /// byte, at the end of the bytes and before it.
    #[test]
    fn a_name_is_found_only_where_all_of_it_is() {
        let letters: String = ('0'..='z').filter(|letter| *letter != '\\').collect();
        for length in 0..45 {
            let name = &letters[..length];
            let written = WrittenName::new(name);
            assert_eq!(written.name(), name.as_bytes());
            for after in ["", "1", "1234567890123456"] {
                let compact = format!("1,\"{name}\":{after}");
                let spaced = format!("1, \"{name}\": {after}");
                check(&written, Compact, &compact, length + 5, after.len());
                check(&written, Spaced, &spaced, length + 7, after.len());
                assert_eq!(written.value_after(Compact, spaced.as_bytes(), 1), None);
                assert_eq!(written.value_after(Spaced, compact.as_bytes(), 1), None);
                assert_eq!(written.value_after(Other, compact.as_bytes(), 1), None);
                let past = written.past(compact.as_bytes(), 2);
                assert_eq!(past, Some(length + 5));
                for at in 2..length + 5 {
                    let other = changed(&compact, at);
                    assert_eq!(written.past(&other, 2), None, "{name} {at}");
                }
                assert_eq!(written.past(compact.as_bytes(), compact.len() + 2), None);
            }
        }
    }

    fn check(written: &WrittenName, spacing: MemberSpacing, text: &str, past: usize, after: usize) {
        let found = written.value_after(spacing, text.as_bytes(), 1);
        let has_word = text.len() > WORD_BYTES;
        assert_eq!(found, has_word.then_some(past), "{text}");
        assert!(after < WORD_BYTES || found.is_some(), "{text}");
        for at in 1..past {
            let other = changed(text, at);
            assert_eq!(written.value_after(spacing, &other, 1), None, "{text} {at}");
        }
    }

    fn changed(text: &str, at: usize) -> Vec<u8> {
        let mut other = text.as_bytes().to_vec();
        other[at] ^= 0x80;
        other
    }
}
