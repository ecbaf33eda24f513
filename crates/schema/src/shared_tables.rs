//! The tables that several squads use, as the catalog says.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_vocabulary::{Catalog, SquadName, TableName};

/// The tables that several squads use.
#[derive(Clone, Debug, Default)]
pub struct SharedTables {
    tables: BTreeMap<TableName, SharedTable>,
}

/// A table that several squads use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedTable {
    /// The resource of the catalog that lists it.
    pub resource: String,
    /// The squad that owns it.
    pub owner: SquadName,
    /// The services that use it, with their squads.
    pub users: BTreeMap<String, SquadName>,
}

impl SharedTables {
    /// The tables of a catalog's resources.
    pub fn of(catalog: &Catalog) -> Self {
        let mut tables = BTreeMap::new();
        for resource in catalog.resources() {
            let users = resource.used_by.iter().filter_map(|service| {
                let squad = catalog.provider_of(service)?.name.clone();
                Some((service.clone(), squad))
            });
            let shared = SharedTable {
                resource: resource.name.clone(),
                owner: resource.owner.clone(),
                users: users.collect(),
            };
            for table in &resource.tables {
                tables.insert(table.clone(), shared.clone());
            }
        }
        Self { tables }
    }

    /// Whether the catalog lists no table.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// All tables with who uses them.
    pub fn iter(&self) -> impl Iterator<Item = (&TableName, &SharedTable)> {
        self.tables.iter()
    }

    /// Who uses a table; `None` if the catalog does not list it.
    pub fn get(&self, table: &TableName) -> Option<&SharedTable> {
        self.tables.get(table)
    }
}

impl SharedTable {
    /// The squads other than one that own or use the table.
    pub fn others(&self, squad: &SquadName) -> BTreeSet<SquadName> {
        let all = self.users.values().chain([&self.owner]);
        all.filter(|other| *other != squad).cloned().collect()
    }

    /// The services of a squad that use the table, for messages.
    pub fn services_of(&self, squad: &SquadName) -> Vec<&str> {
        let users = self.users.iter().filter(|(_, user)| *user == squad);
        users.map(|(service, _)| service.as_str()).collect()
    }
}
