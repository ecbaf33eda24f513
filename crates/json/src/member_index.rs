//! The index of the members of wide objects, and the digests of member names.
//!
//! Small objects are searched linearly, with a 16-bit digest of each name in its entry. Objects of
//! more than [`LINEAR_MAX`] members are put in one hash table per tape with a secret seed, so no
//! author of a document can make lookups or the check for repeated names quadratic.

use std::fmt;

use hashbrown::{DefaultHashBuilder, HashTable};

/// The highest number of members of an object that is searched linearly.
pub(super) const LINEAR_MAX: u32 = 16;

/// A member of a wide object: the entries of the object and of the key.
#[derive(Clone, Copy)]
pub(super) struct WideMember {
    pub(super) object: u32,
    pub(super) key: u32,
}

/// The members of all wide objects of one tape.
#[derive(Default)]
pub(super) struct WideMemberIndex {
    pub(super) table: HashTable<WideMember>,
    pub(super) seed: DefaultHashBuilder,
}

impl WideMemberIndex {
    pub(super) fn clear(&mut self) {
        self.table.clear();
    }

    /// The size of the table in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.table.capacity() * size_of::<WideMember>()
    }
}

impl fmt::Debug for WideMemberIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WideMemberIndex")
            .field("len", &self.table.len())
            .finish_non_exhaustive()
    }
}

/// Two keys with the same name in one object, as entry indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuplicateMember {
    /// The first key.
    pub first: u32,
    /// The key that repeats it.
    pub second: u32,
}

/// A digest of the bytes of a member name. Equal names have equal digests; different names rarely
/// do.
#[inline]
pub(super) fn digest(bytes: &[u8]) -> u16 {
    let mixed = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => {
            u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29)
        }
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
            }
            _ => bytes
                .iter()
                .fold(0, |mixed, &byte| mixed << 8 | u64::from(byte)),
        },
    };
    let spread = (mixed ^ bytes.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (spread >> 48) as u16
}
