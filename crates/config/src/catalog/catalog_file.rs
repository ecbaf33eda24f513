//! Reads the tables of a catalog and checks that they agree.

use std::collections::BTreeMap;

use portcullis_vocabulary::limits::RISK_SCORE_MAX;
use portcullis_vocabulary::{
    Catalog, CatalogFile, CatalogObjectives, ConfigLocation, FeatureFlag, ResourceKind,
    RiskWeights, ServiceDependency, ServiceLinks, SharedResource, TableName, UnownedPolicy,
};

use super::allowed_hosts::read_allowed_hosts;
use super::catalog_names::{CatalogNames, check_service, known_squad, unique_name};
use super::located_entries::{located, read_dependency};
use super::objectives_table::{read_objectives, read_tiers};
use super::service_links::read_links;
use super::squad_table::{check_escalations, read_squad};
use super::transfers_table::read_transfers;
use crate::tree::ConfigSection;
use crate::tree::config_value::{boolean, count, parsed, text, word};

/// Reads a whole catalog. Unknown names are problems, since a typo here assigns a wrong owner
/// elsewhere.
pub(crate) fn read_catalog_file(mut root: ConfigSection<'_>) -> CatalogFile {
    let mut squads = Vec::new();
    let mut names = CatalogNames::default();
    root.each_named("squads", |name, section| {
        squads.extend(read_squad(name, section, &mut names))
    });
    check_escalations(&mut root, &squads, &names);
    if squads.len() > Catalog::SQUADS_MAX {
        root.refuse(
            "squads",
            format!(
                "expected at most {} squads, found {}",
                Catalog::SQUADS_MAX,
                squads.len()
            ),
        );
    }
    let (mut resources, mut flags) = (Vec::new(), Vec::new());
    let (mut taken, mut tables) = (BTreeMap::new(), BTreeMap::new());
    root.each("resources", |section| {
        resources.extend(resource(section, &mut names, &mut taken, &mut tables))
    });
    let mut taken = BTreeMap::new();
    root.each("flags", |section| {
        flags.extend(flag(section, &names, &mut taken))
    });
    let dependencies = dependencies(&mut root, &mut names);
    let services = services(&mut root, &mut names);
    let transfers = read_transfers(&mut root, &mut names);
    let unowned = ownership(root.section("ownership"));
    let risk = risk(root.section("risk"));
    root.finish();
    let catalog = Catalog::new(squads, resources, flags)
        .with_dependencies(dependencies)
        .with_objectives(services.objectives)
        .with_transfers(transfers)
        .with_links(services.links)
        .with_allowed_hosts(services.allowed_hosts)
        .with_unowned(unowned)
        .with_risk(risk);
    CatalogFile {
        catalog,
        places: names.into_locations(),
    }
}

fn dependencies(root: &mut ConfigSection<'_>, names: &mut CatalogNames) -> Vec<ServiceDependency> {
    let mut taken: BTreeMap<String, ConfigLocation> = BTreeMap::new();
    let (mut dependencies, mut uses) = (Vec::new(), Vec::new());
    root.each("dependencies", |mut section| {
        let location = section.location().clone();
        let name = section.peek("service");
        if let Some(earlier) = name.as_ref().and_then(|name| taken.get(name)) {
            let message = format!(
                "already has a [[dependencies]] table, see {earlier}; add to \"uses\" there"
            );
            section.refuse_at(location.clone(), "service", message);
        }
        taken.extend(name.map(|name| (name, location)));
        let check = |section: &mut ConfigSection<'_>,
                     key: &str,
                     location: &ConfigLocation,
                     service: &str| {
            check_service(section, key, location, service, names);
        };
        if let Some((dependency, locations)) = read_dependency(section, check) {
            dependencies.push(dependency);
            uses.push(locations);
        }
    });
    names.locations.uses = uses;
    dependencies
}

/// `[slo.tiers]` and `[services.<name>]`: what the catalog says about services.
fn services(root: &mut ConfigSection<'_>, names: &mut CatalogNames) -> ServiceTables {
    let tiers = read_tiers(root.section("slo"));
    let mut tables = ServiceTables::default();
    root.each_named("services", |name, mut section| {
        let table = section.location().clone();
        let own = read_objectives(section.section("slo"), &tiers);
        let hosts = read_allowed_hosts(name, section.section("dependencies"), names);
        let links = read_links(&mut section);
        if own.is_some() || hosts.is_some() || links.is_some() {
            check_service(&mut section, "", &table, name, names);
        }
        let own = own.map(|own| (name.to_owned(), own));
        tables.objectives.services.extend(own);
        let hosts = hosts.map(|hosts| (name.to_owned(), hosts));
        tables.allowed_hosts.extend(hosts);
        tables
            .links
            .extend(links.map(|links| (name.to_owned(), links)));
        section.finish();
    });
    tables.objectives.tiers = tiers;
    tables
}

/// What the tables of services say.
#[derive(Default)]
struct ServiceTables {
    objectives: CatalogObjectives,
    allowed_hosts: BTreeMap<String, Vec<String>>,
    links: BTreeMap<String, ServiceLinks>,
}

fn ownership(mut section: ConfigSection<'_>) -> UnownedPolicy {
    let unowned = section.value(
        "unowned",
        UnownedPolicy::default(),
        word(&UnownedPolicy::NAMES),
    );
    section.finish();
    unowned
}

fn resource(
    mut section: ConfigSection<'_>,
    names: &mut CatalogNames,
    taken: &mut BTreeMap<String, ConfigLocation>,
    tables_taken: &mut BTreeMap<TableName, ConfigLocation>,
) -> Option<SharedResource> {
    let name = unique_name(&mut section, taken);
    let kind = section.required("kind", word(&ResourceKind::NAMES));
    let owner_location = section.location_of("owner");
    let owner = known_squad(&mut section, "owner", names, true);
    if let Some(name) = &name {
        let owners = &mut names.locations.resource_owners;
        owners.insert(name.clone(), owner_location);
    }
    let location = section.location_of("used_by");
    let used_by = section.list("used_by", text).unwrap_or_default();
    for service in &used_by {
        check_service(&mut section, "used_by", &location, service, names);
    }
    let tables = shared_tables(&mut section, kind, tables_taken);
    section.finish();
    Some(SharedResource {
        name: name?,
        kind: kind?,
        owner: owner?,
        used_by,
        tables,
    })
}

/// The tables of a database; a table belongs to one resource.
fn shared_tables(
    section: &mut ConfigSection<'_>,
    kind: Option<ResourceKind>,
    taken: &mut BTreeMap<TableName, ConfigLocation>,
) -> Vec<TableName> {
    let location = section.location_of("tables");
    let listed = located(section, "tables", parsed::<TableName>);
    if !listed.is_empty() && kind.is_some_and(|kind| kind != ResourceKind::Database) {
        let message = "only a resource of the kind \"database\" has tables; remove the key";
        section.refuse_at(location, "tables", message);
        return Vec::new();
    }
    let mut tables = Vec::new();
    for (table, location) in listed {
        if let Some(earlier) = taken.get(&table) {
            let message = format!("{table} is already listed, see {earlier}; list a table once");
            section.refuse_at(location, "tables", message);
            continue;
        }
        taken.insert(table.clone(), location);
        tables.push(table);
    }
    tables
}

fn flag(
    mut section: ConfigSection<'_>,
    names: &CatalogNames,
    taken: &mut BTreeMap<String, ConfigLocation>,
) -> Option<FeatureFlag> {
    let name = unique_name(&mut section, taken);
    let location = section.location_of("service");
    let service = section.required("service", text);
    if let Some(service) = &service {
        check_service(&mut section, "service", &location, service, names);
    }
    let cross_squad = section.value("cross_squad", false, boolean);
    let target = known_squad(&mut section, "target", names, false);
    let version = section.value("version", 1, count(0..=u64::MAX));
    let rollback_approval = section.value("rollback_approval", false, boolean);
    section.finish();
    Some(FeatureFlag {
        name: name?,
        service: service?,
        cross_squad,
        target,
        version,
        rollback_approval,
    })
}

fn risk(mut section: ConfigSection<'_>) -> RiskWeights {
    let default = RiskWeights::default();
    let mut points = |key, default| section.value(key, default, count(0..=RISK_SCORE_MAX));
    let weights = RiskWeights {
        squad: points("squad", default.squad),
        silver: points("silver", default.silver),
        gold: points("gold", default.gold),
        untouched: points("untouched", default.untouched),
        database: points("database", default.database),
        flag: points("flag", default.flag),
    };
    section.finish();
    weights
}
