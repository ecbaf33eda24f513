//! How far a service depends on other squads.

use std::collections::BTreeSet;

use super::score_check::{ScoreCheck, ScoreKind};
use portcullis_vocabulary::{Catalog, CatalogFile, ResourceKind, SharedResource, Squad};

/// A service is autonomous if it survives what others do: it has a fallback for each service of another
/// squad that it calls, and shares no database with another squad.
pub(super) fn autonomy(file: &CatalogFile, service: &str, squad: &Squad) -> ScoreCheck {
    let catalog = &file.catalog;
    let others = |name: &str| {
        let provider = catalog.provider_of(name);
        provider.is_some_and(|provider| provider.name != squad.name)
    };
    let mut needed = 0;
    let mut without = BTreeSet::new();
    for dependency in catalog
        .dependencies()
        .iter()
        .filter(|each| each.service == service)
    {
        for used in dependency.uses.iter().filter(|used| others(used)) {
            needed += 1;
            if !dependency.fallbacks.contains(used) {
                without.insert(used.as_str());
            }
        }
    }
    let shared: Vec<&str> = shared_databases(catalog, service, squad).collect();
    let place = file.places.services.get(service);
    let mut details = Vec::new();
    let mut advice = Vec::new();
    if !without.is_empty() {
        let names = without.into_iter().collect::<Vec<_>>().join(", ");
        details.push(format!("needs {names} of other squads"));
        advice.push(format!(
            "serve something without them, and add `fallbacks` to the [[dependencies]] of {service}"
        ));
    }
    if !shared.is_empty() {
        let names = shared.join(", ");
        details.push(format!("shares {names} with other squads"));
        advice
            .push("give each squad a database of its own, or an interface to this one".to_owned());
    }
    if details.is_empty() {
        let detail = match needed {
            0 => "needs no service of another squad".to_owned(),
            _ => "has a fallback for each service of another squad".to_owned(),
        };
        return ScoreCheck::pass(ScoreKind::Autonomy, detail);
    }
    ScoreCheck::gap(
        ScoreKind::Autonomy,
        details.join(", and "),
        advice.join("; "),
        place,
    )
}

/// The databases that a service shares with other squads.
fn shared_databases<'c>(
    catalog: &'c Catalog,
    service: &'c str,
    squad: &'c Squad,
) -> impl Iterator<Item = &'c str> {
    let is_shared = move |resource: &&SharedResource| {
        let mut users = resource.used_by.iter();
        resource.kind == ResourceKind::Database
            && resource.used_by.iter().any(|user| user == service)
            && (resource.owner != squad.name
                || users.any(|user| {
                    let provider = catalog.provider_of(user);
                    provider.is_some_and(|provider| provider.name != squad.name)
                }))
    };
    let shared = catalog.resources().iter().filter(is_shared);
    shared.map(|resource| resource.name.as_str())
}
