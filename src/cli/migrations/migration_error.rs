//! Why migrations cannot be judged.

use std::io;
use std::path::PathBuf;

use crate::cli::inputs::KnownNames;
use crate::database::DatabaseError;
use crate::source::FileReadError;
use portcullis_config::ConfigErrors;
use portcullis_schema::InvalidFolder;

/// Why migrations cannot be judged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrationError {
    /// Nothing says where migrations run.
    #[error(
        "nothing says where the migrations run: --scratch is a temporary server, --database URL a \
         copy of the real one; --static only reads their text"
    )]
    NoTarget,
    /// The catalog is invalid.
    #[error("the catalog is refused\n{0}")]
    Catalog(#[from] ConfigErrors),
    /// The catalog has no such squad.
    #[error("--squad: no squad of {catalog} is called `{name}`{known}")]
    UnknownSquad {
        /// The catalog.
        catalog: String,
        /// The name from the command line.
        name: String,
        /// The squads of the catalog.
        known: KnownNames,
    },
    /// The catalog lists no shared table, so nothing could be found.
    #[error(
        "{catalog}: no resource has `tables`, so no migration could be refused; list the tables that \
         squads share:\n[[resources]]\nname = \"orders-db\"\nkind = \"database\"\nowner = \
         \"payments\"\nused_by = [\"search\"]\ntables = [\"shop.orders\"]"
    )]
    NoTables {
        /// The catalog.
        catalog: String,
    },
    /// A listed table does not exist, so nothing could be found about it.
    #[error(
        "{catalog}: the database never has the table {table}, which {resource} lists; correct the \
         name, or begin with a dump that has it (--base)"
    )]
    UnknownTable {
        /// The catalog.
        catalog: String,
        /// The table.
        table: String,
        /// The resource.
        resource: String,
    },
    /// The directory cannot be listed.
    #[error("{}: {source}; check the path and its permissions", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The directory contains no migrations in an order.
    #[error("{}: {error}", path.display())]
    Folder {
        /// The directory.
        path: PathBuf,
        /// What is wrong.
        error: InvalidFolder,
    },
    /// The directory does not have the migration of `--after`.
    #[error("--after: {} has no migration `{name}`{known}", path.display())]
    UnknownMigration {
        /// The directory.
        path: PathBuf,
        /// The name from the command line.
        name: String,
        /// The migrations of the directory.
        known: KnownNames,
    },
    /// A setting is not a name and a value.
    #[error("--setting: expected a name and a value, such as TimeZone=UTC, found `{text}`")]
    Setting {
        /// The text from the command line.
        text: String,
    },
    /// A flag is not the address of a database.
    #[error("{flag}: {error}")]
    Address {
        /// The flag.
        flag: &'static str,
        /// What was expected.
        error: DatabaseError,
    },
    /// A side of a comparison is neither a file nor an address.
    #[error(
        "{flag}: {text} is neither a file nor an address; name a dump (pg_dump --schema-only), or a \
         database such as postgres://user@host:5432/name"
    )]
    NoSide {
        /// The flag.
        flag: &'static str,
        /// The text from the command line.
        text: String,
    },
    /// A file is not text.
    #[error("{}: not UTF-8; save it as UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] FileReadError),
    /// The database could not be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}
