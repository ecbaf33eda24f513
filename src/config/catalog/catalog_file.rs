//! Reads the tables of a catalog and checks that they agree.

use std::collections::BTreeMap;
use std::time::Duration;

use portcullis_vocabulary::limits::{COOLDOWN_MAX, NOTICE_MAX, RISK_SCORE_MAX};
use portcullis_vocabulary::{
    Catalog, CatalogFile, CatalogLocations, ConfigLocation, Consumer, DeployPolicy, FeatureFlag,
    PathPattern, ResourceKind, RiskWeights, ServiceDependency, SharedResource, Squad, SquadName,
    Tier, UnownedPolicy,
};

use super::catalog_locations;
use crate::config::tree::config_value::{boolean, count, duration, parsed, share, text, word};
use crate::config::tree::{ConfigNode, ConfigSection, ConfigValueError, suggestion};

/// The name of the circuit breaker of a whole service, which affects all squads.
const RESERVED_NAME: &str = "everybody";

/// The names of the catalog so far, to check references and duplicates.
#[derive(Default)]
struct CatalogNames {
    squads: Vec<SquadName>,
    /// Each service with its provider and the location of that entry.
    services: BTreeMap<String, (SquadName, ConfigLocation)>,
    /// Each path pattern with its owner and the location of that entry.
    paths: BTreeMap<PathPattern, (SquadName, ConfigLocation)>,
    /// The locations of the other entries.
    locations: CatalogLocations,
}

/// Reads a whole catalog. Unknown names are problems, since a typo here assigns a wrong owner
/// elsewhere.
pub(in crate::config) fn read_catalog_file(mut root: ConfigSection<'_>) -> CatalogFile {
    let mut squads = Vec::new();
    let mut names = CatalogNames::default();
    root.each_named("squads", |name, section| {
        squads.extend(squad(name, section, &mut names))
    });
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
    let mut taken = BTreeMap::new();
    root.each("resources", |section| {
        resources.extend(resource(section, &names, &mut taken))
    });
    let mut taken = BTreeMap::new();
    root.each("flags", |section| {
        flags.extend(flag(section, &names, &mut taken))
    });
    let dependencies = dependencies(&mut root, &mut names);
    let unowned = ownership(root.section("ownership"));
    let risk = risk(root.section("risk"));
    root.finish();
    let catalog = Catalog::new(squads, resources, flags)
        .with_dependencies(dependencies)
        .with_unowned(unowned)
        .with_risk(risk);
    CatalogFile {
        catalog,
        places: names.into_locations(),
    }
}

impl CatalogNames {
    fn into_locations(self) -> CatalogLocations {
        let services = self.services.into_iter();
        let paths = self.paths.into_iter();
        CatalogLocations {
            services: services
                .map(|(name, (_, location))| (name, location))
                .collect(),
            paths: paths
                .map(|(path, (_, location))| (path, location))
                .collect(),
            ..self.locations
        }
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
        if let Some((dependency, locations)) = catalog_locations::dependency(section, check) {
            dependencies.push(dependency);
            uses.push(locations);
        }
    });
    names.locations.uses = uses;
    dependencies
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

fn squad(name: &str, mut section: ConfigSection<'_>, names: &mut CatalogNames) -> Option<Squad> {
    let name = squad_name(name, &mut section);
    let location = section.location_of("services");
    let services = section.list("services", text).unwrap_or_default();
    if let Some(name) = &name {
        names.squads.push(name.clone());
        let table = section.location().clone();
        names.locations.squads.insert(name.clone(), table);
        claim_services(name, &services, &location, names, &mut section);
    }
    let squad = Squad {
        tier: section.value("tier", Tier::Bronze, parsed),
        weight: section.read("weight", count(1..=1000)),
        email: section.read("email", text),
        chat: section.read("chat", text),
        oncall: section.read("oncall", text),
        cost_center: section.read("cost_center", text),
        domains: section.list("domains", text).unwrap_or_default(),
        namespaces: catalog_locations::namespaces(
            &mut section,
            name.as_ref(),
            &mut names.locations.namespaces,
        ),
        services,
        paths: catalog_locations::paths(&mut section, name.as_ref(), &mut names.paths),
        codeowners: section.list("codeowners", code_owner).unwrap_or_default(),
        deploy: deploy(section.section("deploy")),
        name: name?,
    };
    section.finish();
    Some(squad)
}

/// An owner as CODEOWNERS names it: `@user`, `@org/team`, or an email address.
fn code_owner(node: &ConfigNode) -> Result<String, ConfigValueError> {
    let is_owner = |text: &&str| Squad::is_code_owner(text);
    let owner = node.text().filter(is_owner).map(str::to_owned);
    owner.ok_or_else(|| ConfigValueError::expected("@user, @org/team or an email address"))
}

fn squad_name(name: &str, section: &mut ConfigSection<'_>) -> Option<SquadName> {
    let location = section.location().clone();
    if name == RESERVED_NAME {
        section.refuse_at(
            location,
            "",
            "is reserved: it means all squads in metrics and on the admin port; try another name",
        );
        return None;
    }
    if name == Consumer::UNKNOWN_NAME {
        section.refuse_at(
            location,
            "",
            "is reserved for callers that belong to no squad; try another name",
        );
        return None;
    }
    match name.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            section.refuse_at(location, "", format!("{error}, found {name:?}"));
            None
        }
    }
}

fn claim_services(
    squad: &SquadName,
    services: &[String],
    location: &ConfigLocation,
    names: &mut CatalogNames,
    section: &mut ConfigSection<'_>,
) {
    for service in services {
        if let Some((owner, earlier)) = names.services.get(service) {
            let message = format!(
                "\"{service}\" is already a service of {owner}, see {earlier}; a service has one owner"
            );
            section.refuse_at(location.clone(), "services", message);
        } else {
            names
                .services
                .insert(service.clone(), (squad.clone(), location.clone()));
        }
    }
}

fn deploy(mut section: ConfigSection<'_>) -> DeployPolicy {
    let policy = DeployPolicy {
        cooldown: section.read("cooldown", duration(Duration::ZERO..=COOLDOWN_MAX)),
        risk_max: section.read("risk_max", count(0..=RISK_SCORE_MAX)),
        drift_max: section.read("drift_max", share),
        notice: section.read("notice", duration(Duration::ZERO..=NOTICE_MAX)),
    };
    section.finish();
    policy
}

fn resource(
    mut section: ConfigSection<'_>,
    names: &CatalogNames,
    taken: &mut BTreeMap<String, ConfigLocation>,
) -> Option<SharedResource> {
    let name = unique_name(&mut section, taken);
    let kind = section.required("kind", word(&ResourceKind::NAMES));
    let owner = known_squad(&mut section, "owner", names, true);
    let location = section.location_of("used_by");
    let used_by = section.list("used_by", text).unwrap_or_default();
    for service in &used_by {
        check_service(&mut section, "used_by", &location, service, names);
    }
    section.finish();
    Some(SharedResource {
        name: name?,
        kind: kind?,
        owner: owner?,
        used_by,
    })
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

fn unique_name(
    section: &mut ConfigSection<'_>,
    taken: &mut BTreeMap<String, ConfigLocation>,
) -> Option<String> {
    let location = section.location_of("name");
    let name = section.required("name", text)?;
    if let Some(earlier) = taken.get(&name) {
        let message = format!("\"{name}\" is already taken, see {earlier}; names are unique");
        section.refuse_at(location, "name", message);
        return None;
    }
    taken.insert(name.clone(), location);
    Some(name)
}

fn known_squad(
    section: &mut ConfigSection<'_>,
    key: &'static str,
    names: &CatalogNames,
    required: bool,
) -> Option<SquadName> {
    let location = section.location_of(key);
    let squad: SquadName = if required {
        section.required(key, parsed)?
    } else {
        section.read(key, parsed)?
    };
    if !names.squads.contains(&squad) {
        let advice = suggestion(squad.as_str(), names.squads.iter().map(SquadName::as_str));
        section.refuse_at(
            location,
            key,
            format!("expected a squad of this catalog, found \"{squad}\"{advice}"),
        );
    }
    Some(squad)
}

fn check_service(
    section: &mut ConfigSection<'_>,
    key: &str,
    location: &ConfigLocation,
    service: &str,
    names: &CatalogNames,
) {
    if !names.services.contains_key(service) {
        let advice = suggestion(service, names.services.keys().map(String::as_str));
        let message = format!(
            "expected a service that a squad of this catalog lists, found {service:?}{advice}"
        );
        section.refuse_at(location.clone(), key, message);
    }
}
