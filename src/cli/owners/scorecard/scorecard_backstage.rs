//! A scorecard as annotations of Backstage: a Component for each service.
//!
//! Format: Backstage, "Descriptor Format of Catalog Entities". All strings are written as JSON strings,
//! which are valid YAML.

use super::super::backstage::{BackstageName, quoted};
use portcullis_control::ownership::{ScoreCheck, Scorecard, ServiceScore};
use portcullis_vocabulary::Catalog;

/// The entities of the services.
pub(super) fn scorecard_entities(scorecard: &Scorecard, catalog: &Catalog) -> String {
    let services = scorecard.services.iter();
    services.map(|score| entity(score, catalog)).collect()
}

fn entity(score: &ServiceScore, catalog: &Catalog) -> String {
    let ServiceScore {
        service,
        squad,
        checks,
    } = score;
    let mut yaml = format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {}\n  annotations:\n",
        quoted(BackstageName(service))
    );
    let total = format!("{}/{}", score.passed(), checks.len());
    yaml += &format!("    portcullis/scorecard: {}\n", quoted(total));
    for check in checks {
        yaml += &format!(
            "    portcullis/scorecard-{}: {}\n",
            check.kind.as_str(),
            quoted(annotation(check))
        );
    }
    let links = catalog.links_of(service);
    let links = links
        .into_iter()
        .flat_map(|links| [("Runbook", &links.runbook), ("Dashboard", &links.dashboard)]);
    let links: Vec<_> = links
        .filter_map(|(title, url)| Some((title, url.as_ref()?)))
        .collect();
    if !links.is_empty() {
        yaml += "  links:\n";
    }
    for (title, url) in links {
        yaml += &format!(
            "    - url: {}\n      title: {}\n",
            quoted(url),
            quoted(title)
        );
    }
    let owner = format!("group:{}", BackstageName(squad));
    yaml += &format!(
        "spec:\n  type: service\n  lifecycle: production\n  owner: {}\n",
        quoted(owner)
    );
    yaml
}

fn annotation(check: &ScoreCheck) -> String {
    match &check.advice {
        None => "pass".to_owned(),
        Some(advice) => format!("gap: {}; {advice}", check.detail),
    }
}
