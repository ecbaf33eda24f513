//! A class of characters for matching.

use regex_syntax::hir::ClassUnicode;

/// A class of characters. Most characters of most texts are ASCII, so those have a bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CharacterSet {
    ascii: [u64; 2],
    /// The ranges of other characters, in ascending order.
    others: Box<[(char, char)]>,
}

impl CharacterSet {
    pub(super) fn new(class: &ClassUnicode) -> Self {
        let mut ascii = [0; 2];
        let mut others = Vec::new();
        for range in class.ranges() {
            let (first, last) = (range.start(), range.end());
            for code in u32::from(first)..=u32::from(last).min(127) {
                ascii[usize::from(code > 63)] |= 1 << (code & 63);
            }
            if last > '\x7f' {
                others.push((first.max('\u{80}'), last));
            }
        }
        Self {
            ascii,
            others: others.into(),
        }
    }

    #[inline]
    pub(super) fn contains(&self, character: char) -> bool {
        match u8::try_from(character) {
            Ok(byte @ 0..=127) => self.contains_ascii(byte),
            _ => self.contains_other(character),
        }
    }

    /// Whether the class contains an ASCII character.
    #[inline]
    pub(super) fn contains_ascii(&self, byte: u8) -> bool {
        (self.ascii[usize::from(byte >> 6) & 1] >> (byte & 63)) & 1 == 1
    }

    fn contains_other(&self, character: char) -> bool {
        match &*self.others {
            [] => false,
            [(first, last)] => (*first..=*last).contains(&character),
            others => {
                let at = others.partition_point(|(_, last)| *last < character);
                others.get(at).is_some_and(|(first, _)| *first <= character)
            }
        }
    }
}
