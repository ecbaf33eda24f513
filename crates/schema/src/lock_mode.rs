//! The modes in which PostgreSQL locks a table.

use std::fmt;

/// The mode of a lock on a table, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockMode {
    /// `ACCESS SHARE`, of a reader.
    AccessShare,
    /// `ROW SHARE`, of `SELECT FOR UPDATE`.
    RowShare,
    /// `ROW EXCLUSIVE`, of a writer.
    RowExclusive,
    /// `SHARE UPDATE EXCLUSIVE`.
    ShareUpdateExclusive,
    /// `SHARE`.
    Share,
    /// `SHARE ROW EXCLUSIVE`.
    ShareRowExclusive,
    /// `EXCLUSIVE`.
    Exclusive,
    /// `ACCESS EXCLUSIVE`.
    AccessExclusive,
}

impl LockMode {
    /// Every mode: its name in `pg_locks` and its name in SQL.
    const NAMES: [(Self, &'static str, &'static str); 8] = [
        (Self::AccessShare, "AccessShareLock", "ACCESS SHARE"),
        (Self::RowShare, "RowShareLock", "ROW SHARE"),
        (Self::RowExclusive, "RowExclusiveLock", "ROW EXCLUSIVE"),
        (
            Self::ShareUpdateExclusive,
            "ShareUpdateExclusiveLock",
            "SHARE UPDATE EXCLUSIVE",
        ),
        (Self::Share, "ShareLock", "SHARE"),
        (
            Self::ShareRowExclusive,
            "ShareRowExclusiveLock",
            "SHARE ROW EXCLUSIVE",
        ),
        (Self::Exclusive, "ExclusiveLock", "EXCLUSIVE"),
        (
            Self::AccessExclusive,
            "AccessExclusiveLock",
            "ACCESS EXCLUSIVE",
        ),
    ];

    /// The mode with this name in `pg_locks`.
    pub fn parse(name: &str) -> Option<Self> {
        let mut names = Self::NAMES.iter();
        names
            .find(|(_, known, _)| *known == name)
            .map(|(mode, ..)| *mode)
    }

    /// The mode with this name in SQL.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut names = Self::NAMES.iter();
        names
            .find(|(_, _, known)| *known == name)
            .map(|(mode, ..)| *mode)
    }

    /// The name in SQL.
    pub fn as_str(self) -> &'static str {
        let mut names = Self::NAMES.iter();
        names
            .find(|(mode, ..)| *mode == self)
            .map_or("", |(.., name)| name)
    }

    /// Whether other transactions wait with what they do: writing, or reading and writing.
    pub const fn blocked_work(self) -> Option<&'static str> {
        match self {
            Self::AccessShare
            | Self::RowShare
            | Self::RowExclusive
            | Self::ShareUpdateExclusive => None,
            Self::Share | Self::ShareRowExclusive | Self::Exclusive => Some("writes"),
            Self::AccessExclusive => Some("reads and writes"),
        }
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_ordered_and_named() {
        for (mode, name, sql) in LockMode::NAMES {
            assert_eq!((LockMode::parse(name), mode.as_str()), (Some(mode), sql));
        }
        assert!(LockMode::NAMES.is_sorted_by_key(|(mode, ..)| *mode));
        assert_eq!(LockMode::parse("SIReadLock"), None);
    }
}
