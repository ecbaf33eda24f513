//! Which migrations a database already has, as the tool that ran them recorded.

use portcullis_schema::{MigrationFile, MigrationFolder, MigrationLayout, SchemaSnapshot};
use portcullis_vocabulary::TableName;

use super::database_error::DatabaseError;
use super::database_session::DatabaseSession;

/// What a tool recorded about applied migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedVersions {
    /// The table of the tool.
    pub table: TableName,
    /// The applied versions.
    versions: Vec<String>,
    /// Whether only the last one is recorded.
    is_last_only: bool,
}

/// A table in which a tool records migrations.
struct HistoryTable {
    name: &'static str,
    layouts: &'static [MigrationLayout],
    /// The condition of a row about a migration that failed.
    failed: &'static str,
    is_last_only: bool,
}

const HISTORIES: [HistoryTable; 3] = [
    HistoryTable {
        name: "schema_migrations",
        layouts: &[MigrationLayout::UpAndDown],
        failed: "dirty",
        is_last_only: true,
    },
    HistoryTable {
        name: "flyway_schema_history",
        layouts: &[MigrationLayout::Flyway],
        failed: "NOT success",
        is_last_only: false,
    },
    HistoryTable {
        name: "_sqlx_migrations",
        layouts: &[MigrationLayout::UpAndDown, MigrationLayout::Numbered],
        failed: "NOT success",
        is_last_only: false,
    },
];

impl AppliedVersions {
    /// Reads what the tool of this layout recorded; `None` if it recorded nothing here.
    ///
    /// # Errors
    /// A migration failed or was applied in part, or the connection is lost.
    pub async fn read(
        session: &DatabaseSession,
        snapshot: &SchemaSnapshot,
        layout: MigrationLayout,
    ) -> Result<Option<Self>, DatabaseError> {
        for history in HISTORIES
            .iter()
            .filter(|history| history.layouts.contains(&layout))
        {
            let mark = history.failed.trim_start_matches("NOT ");
            let is_history =
                |columns: &[&str]| ["version", mark].iter().all(|own| columns.contains(own));
            let table = snapshot.tables.values().find(|table| {
                let columns: Vec<&str> =
                    table.columns.values().map(|column| &*column.name).collect();
                table.name.table == history.name && is_history(&columns)
            });
            let Some(table) = table else { continue };
            let sql = format!(
                "SELECT version::text, {} FROM {} WHERE version IS NOT NULL",
                history.failed, table.name
            );
            let mut versions = Vec::new();
            for row in session.query(&sql).await? {
                let version: String = row.get(0);
                if row.get::<_, Option<bool>>(1).unwrap_or(true) {
                    let table = table.name.to_string();
                    return Err(DatabaseError::HalfApplied { table, version });
                }
                versions.push(version);
            }
            return Ok(Some(Self {
                table: table.name.clone(),
                versions,
                is_last_only: history.is_last_only,
            }));
        }
        Ok(None)
    }

    /// The migrations of a directory that are not applied.
    ///
    /// # Errors
    /// An applied version is not in the directory, or one before it is not applied.
    pub fn pending<'f>(
        &self,
        folder: &'f MigrationFolder,
    ) -> Result<&'f [MigrationFile], DatabaseError> {
        let unlike = |version: &str, problem: String| DatabaseError::UnlikeDirectory {
            table: self.table.to_string(),
            version: version.to_owned(),
            problem,
        };
        let mut last = None;
        for version in &self.versions {
            let missing = || unlike(version, "and no file of the directory has it".to_owned());
            let position = folder.position_of(version).ok_or_else(missing)?;
            last = last.max(Some(position));
        }
        let Some(last) = last else {
            return Ok(&folder.files);
        };
        let (applied, pending) = folder.files.split_at(last + 1);
        let is_applied = |file: &&MigrationFile| {
            let mut versions = self.versions.iter();
            versions.any(|version| {
                folder
                    .position_of(version)
                    .is_some_and(|at| folder.files[at] == **file)
            })
        };
        if !self.is_last_only
            && let Some(gap) = applied.iter().find(|file| !is_applied(file))
        {
            let version = applied.last().and_then(|file| file.version.as_deref());
            let problem = format!(
                "but {} before it is not; the directory is half applied",
                gap.name
            );
            return Err(unlike(version.unwrap_or_default(), problem));
        }
        Ok(pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_migrations_follow_the_applied_ones() {
        let names = ["1_a.up.sql", "2_b.up.sql", "10_c.up.sql"].map(str::to_owned);
        let folder = MigrationFolder::of(&names).unwrap();
        let check = |versions: &[&str], is_last_only: bool, expected: &str| {
            let applied = AppliedVersions {
                table: TableName::new("public", "history"),
                versions: versions
                    .iter()
                    .map(|version| (*version).to_owned())
                    .collect(),
                is_last_only,
            };
            let found = match applied.pending(&folder) {
                Ok(files) => files
                    .iter()
                    .map(|file| &file.name[..1])
                    .collect::<Vec<_>>()
                    .join(" "),
                Err(error) => error.to_string(),
            };
            assert_eq!(found, expected, "{versions:?}");
        };
        check(&[], true, "1 2 1");
        check(&["2"], true, "1");
        check(&["1", "2"], false, "1");
        check(&["2", "1", "010"], false, "");
        check(
            &["2"],
            false,
            "public.history says that version 2 is applied, but 1_a.up.sql before it is not; the directory is half applied",
        );
        check(
            &["3"],
            true,
            "public.history says that version 3 is applied, and no file of the directory has it",
        );
    }
}
