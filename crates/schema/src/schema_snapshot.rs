//! The tables of a database at one moment, as its system catalogs describe them.
//!
//! Objects are known by their numbers (OIDs), which a renaming does not change. System schemas and
//! temporary tables are not part of a snapshot.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_vocabulary::TableName;

/// The tables and other objects of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaSnapshot {
    /// Tables and views.
    pub tables: BTreeMap<u32, TableState>,
    /// The constraints of tables.
    pub constraints: BTreeMap<u32, ConstraintState>,
    /// The indexes of tables.
    pub indexes: BTreeMap<u32, IndexState>,
    /// The types that the database defines itself.
    pub types: BTreeMap<u32, TypeState>,
    /// Everything that a statement can drop, by the catalog that lists it and its number.
    pub objects: BTreeMap<(u32, u32), NamedObject>,
}

/// A table or view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableState {
    /// Its name.
    pub name: TableName,
    /// What it is: table, view and so on.
    pub kind: &'static str,
    /// The number of the file with its rows, which changes when the table is rewritten; 0 without
    /// one.
    pub file: u32,
    /// The partitioned table that it belongs to.
    pub partition_root: Option<u32>,
    /// Its columns by their numbers, without dropped ones.
    pub columns: BTreeMap<i16, ColumnState>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnState {
    /// Its name.
    pub name: String,
    /// Its type as text.
    pub data_type: String,
    /// The number of its type and the modifier, such as a length.
    pub type_key: (u32, i32),
    /// Whether it is `NOT NULL`.
    pub is_required: bool,
    /// Whether a row gets a value without naming the column.
    pub has_default: bool,
    /// The expression of its default.
    pub default: Option<String>,
}

/// A domain, an enumeration, a composite type, or an array of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeState {
    /// Its name with its schema.
    pub name: String,
    /// The types that it consists of.
    pub below: BTreeSet<u32>,
    /// The values of an enumeration, by their numbers.
    pub labels: BTreeMap<u32, String>,
    /// The attributes of a composite type, with their types as text.
    pub attributes: BTreeMap<i16, (String, String)>,
    /// The checks of a domain: their names and definitions.
    pub checks: BTreeMap<u32, (String, String)>,
    /// Whether a domain is `NOT NULL`.
    pub is_required: bool,
}

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintState {
    /// The table.
    pub table: u32,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ConstraintKind,
    /// Its definition as text.
    pub definition: String,
    /// Whether all rows are known to satisfy it.
    pub is_valid: bool,
    /// The table that a foreign key refers to; 0 for others.
    pub refers_to: u32,
}

/// The kinds of constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// `CHECK`.
    Check,
    /// `FOREIGN KEY`.
    ForeignKey,
    /// `PRIMARY KEY`.
    PrimaryKey,
    /// `UNIQUE`.
    Unique,
    /// `EXCLUDE`.
    Exclusion,
}

/// An index of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexState {
    /// The table.
    pub table: u32,
    /// Its name.
    pub name: String,
    /// Whether it is unique and no constraint of the table.
    pub is_unique_alone: bool,
    /// Whether it is complete: an index that was built concurrently and failed is not.
    pub is_valid: bool,
    /// Its definition as text.
    pub definition: String,
}

/// An object with its kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedObject {
    /// What it is, as PostgreSQL names it.
    pub kind: String,
    /// Its name with its schema.
    pub identity: String,
}

impl ConstraintKind {
    /// The kind with this letter in `pg_constraint`. Others restrict no rows of a table, or are known
    /// from the columns.
    pub fn parse(letter: &str) -> Option<Self> {
        match letter {
            "c" => Some(Self::Check),
            "f" => Some(Self::ForeignKey),
            "p" => Some(Self::PrimaryKey),
            "u" => Some(Self::Unique),
            "x" => Some(Self::Exclusion),
            _ => None,
        }
    }
}

impl TableState {
    /// Whether it has a file with rows, or partitions with such files.
    pub fn has_rows(&self) -> bool {
        self.file != 0 || self.kind == "partitioned table"
    }
}

impl SchemaSnapshot {
    /// The table that a table belongs to as a partition, else the table itself.
    pub(crate) fn root_of(&self, table: u32) -> Option<&TableState> {
        let own = self.tables.get(&table)?;
        let root = own.partition_root.and_then(|root| self.tables.get(&root));
        Some(root.unwrap_or(own))
    }

    /// A type and everything that it consists of, where the database defines it.
    pub(crate) fn types_below(&self, data_type: u32) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        let mut open = vec![data_type];
        while let Some(number) = open.pop() {
            if let Some(known) = self.types.get(&number)
                && found.insert(number)
            {
                open.extend(&known.below);
            }
        }
        found
    }
}
