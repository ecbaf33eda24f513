//! Names of header fields that one sender has sent before.
//!
//! The heads of one sender have nearly the same names in the same order. Comparing a name with the one
//! that stood in its place before is cheaper than reading it, and a name that is not a standard one
//! needs no separate memory.

use http::HeaderName;
use http::header::InvalidHeaderName;

use super::name_traits::NameTraits;

/// Most names, and the longest one, that are kept.
const NAMES_MAX: usize = 32;
const NAME_BYTES_MAX: usize = 64;

/// The names of the last heads of one sender, by their places in the head.
#[derive(Debug, Default)]
pub(crate) struct FieldNameCache(Vec<KnownName>);

/// A name that a sender has sent before.
#[derive(Debug)]
pub(crate) struct KnownName {
    /// As the sender writes it.
    sent: Box<[u8]>,
    pub(crate) name: HeaderName,
    traits: NameTraits,
}

impl KnownName {
    /// In bytes.
    pub(crate) fn length(&self) -> usize {
        self.sent.len()
    }
}

impl FieldNameCache {
    /// The name that was in this place of the last head, counted from 0, if a line begins with it and a
    /// colon.
    pub(crate) fn expected(&self, place: usize, line: &[u8]) -> Option<&KnownName> {
        let known = self.0.get(place)?;
        let length = known.sent.len();
        let is_here = line.get(length) == Some(&b':') && line[..length] == *known.sent;
        is_here.then_some(known)
    }

    /// The name of the field in this place of a head, and its traits.
    ///
    /// # Errors
    /// It is not a name.
    pub(crate) fn read(
        &mut self,
        place: usize,
        sent: &[u8],
    ) -> Result<(HeaderName, NameTraits), InvalidHeaderName> {
        if let Some(known) = self.0.get(place)
            && *known.sent == *sent
        {
            return Ok((known.name.clone(), known.traits));
        }
        let name = HeaderName::from_bytes(sent)?;
        let traits = NameTraits::of(&name);
        if place < NAMES_MAX && sent.len() <= NAME_BYTES_MAX {
            self.keep(place, sent, &name, traits);
        }
        Ok((name, traits))
    }

    /// Returns the memory.
    pub(crate) fn release(&mut self) {
        self.0 = Vec::new();
    }

    fn keep(&mut self, place: usize, sent: &[u8], name: &HeaderName, traits: NameTraits) {
        let known = KnownName {
            sent: sent.into(),
            name: name.clone(),
            traits,
        };
        let count = self.0.len();
        match self.0.get_mut(place) {
            Some(before) => *before = known,
            None if place == count => self.0.push(known),
            // The name before it was too long.
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_sent_now() {
        let mut cache = FieldNameCache::default();
        let mut expected = 0;
        let heads: [&[&str]; 5] = [
            &["Host", "X-Squad-Owner", "accept"],
            &["Host", "X-Squad-Owner", "accept"],
            &["host", "x-squad-owner", "Accept-Encoding"],
            &["x-squad-owner"],
            &["host", "X-Squad-Owner", "accept", "x"],
        ];
        for head in heads {
            for (place, sent) in head.iter().enumerate() {
                let line = format!("{sent}: x");
                if let Some(known) = cache.expected(place, line.as_bytes()) {
                    assert_eq!(known.name.as_str(), sent.to_ascii_lowercase(), "{head:?}");
                    assert_eq!(known.length(), sent.len());
                    expected += 1;
                }
                let (name, _) = cache.read(place, sent.as_bytes()).unwrap();
                assert_eq!(name.as_str(), sent.to_ascii_lowercase(), "{head:?}");
                assert!(cache.expected(place, line.as_bytes()).is_some());
                assert!(cache.expected(place, sent.as_bytes()).is_none());
            }
        }
        assert_eq!((cache.0.len(), expected), (4, 3));
        assert!(cache.read(0, b"ho st").is_err());
        assert!(cache.read(0, b"").is_err());
        assert_eq!(cache.read(0, b"host").unwrap().0, "host");
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut cache = FieldNameCache::default();
        let long = "x".repeat(NAME_BYTES_MAX + 1);
        for place in 0..100 {
            let sent = if place == 10 { &long } else { "x-name" };
            assert_eq!(cache.read(place, sent.as_bytes()).unwrap().0, sent);
        }
        assert_eq!(cache.0.len(), 10);
        for place in 0..100 {
            cache.read(place, b"x-name").unwrap();
        }
        assert_eq!(cache.0.len(), NAMES_MAX);
        cache.release();
        assert_eq!(cache.0.capacity(), 0);
    }
}
