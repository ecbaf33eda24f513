//! What a statement does by its text.

use crate::lock_mode::LockMode;
use crate::sql_words::WrittenTable;
use crate::table_change::TableChangeKind;

/// What a statement does to tables, as they are written.
#[derive(Clone, Debug, Default)]
pub(crate) struct WrittenEffect {
    pub(crate) locks: Vec<(WrittenTable, LockMode)>,
    pub(crate) changes: Vec<(WrittenTable, TableChangeKind)>,
}

impl WrittenEffect {
    pub(crate) fn lock(&mut self, table: &WrittenTable, mode: LockMode) {
        self.locks.push((table.clone(), mode));
    }

    pub(crate) fn change(&mut self, table: &WrittenTable, kind: TableChangeKind) {
        self.changes.push((table.clone(), kind));
    }
}
