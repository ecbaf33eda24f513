//! The files of a directory with migrations, in the order in which their tool runs them.
//!
//! A directory has one layout. A file that fits none of its names is an error, because a migration
//! that is skipped would not be judged.

use std::cmp::Ordering;
use std::fmt;

/// How the files of a directory are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationLayout {
    /// `1_name.up.sql` and `1_name.down.sql`, of golang-migrate and of sqlx with reversible
    /// migrations.
    UpAndDown,
    /// `V1__name.sql`, and `R__name.sql`, which runs after them, of Flyway.
    Flyway,
    /// `20240101_name.sql`, of sqlx and others: ordered by the number.
    Numbered,
    /// `*.sql`, ordered by name.
    Plain,
}

/// A migration of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationFile {
    /// The name of the file.
    pub name: String,
    /// The version without leading zeros, as tools record it; none for files without one.
    pub version: Option<String>,
}

/// The migrations of a directory, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationFolder {
    /// How the files are named.
    pub layout: MigrationLayout,
    /// The migrations.
    pub files: Vec<MigrationFile>,
    /// The files that revert migrations, which nothing runs.
    pub reverting: Vec<String>,
}

/// Why the files of a directory are not migrations in an order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFolder {
    /// The directory has no migration.
    #[error("no migration: expected files that end in .sql")]
    Empty,
    /// A file does not fit the layout of the others.
    #[error(
        "{name}: the other files are named as {layout}; rename it, or move it to another directory"
    )]
    Unlike {
        /// The file.
        name: String,
        /// The layout of the others.
        layout: MigrationLayout,
    },
    /// The directory only has files that revert migrations.
    #[error(
        "{name}: it reverts a migration, so it is not run, and the directory has no other file"
    )]
    OnlyReverting {
        /// The first of them.
        name: String,
    },
    /// Two files have the same version.
    #[error("{one} and {other} have the same version; number one of them anew")]
    SameVersion {
        /// The first file.
        one: String,
        /// The second file.
        other: String,
    },
}

impl MigrationLayout {
    /// The layout of the first file that has one.
    fn of(names: &[&str]) -> Self {
        let has_direction = |name: &&str| name.ends_with(".up.sql") || name.ends_with(".down.sql");
        if names.iter().any(has_direction) {
            Self::UpAndDown
        } else if names.iter().any(|name| is_of_flyway(name)) {
            Self::Flyway
        } else if names.iter().all(|name| leading_number(name).is_some()) {
            Self::Numbered
        } else {
            Self::Plain
        }
    }
}

impl fmt::Display for MigrationLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UpAndDown => "1_name.up.sql (golang-migrate, sqlx)",
            Self::Flyway => "V1__name.sql (Flyway)",
            Self::Numbered => "1_name.sql (sqlx)",
            Self::Plain => "*.sql, ordered by name",
        })
    }
}

impl MigrationFolder {
    /// The migrations among the names of a directory's files.
    ///
    /// # Errors
    /// [`InvalidFolder`] names the file that is wrong.
    pub fn of(names: &[String]) -> Result<Self, InvalidFolder> {
        let sql = names.iter().map(String::as_str);
        let sql: Vec<&str> = sql.filter(|name| name.ends_with(".sql")).collect();
        let layout = MigrationLayout::of(&sql);
        let mut found: Vec<(VersionKey<'_>, MigrationFile)> = Vec::new();
        let mut reverting = Vec::new();
        for name in sql {
            match file_role(layout, name) {
                FileRole::Runs(key) => {
                    let version = key.version();
                    let name = name.to_owned();
                    found.push((key, MigrationFile { name, version }));
                }
                FileRole::Reverts => reverting.push(name.to_owned()),
                FileRole::Unlike => {
                    return Err(InvalidFolder::Unlike {
                        name: name.to_owned(),
                        layout,
                    });
                }
            }
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        for pair in found.windows(2) {
            if let [(one_key, one), (other_key, other)] = pair
                && one_key == other_key
            {
                let (one, other) = (one.name.clone(), other.name.clone());
                return Err(InvalidFolder::SameVersion { one, other });
            }
        }
        reverting.sort();
        if found.is_empty() {
            let name = reverting.into_iter().next();
            return Err(
                name.map_or(InvalidFolder::Empty, |name| InvalidFolder::OnlyReverting {
                    name,
                }),
            );
        }
        Ok(Self {
            layout,
            files: found.into_iter().map(|(_, file)| file).collect(),
            reverting,
        })
    }
}

impl MigrationFolder {
    /// The position of the migration with a version, as a tool recorded it.
    pub fn position_of(&self, recorded: &str) -> Option<usize> {
        let recorded = version_numbers(recorded)?.join(".");
        let mut files = self.files.iter();
        files.position(|file| file.version.as_deref() == Some(&*recorded))
    }

    /// The position of the migration in a file.
    pub fn position_of_file(&self, name: &str) -> Option<usize> {
        self.files.iter().position(|file| file.name == name)
    }
}

/// What a tool does with a file.
enum FileRole<'n> {
    Runs(VersionKey<'n>),
    Reverts,
    Unlike,
}

/// What orders files. Numbers are kept as text: they can have any length.
#[derive(PartialEq, Eq)]
enum VersionKey<'n> {
    /// Numbers without leading zeros.
    Numbers(Vec<&'n str>),
    /// The name; after all numbers.
    Name(&'n str),
}

impl VersionKey<'_> {
    fn version(&self) -> Option<String> {
        match self {
            Self::Numbers(numbers) => Some(numbers.join(".")),
            Self::Name(_) => None,
        }
    }
}

impl Ord for VersionKey<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let number = |one: &&str, other: &&str| (one.len(), *one).cmp(&(other.len(), *other));
        match (self, other) {
            (Self::Numbers(one), Self::Numbers(other)) => {
                let mut pairs = one.iter().zip(other).map(|(one, other)| number(one, other));
                let difference = pairs.find(|order| *order != Ordering::Equal);
                difference.unwrap_or_else(|| one.len().cmp(&other.len()))
            }
            (Self::Name(one), Self::Name(other)) => one.cmp(other),
            (Self::Numbers(_), Self::Name(_)) => Ordering::Less,
            (Self::Name(_), Self::Numbers(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for VersionKey<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn file_role(layout: MigrationLayout, name: &str) -> FileRole<'_> {
    let numbered = |name| match leading_number(name) {
        Some(number) => FileRole::Runs(VersionKey::Numbers(vec![number])),
        None => FileRole::Unlike,
    };
    match layout {
        MigrationLayout::UpAndDown if name.ends_with(".down.sql") => FileRole::Reverts,
        MigrationLayout::UpAndDown if name.ends_with(".up.sql") => numbered(name),
        MigrationLayout::UpAndDown => FileRole::Unlike,
        MigrationLayout::Flyway => match flyway_version(name) {
            Some(numbers) => FileRole::Runs(VersionKey::Numbers(numbers)),
            None if name.starts_with("R__") => FileRole::Runs(VersionKey::Name(name)),
            None if name.starts_with('U') && name.contains("__") => FileRole::Reverts,
            None => FileRole::Unlike,
        },
        MigrationLayout::Numbered => numbered(name),
        MigrationLayout::Plain => FileRole::Runs(VersionKey::Name(name)),
    }
}

/// The numbers of `V1.2__name.sql` or `V1_2__name.sql`.
fn flyway_version(name: &str) -> Option<Vec<&str>> {
    let (version, _) = name.strip_prefix('V')?.split_once("__")?;
    version_numbers(version)
}

/// Whether a file runs or reverts a migration of Flyway.
fn is_of_flyway(name: &str) -> bool {
    let reverted = name
        .strip_prefix('U')
        .and_then(|rest| rest.split_once("__"));
    let reverts = reverted.is_some_and(|(version, _)| version_numbers(version).is_some());
    flyway_version(name).is_some() || reverts || name.starts_with("R__")
}

/// The numbers of a version without leading zeros.
fn version_numbers(version: &str) -> Option<Vec<&str>> {
    let numbers = version.split(['.', '_']);
    let numbers: Option<Vec<&str>> = numbers.map(number).collect();
    let mut numbers = numbers?;
    // 1.0 is 1.
    while numbers.len() > 1 && numbers.last() == Some(&"0") {
        numbers.pop();
    }
    Some(numbers)
}

/// The number at the beginning of a name, before `_` or `-`.
fn leading_number(name: &str) -> Option<&str> {
    number(&name[..name.find(['_', '-', '.'])?])
}

/// A number without leading zeros.
fn number(text: &str) -> Option<&str> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let significant = text.trim_start_matches('0');
    is_number.then_some(if significant.is_empty() {
        "0"
    } else {
        significant
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &str, expected: &str) {
        let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
        let found = match MigrationFolder::of(&names) {
            Ok(folder) => {
                let names: Vec<&str> = folder.files.iter().map(|file| &*file.name).collect();
                format!("{:?}: {}", folder.layout, names.join(" "))
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn files_are_ordered_as_their_tool_does() {
        check(
            "10_b.up.sql 9_a.up.sql 9_a.down.sql README.md",
            "UpAndDown: 9_a.up.sql 10_b.up.sql",
        );
        check(
            "V10__b.sql V2.1__a.sql V2__c.sql R__v.sql U2__c.sql",
            "Flyway: V2__c.sql V2.1__a.sql V10__b.sql R__v.sql",
        );
        check(
            "20240102_b.sql 20240101_a.sql",
            "Numbered: 20240101_a.sql 20240102_b.sql",
        );
        check("0010-b.sql 009-a.sql", "Numbered: 009-a.sql 0010-b.sql");
        check("b.sql a.sql 1.sql", "Plain: 1.sql a.sql b.sql");
    }

    #[test]
    fn mistakes_are_named() {
        check(
            "1_x.down.sql",
            "1_x.down.sql: it reverts a migration, so it is not run, and the directory has no other file",
        );
        check(
            "U2__x.sql U1__x.sql",
            "U1__x.sql: it reverts a migration, so it is not run, and the directory has no other file",
        );
        check(
            "1_x.sql 1_x.down.sql",
            "1_x.sql: the other files are named as 1_name.up.sql (golang-migrate, sqlx); rename it, or move it to another directory",
        );
        check("README.md", "no migration: expected files that end in .sql");
        check(
            "1_a.up.sql 2_b.sql",
            "2_b.sql: the other files are named as 1_name.up.sql (golang-migrate, sqlx); rename it, or move it to another directory",
        );
        check(
            "V1__a.sql fix.sql",
            "fix.sql: the other files are named as V1__name.sql (Flyway); rename it, or move it to another directory",
        );
        check(
            "1_a.sql 01_b.sql",
            "1_a.sql and 01_b.sql have the same version; number one of them anew",
        );
        check(
            "V1__a.sql V1.0__b.sql",
            "V1__a.sql and V1.0__b.sql have the same version; number one of them anew",
        );
    }

    #[test]
    fn versions_are_those_that_tools_record() {
        let names = [
            "V1_2__a.sql".to_owned(),
            "V003__b.sql".to_owned(),
            "R__v.sql".to_owned(),
        ];
        let files = MigrationFolder::of(&names).unwrap().files;
        let versions: Vec<_> = files.iter().map(|file| file.version.as_deref()).collect();
        assert_eq!(versions, [Some("1.2"), Some("3"), None]);
    }
}
