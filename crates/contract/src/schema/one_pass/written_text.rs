//! Texts that are looked for in a message as they are written there, sixteen bytes at a time.

/// How many bytes are compared at once.
const WORD_BYTES: usize = 16;

/// A text as most messages write it.
#[derive(Debug)]
pub(super) struct WrittenText {
    /// The first bytes of the text, and the bits of them that it has.
    word: u128,
    mask: u128,
    text: Box<[u8]>,
}

impl WrittenText {
    /// `None` for an empty text.
    pub(super) fn new(text: Vec<u8>) -> Option<Self> {
        let mut word = [0; WORD_BYTES];
        let length = text.len().min(WORD_BYTES);
        word[..length].copy_from_slice(&text[..length]);
        Some(Self {
            word: u128::from_le_bytes(word),
            mask: u128::MAX.checked_shr(u32::try_from(128 - 8 * length).ok()?)?,
            text: text.into(),
        })
    }

    /// The position after the text, if it is at `from`.
    #[inline(always)]
    pub(super) fn past(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let rest = bytes.get(from..)?;
        let Some(chunk) = rest.first_chunk::<WORD_BYTES>() else {
            return rest
                .starts_with(&self.text)
                .then_some(from + self.text.len());
        };
        if (u128::from_le_bytes(*chunk) ^ self.word) & self.mask != 0 {
            return None;
        }
        let length = self.text.len();
        if length > WORD_BYTES && !self.has_end(rest) {
            return None;
        }
        Some(from + length)
    }

    /// Whether the bytes after the first word are equal.
    fn has_end(&self, rest: &[u8]) -> bool {
        let length = self.text.len();
        let Some(rest) = rest.get(..length) else {
            return false;
        };
        if length <= 2 * WORD_BYTES {
            // The words overlap.
            return rest.last_chunk::<WORD_BYTES>() == self.text.last_chunk::<WORD_BYTES>();
        }
        rest[WORD_BYTES..] == self.text[WORD_BYTES..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every length around those that are compared at once, at the end of the bytes and before it,
    /// as it is and with one other byte.
    #[test]
    fn a_text_is_found_only_where_all_of_it_is() {
        let bytes: Vec<u8> = (b'!'..b'~').collect();
        for (length, after) in (1..40).flat_map(|length| [0, 1, 20].map(|after| (length, after))) {
            let text = WrittenText::new(bytes[..length].to_vec()).expect("it is not empty");
            let mut message = bytes[..length].to_vec();
            message.insert(0, b'"');
            message.resize(1 + length + after, b' ');
            assert_eq!(text.past(&message, 1), Some(1 + length));
            assert_eq!(text.past(&message, 0), None);
            assert_eq!(text.past(&message[..length], 1), None);
            assert_eq!(text.past(&message, message.len() + 1), None);
            for at in 1..=length {
                let mut other = message.clone();
                other[at] ^= 0x80;
                assert_eq!(text.past(&other, 1), None, "{length} {after} {at}");
            }
        }
        assert!(WrittenText::new(Vec::new()).is_none());
    }
}
