//! The declared names of an object, and finding one of them in a text.
//!
//! Senders write an object with its names in the same order each time. So the name that followed a
//! name in one of the first messages is looked at first. Two senders can differ, so this is learned
//! a limited number of times: data cores that share a program do not keep writing to it.

use std::sync::atomic::{AtomicU16, Ordering};

use super::rules_id::RulesId;

/// The names that an object declares or requires, each with the rules of its value.
#[derive(Debug, Default)]
pub(super) struct PropertyNames {
    declared: Box<[DeclaredName]>,
    /// Numbers of names plus one, by the digest of the name; 0 is free. Empty for few names.
    table: Box<[u16]>,
    /// The name that comes first.
    first: AtomicU16,
    /// How many orders may still be learned.
    lessons_left: AtomicU16,
}

#[derive(Debug)]
struct DeclaredName {
    /// The name and its closing quote, as a text has them if nothing is escaped.
    quoted: Box<[u8]>,
    /// The first sixteen bytes of `quoted`, and the bits of them that it has.
    first_word: u128,
    first_mask: u128,
    rules: RulesId,
    /// The number of the name that comes next.
    next: AtomicU16,
}

impl DeclaredName {
    fn new(name: &str, rules: RulesId) -> Self {
        let quoted = format!("{name}\"").into_bytes();
        let mut word = [0; 16];
        let length = quoted.len().min(16);
        word[..length].copy_from_slice(&quoted[..length]);
        Self {
            quoted: quoted.into(),
            first_word: u128::from_le_bytes(word),
            first_mask: u128::MAX >> (128 - 8 * length),
            rules,
            next: AtomicU16::new(0),
        }
    }
}

/// A name in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameMatch {
    pub(super) number: usize,
    pub(super) rules: RulesId,
    /// The position after the closing quote.
    pub(super) past: usize,
}

/// How many times an object may learn which name follows another, for each of its names.
const LESSONS_PER_NAME: u16 = 8;

/// Up to this number, names are compared one by one.
const FEW: usize = 8;

impl PropertyNames {
    /// `None` if a name cannot stand in a text as it is.
    pub(super) fn new(names: Vec<(&str, RulesId)>) -> Option<Self> {
        let is_plain = |name: &str| !name.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\');
        if !names.iter().all(|(name, _)| is_plain(name)) {
            return None;
        }
        let mut table = Vec::new();
        if names.len() > FEW {
            table.resize((names.len() * 2).next_power_of_two(), 0);
            for (number, (name, _)) in names.iter().enumerate() {
                let mut slot = slot(name_digest(name.as_bytes()), table.len());
                while table[slot] != 0 {
                    slot = (slot + 1) % table.len();
                }
                table[slot] = u16::try_from(number + 1).ok()?;
            }
        }
        let declared = names
            .into_iter()
            .map(|(name, rules)| DeclaredName::new(name, rules));
        let declared: Box<[DeclaredName]> = declared.collect();
        let lessons = u16::try_from(declared.len()).ok()?;
        Some(Self {
            declared,
            table: table.into(),
            first: AtomicU16::new(0),
            lessons_left: AtomicU16::new(lessons.saturating_mul(LESSONS_PER_NAME)),
        })
    }

    fn found(&self, number: usize, past: usize) -> Option<NameMatch> {
        let name = self.declared.get(number)?;
        Some(NameMatch {
            number,
            rules: name.rules,
            past,
        })
    }

    /// The name that begins at `from`, if it is the one that mostly follows `previous`.
    #[inline]
    pub(super) fn expect(
        &self,
        previous: Option<usize>,
        bytes: &[u8],
        from: usize,
    ) -> Option<NameMatch> {
        let number = usize::from(self.following(previous)?.load(Ordering::Relaxed));
        let name = self.declared.get(number)?;
        let rest = bytes.get(from..)?;
        let length = name.quoted.len();
        let is_equal = match rest.first_chunk::<16>() {
            Some(word) => {
                (u128::from_le_bytes(*word) ^ name.first_word) & name.first_mask == 0
                    && (length <= 16 || rest.get(16..length)? == name.quoted.get(16..)?)
            }
            None => rest.starts_with(&name.quoted),
        };
        is_equal.then_some(NameMatch {
            number,
            rules: name.rules,
            past: from + length,
        })
    }

    /// Where the number of the name that follows `previous` is kept; the first name follows none.
    #[inline]
    fn following(&self, previous: Option<usize>) -> Option<&AtomicU16> {
        match previous {
            Some(previous) => Some(&self.declared.get(previous)?.next),
            None => Some(&self.first),
        }
    }

    /// Notes that a name followed `previous`.
    #[cold]
    pub(super) fn learn(&self, previous: Option<usize>, number: usize) {
        let left = self.lessons_left.load(Ordering::Relaxed);
        let (Some(following), Ok(number)) = (self.following(previous), u16::try_from(number))
        else {
            return;
        };
        if left > 0 {
            self.lessons_left.store(left - 1, Ordering::Relaxed);
            following.store(number, Ordering::Relaxed);
        }
    }

    /// Finds the name between `from` and the closing quote at `stop`.
    pub(super) fn find(&self, bytes: &[u8], from: usize, stop: usize) -> Option<NameMatch> {
        let quoted = bytes.get(from..=stop)?;
        if self.table.is_empty() {
            let is_this = |name: &DeclaredName| *name.quoted == *quoted;
            let number = self.declared.iter().position(is_this)?;
            return self.found(number, stop + 1);
        }
        let mut slot = slot(name_digest(&quoted[..quoted.len() - 1]), self.table.len());
        loop {
            let number = usize::from(*self.table.get(slot)?).checked_sub(1)?;
            if *self.declared.get(number)?.quoted == *quoted {
                return self.found(number, stop + 1);
            }
            slot = (slot + 1) % self.table.len();
        }
    }
}

fn slot(digest: u64, slots: usize) -> usize {
    (digest >> 32) as usize & (slots - 1)
}

/// A digest of a name. Senders choose names, so equal digests are taken for equal names, which the
/// validators then look at.
#[inline]
pub(super) fn name_digest(name: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut digest = name.len() as u64;
    for chunk in name.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        digest = (digest.rotate_left(23) ^ u64::from_le_bytes(word)).wrapping_mul(FACTOR);
    }
    digest
}
