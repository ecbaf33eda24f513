//! Reads the elements of a DER encoding (X.690), as far as certificates need it.
//!
//! It only splits: every element is a tag and a slice. Lengths are checked, so no input reads
//! outside the encoding, and each step consumes at least two bytes.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;

/// The elements that are left.
#[derive(Clone, Copy, Debug)]
pub(super) struct DerReader<'d> {
    rest: &'d [u8],
}

/// One element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DerElement<'d> {
    pub(super) tag: u8,
    pub(super) content: &'d [u8],
}

impl<'d> DerReader<'d> {
    pub(super) const fn new(encoding: &'d [u8]) -> Self {
        Self { rest: encoding }
    }

    /// The next element; `None` at the end, or if the rest is malformed.
    pub(super) fn next(&mut self) -> Option<DerElement<'d>> {
        let (&tag, rest) = self.rest.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // Certificates are smaller than 16 MiB.
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = digits
                    .iter()
                    .fold(0, |length, digit| length << 8 | usize::from(*digit));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(DerElement { tag, content })
    }

    /// The content of the next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'d [u8]> {
        let element = self.next()?;
        (element.tag == tag).then_some(element.content)
    }

    /// Skips the next element if it has this tag.
    pub(super) fn skip(&mut self, tag: u8) {
        let mut ahead = *self;
        if ahead.expect(tag).is_some() {
            *self = ahead;
        }
    }

    /// The elements inside the next one, which must have this tag.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.expect(tag).map(DerReader::new)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_elements_and_refuses_wrong_lengths() {
        let long = [&[0x04, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        let mut reader = DerReader::new(&long);
        assert_eq!(reader.expect(OCTET_STRING), Some(&[7; 256][..]));
        assert!(reader.is_empty());
        for malformed in [
            &[0x04][..],
            &[0x04, 0x01],
            &[0x04, 0x81],
            &[0x04, 0x80, 0, 0],
            &[0x04, 0x84, 0, 0, 0, 1, 0],
            &[0x04, 0x83, 0xff, 0xff, 0xff, 1],
        ] {
            assert_eq!(DerReader::new(malformed).next(), None, "{malformed:?}");
        }
        let mut pair = DerReader::new(&[INTEGER, 1, 5, BOOLEAN, 1, 0xff]);
        pair.skip(BOOLEAN);
        assert_eq!(pair.expect(INTEGER), Some(&[5][..]));
        pair.skip(BOOLEAN);
        assert!(pair.is_empty());
    }
}
