//! The declared names of an object, and finding one of them in a text.
//!
//! Senders write an object with its names in the same order each time. So the name that followed a
//! name in one of the first messages is looked at first. Two senders can differ, so this is learned
//! a limited number of times: data cores that share a program do not keep writing to it.

use std::sync::atomic::{AtomicU16, Ordering};

use super::name_sets::NameBit;
use super::rules_id::RulesId;
use super::written_name::{MemberSpacing, WrittenName};

/// The names that an object declares or requires, each with the rules of its value.
#[derive(Debug, Default)]
pub(super) struct PropertyNames {
    declared: Box<[DeclaredName]>,
    /// Numbers of names plus one, by the digest of the name; 0 is free. Empty for few names.
    table: Box<[u16]>,
    /// The name that comes first.
    first: ExpectedName,
    /// How many orders may still be learned.
    lessons_left: AtomicU16,
}

/// The number of the name that mostly comes at one place.
#[derive(Debug, Default)]
pub(super) struct ExpectedName(AtomicU16);

#[derive(Debug)]
pub(super) struct DeclaredName {
    written: WrittenName,
    pub(super) bit: NameBit,
    number: u16,
    /// The name that comes next.
    pub(super) next: ExpectedName,
    pub(super) rules: RulesId,
}

impl DeclaredName {
    fn new(number: usize, name: &str, rules: RulesId) -> Option<Self> {
        Some(Self {
            written: WrittenName::new(name),
            bit: NameBit::new(number)?,
            number: u16::try_from(number).ok()?,
            next: ExpectedName::default(),
            rules,
        })
    }
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
        let declared = names.into_iter().enumerate();
        let declared: Box<[DeclaredName]> = declared
            .map(|(number, (name, rules))| DeclaredName::new(number, name, rules))
            .collect::<Option<_>>()?;
        let lessons = u16::try_from(declared.len()).ok()?;
        Some(Self {
            declared,
            table: table.into(),
            first: ExpectedName::default(),
            lessons_left: AtomicU16::new(lessons.saturating_mul(LESSONS_PER_NAME)),
        })
    }

    /// The name that mostly comes first.
    #[inline]
    pub(super) fn first(&self) -> &ExpectedName {
        &self.first
    }

    /// The expected name and the position after its colon, if it is at `from`.
    #[inline(always)]
    pub(super) fn expect(
        &self,
        expected: &ExpectedName,
        bytes: &[u8],
        from: usize,
    ) -> Option<(&DeclaredName, usize)> {
        let name = self.expected(expected)?;
        Some((name, name.written.past(bytes, from)?))
    }

    /// The expected name and the position of its value, if a comma and the name are at `from`.
    #[inline(always)]
    pub(super) fn expect_next(
        &self,
        expected: &ExpectedName,
        spacing: MemberSpacing,
        bytes: &[u8],
        from: usize,
    ) -> Option<(&DeclaredName, usize)> {
        let name = self.expected(expected)?;
        Some((name, name.written.value_after(spacing, bytes, from)?))
    }

    #[inline(always)]
    fn expected(&self, expected: &ExpectedName) -> Option<&DeclaredName> {
        self.declared
            .get(usize::from(expected.0.load(Ordering::Relaxed)))
    }

    /// Notes which name came where another was expected.
    #[cold]
    pub(super) fn learn(&self, expected: &ExpectedName, name: &DeclaredName) {
        let left = self.lessons_left.load(Ordering::Relaxed);
        if left > 0 {
            self.lessons_left.store(left - 1, Ordering::Relaxed);
            expected.0.store(name.number, Ordering::Relaxed);
        }
    }

    /// Finds the name between `from` and the closing quote at `stop`.
    pub(super) fn find(&self, bytes: &[u8], from: usize, stop: usize) -> Option<&DeclaredName> {
        let text = bytes.get(from..stop)?;
        if self.table.is_empty() {
            return self
                .declared
                .iter()
                .find(|name| name.written.name() == text);
        }
        let mut slot = slot(name_digest(text), self.table.len());
        loop {
            let number = usize::from(*self.table.get(slot)?).checked_sub(1)?;
            let name = self.declared.get(number)?;
            if name.written.name() == text {
                return Some(name);
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
