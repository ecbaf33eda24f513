//! Looks up members by name, and indexes the members of complete objects.

use std::hash::BuildHasher;

use hashbrown::hash_table::Entry as Slot;

use super::member_index::{DuplicateMember, LINEAR_MAX, WideMember, WideMemberIndex};
use super::tape::Tape;
use super::tape_entry::{EntryTag, TapeEntry};

impl Tape {
    /// The value of the member `name` of the object at `object`; of several, the last one.
    #[inline]
    pub(super) fn member(&self, object: u32, name: &str, digest: u16, source: &str) -> Option<u32> {
        let entry = self.entry(object);
        if entry.tag != EntryTag::Object {
            return None;
        }
        if entry.start > LINEAR_MAX {
            return self.wide_member(object, name, source);
        }
        let mut found = None;
        let mut key = object + 1;
        while key < entry.end {
            let candidate = self.entry(key);
            if candidate.digest == digest && self.text(candidate, source) == name {
                found = Some(key + 1);
                if !self.has_duplicates {
                    break;
                }
            }
            key = self.entry(key + 1).end_index(key + 1);
        }
        found
    }

    fn wide_member(&self, object: u32, name: &str, source: &str) -> Option<u32> {
        let hash = self.wide.seed.hash_one((object, name));
        let same = |member: &WideMember| {
            member.object == object && self.text(self.entry(member.key), source) == name
        };
        self.wide
            .table
            .find(hash, same)
            .map(|member| member.key + 1)
    }

    /// Indexes the members of a complete object. Every object on a tape passes through here.
    ///
    /// # Errors
    /// The first key that repeats an earlier one. All members are indexed nevertheless, and a
    /// lookup finds the last one with a name.
    pub(super) fn index_members(
        &mut self,
        object: u32,
        source: &str,
    ) -> Result<(), DuplicateMember> {
        let entry = self.entry(object);
        let repeated = match entry.start {
            0 | 1 => None,
            2..=LINEAR_MAX => self.repeated_in_small(object, entry, source),
            _ => self.index_wide(object, entry, source),
        };
        match repeated {
            None => Ok(()),
            Some(repeated) => {
                self.has_duplicates = true;
                Err(repeated)
            }
        }
    }

    fn repeated_in_small(
        &self,
        object: u32,
        entry: TapeEntry,
        source: &str,
    ) -> Option<DuplicateMember> {
        let mut keys = [(0_u16, 0_u32); LINEAR_MAX as usize];
        let mut count = 0;
        // One bit per digest seen, folded to 64 bits: most names need no comparison.
        let mut seen = 0_u64;
        let mut key = object + 1;
        while key < entry.end && count < keys.len() {
            let candidate = self.entry(key);
            let bit = 1 << (candidate.digest & 63);
            if seen & bit != 0 {
                let name = self.text(candidate, source);
                let same = |&(digest, earlier): &(u16, u32)| {
                    digest == candidate.digest && self.text(self.entry(earlier), source) == name
                };
                if let Some(&(_, first)) = keys[..count].iter().find(|key| same(key)) {
                    return Some(DuplicateMember { first, second: key });
                }
            }
            seen |= bit;
            keys[count] = (candidate.digest, key);
            count += 1;
            key = self.entry(key + 1).end_index(key + 1);
        }
        None
    }

    fn index_wide(
        &mut self,
        object: u32,
        entry: TapeEntry,
        source: &str,
    ) -> Option<DuplicateMember> {
        let mut repeated = None;
        let Self {
            entries,
            side,
            wide: WideMemberIndex { table, seed },
            ..
        } = self;
        let name = |key: u32| {
            let entry = entries[key as usize];
            let buffer = if entry.in_side { side.as_str() } else { source };
            buffer
                .get(entry.start as usize..entry.end as usize)
                .unwrap_or_default()
        };
        let hash = |member: &WideMember| seed.hash_one((member.object, name(member.key)));
        table.reserve(entry.start as usize, hash);
        let mut key = object + 1;
        while key < entry.end {
            let member = WideMember { object, key };
            let same = |other: &WideMember| other.object == object && name(other.key) == name(key);
            match table.entry(hash(&member), same, hash) {
                Slot::Vacant(slot) => {
                    slot.insert(member);
                }
                Slot::Occupied(mut slot) => {
                    let first = slot.get().key;
                    repeated.get_or_insert(DuplicateMember { first, second: key });
                    slot.get_mut().key = key;
                }
            }
            key = entries[key as usize + 1].end_index(key + 1);
        }
        repeated
    }
}
