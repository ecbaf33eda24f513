//! The catalog's file: what stands in each table, then whether the tables agree.

use portcullis_vocabulary::CatalogFile;
use portcullis_vocabulary::CatalogLocations;
use portcullis_vocabulary::ConfigLocation;
use std::collections::BTreeMap;
use std::time::Duration;

use super::catalog_locations;
use super::config_problem::{ConfigValueError, suggestion};
use super::config_section::ConfigSection;
use super::config_tree::ConfigNode;
use super::config_value::{boolean, count, duration, parsed, share, text, word};
use portcullis_vocabulary::limits::{COOLDOWN_MAX, NOTICE_MAX, RISK_SCORE_MAX};
use portcullis_vocabulary::{
    Catalog, Consumer, DeployPolicy, FeatureFlag, PathPattern, ResourceKind, RiskWeights,
    ServiceDependency, SharedResource, Squad, SquadName, Tier, UnownedPolicy,
};

/// The name of a service's own breaker, which cuts all squads.
const EVERYBODY: &str = "everybody";

/// What every name in the catalog can be checked against.
#[derive(Default)]
struct CatalogNames {
    squads: Vec<SquadName>,
    /// Each service with its provider and the place where that is said.
    services: BTreeMap<String, (SquadName, ConfigLocation)>,
    /// Each pattern of paths with its owner and the place where that is said.
    paths: BTreeMap<PathPattern, (SquadName, ConfigLocation)>,
    /// Where the other things stand.
    places: CatalogLocations,
}

/// Reads a whole catalog. Names that nobody bears are problems, for a typing error here is a
/// wrong owner elsewhere.
pub(super) fn resolve(mut root: ConfigSection<'_>) -> CatalogFile {
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
        places: names.into_places(),
    }
}

impl CatalogNames {
    fn into_places(self) -> CatalogLocations {
        let services = self.services.into_iter();
        let paths = self.paths.into_iter();
        CatalogLocations {
            services: services.map(|(name, (_, place))| (name, place)).collect(),
            paths: paths.map(|(path, (_, place))| (path, place)).collect(),
            ..self.places
        }
    }
}

fn dependencies(root: &mut ConfigSection<'_>, names: &mut CatalogNames) -> Vec<ServiceDependency> {
    let mut taken: BTreeMap<String, ConfigLocation> = BTreeMap::new();
    let (mut dependencies, mut uses) = (Vec::new(), Vec::new());
    root.each("dependencies", |mut section| {
        let place = section.location().clone();
        let name = section.peek("service");
        if let Some(earlier) = name.as_ref().and_then(|name| taken.get(name)) {
            let message = format!("is said already, see {earlier}; add to \"uses\" there");
            section.refuse_at(place.clone(), "service", message);
        }
        taken.extend(name.map(|name| (name, place)));
        let check =
            |section: &mut ConfigSection<'_>, key: &str, place: &ConfigLocation, service: &str| {
                check_service(section, key, place, service, names);
            };
        if let Some((dependency, places)) = catalog_locations::dependency(section, check) {
            dependencies.push(dependency);
            uses.push(places);
        }
    });
    names.places.uses = uses;
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
    let place = section.location_of("services");
    let services = section.list("services", text).unwrap_or_default();
    if let Some(name) = &name {
        names.squads.push(name.clone());
        let table = section.location().clone();
        names.places.squads.insert(name.clone(), table);
        claim_services(name, &services, &place, names, &mut section);
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
            &mut names.places.namespaces,
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

/// Whoever CODEOWNERS can name: `@user`, `@org/team`, or an address.
fn code_owner(node: &ConfigNode) -> Result<String, ConfigValueError> {
    let is_owner = |text: &&str| Squad::is_code_owner(text);
    let owner = node.text().filter(is_owner).map(str::to_owned);
    owner.ok_or_else(|| ConfigValueError::expected("@user, @org/team or the address of an owner"))
}

fn squad_name(name: &str, section: &mut ConfigSection<'_>) -> Option<SquadName> {
    let place = section.location().clone();
    if name == EVERYBODY {
        section.refuse_at(
            place,
            "",
            "stands for all squads in metrics and on the admin port; try another",
        );
        return None;
    }
    if name == Consumer::UNKNOWN_NAME {
        section.refuse_at(
            place,
            "",
            "is the name of consumers that no squad answers for; try another",
        );
        return None;
    }
    match name.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            section.refuse_at(place, "", format!("{error}, found {name:?}"));
            None
        }
    }
}

fn claim_services(
    squad: &SquadName,
    services: &[String],
    place: &ConfigLocation,
    names: &mut CatalogNames,
    section: &mut ConfigSection<'_>,
) {
    for service in services {
        if let Some((owner, earlier)) = names.services.get(service) {
            let message = format!(
                "\"{service}\" is a service of {owner} already, see {earlier}; it has one owner"
            );
            section.refuse_at(place.clone(), "services", message);
        } else {
            names
                .services
                .insert(service.clone(), (squad.clone(), place.clone()));
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
    let place = section.location_of("used_by");
    let used_by = section.list("used_by", text).unwrap_or_default();
    for service in &used_by {
        check_service(&mut section, "used_by", &place, service, names);
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
    let place = section.location_of("service");
    let service = section.required("service", text);
    if let Some(service) = &service {
        check_service(&mut section, "service", &place, service, names);
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
    let usual = RiskWeights::default();
    let mut points = |key, usual| section.value(key, usual, count(0..=RISK_SCORE_MAX));
    let weights = RiskWeights {
        squad: points("squad", usual.squad),
        silver: points("silver", usual.silver),
        gold: points("gold", usual.gold),
        untouched: points("untouched", usual.untouched),
        database: points("database", usual.database),
        flag: points("flag", usual.flag),
    };
    section.finish();
    weights
}

fn unique_name(
    section: &mut ConfigSection<'_>,
    taken: &mut BTreeMap<String, ConfigLocation>,
) -> Option<String> {
    let place = section.location_of("name");
    let name = section.required("name", text)?;
    if let Some(earlier) = taken.get(&name) {
        let message = format!("\"{name}\" is taken already, see {earlier}; names are unique");
        section.refuse_at(place, "name", message);
        return None;
    }
    taken.insert(name.clone(), place);
    Some(name)
}

fn known_squad(
    section: &mut ConfigSection<'_>,
    key: &'static str,
    names: &CatalogNames,
    required: bool,
) -> Option<SquadName> {
    let place = section.location_of(key);
    let squad: SquadName = if required {
        section.required(key, parsed)?
    } else {
        section.read(key, parsed)?
    };
    if !names.squads.contains(&squad) {
        let advice = suggestion(squad.as_str(), names.squads.iter().map(SquadName::as_str));
        section.refuse_at(
            place,
            key,
            format!("expected a squad of this catalog, found \"{squad}\"{advice}"),
        );
    }
    Some(squad)
}

fn check_service(
    section: &mut ConfigSection<'_>,
    key: &str,
    place: &ConfigLocation,
    service: &str,
    names: &CatalogNames,
) {
    if !names.services.contains_key(service) {
        let advice = suggestion(service, names.services.keys().map(String::as_str));
        let message = format!(
            "expected a service that a squad of this catalog lists, found {service:?}{advice}"
        );
        section.refuse_at(place.clone(), key, message);
    }
}
