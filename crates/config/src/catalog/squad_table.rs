//! `[squads.<name>]`: one squad with what it owns.

use std::time::Duration;

use portcullis_vocabulary::limits::{COOLDOWN_MAX, NOTICE_MAX, RISK_SCORE_MAX};
use portcullis_vocabulary::{
    ConfigLocation, Consumer, DeployPolicy, EscalationStep, Squad, SquadName, Tier,
};

use super::catalog_names::{CatalogNames, OwnedEntry};
use super::isolation_tables::{read_limits, read_quota};
use super::located_entries::{located, read_namespaces, read_paths};
use crate::tree::config_value::{count, duration, parsed, share, text};
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError, suggestion};

/// The name of the circuit breaker of a whole service, which affects all squads.
const RESERVED_NAME: &str = "everybody";

/// Reads a squad and adds what it owns to the names.
pub(super) fn read_squad(
    name: &str,
    mut section: ConfigSection<'_>,
    names: &mut CatalogNames,
) -> Option<Squad> {
    let name = squad_name(name, &mut section);
    let location = section.location_of("services");
    let services = section.list("services", text).unwrap_or_default();
    if let Some(name) = &name {
        names.squads.push(name.clone());
        let table = section.location().clone();
        names.locations.squads.insert(name.clone(), table);
        claim_services(name, &services, &location, names, &mut section);
    }
    if let Some(name) = name.as_ref().filter(|_| section.has("oncall")) {
        let oncall = section.location_of("oncall");
        names.locations.oncall.insert(name.clone(), oncall);
    }
    let squad = Squad {
        tier: section.value("tier", Tier::Bronze, parsed),
        weight: section.read("weight", count(1..=1000)),
        lendable: section.read("lendable", share),
        email: section.read("email", text),
        chat: section.read("chat", text),
        oncall: section.read("oncall", text),
        escalation: read_escalation(&mut section, name.as_ref(), names),
        cost_center: section.read("cost_center", text),
        domains: section.list("domains", text).unwrap_or_default(),
        namespaces: read_namespaces(&mut section, name.as_ref(), &mut names.locations.namespaces),
        services,
        paths: read_paths(&mut section, name.as_ref(), &mut names.paths),
        public: section.list("public", parsed).unwrap_or_default(),
        codeowners: section.list("codeowners", code_owner).unwrap_or_default(),
        deploy: deploy(section.section("deploy")),
        quota: read_quota(section.section("quota")),
        limits: read_limits(section.section("limits")),
        name: name?,
    };
    section.finish();
    Some(squad)
}

/// Reads whom to ask after the squad's own contacts. `check_escalations` compares it with the squads.
fn read_escalation(
    section: &mut ConfigSection<'_>,
    squad: Option<&SquadName>,
    names: &mut CatalogNames,
) -> Vec<EscalationStep> {
    let steps = located(section, "escalation", parsed::<EscalationStep>);
    let (steps, locations) = steps.into_iter().unzip();
    if let Some(squad) = squad {
        names.locations.escalation.insert(squad.clone(), locations);
    }
    steps
}

/// Reports steps of escalations that lead to no contact.
pub(super) fn check_escalations(
    root: &mut ConfigSection<'_>,
    squads: &[Squad],
    names: &CatalogNames,
) {
    for squad in squads {
        let locations = names.locations.escalation.get(&squad.name);
        let locations = locations.into_iter().flatten();
        for (step, location) in squad.escalation.iter().zip(locations) {
            let key = format!("squads.{}.escalation", squad.name);
            let Some(next) = squads.iter().find(|next| next.name == step.squad) else {
                let advice = suggestion(
                    step.squad.as_str(),
                    squads.iter().map(|squad| squad.name.as_str()),
                );
                let message = format!("expected a squad of this catalog, found \"{step}\"{advice}");
                root.refuse_at(location.clone(), &key, message);
                continue;
            };
            let contact = step.contact.as_str();
            if next.contact(step.contact).is_none() {
                let message = format!(
                    "{} has no `{contact}`; add it, or name another contact",
                    next.name
                );
                root.refuse_at(location.clone(), &key, message);
            }
        }
    }
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
        if let Some(entry) = names.services.get(service) {
            let OwnedEntry {
                owner,
                location: earlier,
            } = entry;
            let message = format!(
                "\"{service}\" is already a service of {owner}, see {earlier}; a service has one owner"
            );
            section.refuse_at(location.clone(), "services", message);
        } else {
            names.services.insert(
                service.clone(),
                OwnedEntry {
                    owner: squad.clone(),
                    location: location.clone(),
                },
            );
        }
    }
}

fn deploy(mut section: ConfigSection<'_>) -> DeployPolicy {
    let policy = DeployPolicy {
        cooldown: section.read("cooldown", duration(Duration::ZERO..=COOLDOWN_MAX)),
        risk_max: section.read("risk_max", count(0..=RISK_SCORE_MAX)),
        drift_max: section.read("drift_max", share),
        budget_min: section.read("budget_min", share),
        notice: section.read("notice", duration(Duration::ZERO..=NOTICE_MAX)),
    };
    section.finish();
    policy
}
