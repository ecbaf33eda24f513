//! A deployed contract as the side of a comparison: `registry:LOCATION/SQUAD/SERVICE[@VERSION]`.

use portcullis_contract::DocumentSet;
use portcullis_control::gate::{Deployment, DeploymentRegistry};

use super::gate_error::GateError;
use super::gate_registry::GateRegistry;

/// What an argument begins with to name a deployment.
const PREFIX: &str = "registry:";

/// A deployment in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeployedContract {
    /// A directory, or `s3://bucket/prefix`.
    registry: String,
    squad: String,
    service: String,
    /// A version, a number or a revision; the current deployment without it.
    wanted: Option<String>,
}

impl DeployedContract {
    /// Reads an argument; `None` if it does not name a registry.
    pub(crate) fn of(text: &str) -> Option<Result<Self, GateError>> {
        let place = text.strip_prefix(PREFIX)?;
        let parsed = Self::parse(place);
        Some(parsed.ok_or_else(|| GateError::DeploymentSyntax(text.to_owned())))
    }

    fn parse(place: &str) -> Option<Self> {
        let (folder, last) = place.rsplit_once('/')?;
        let (registry, squad) = folder.rsplit_once('/').unwrap_or((".", folder));
        let (service, wanted) = match last.split_once('@') {
            Some((service, wanted)) => (service, Some(wanted)),
            None => (last, None),
        };
        let is_empty =
            registry.ends_with("s3:/") || [squad, service].contains(&"") || wanted == Some("");
        (!is_empty).then(|| Self {
            registry: registry.to_owned(),
            squad: squad.to_owned(),
            service: service.to_owned(),
            wanted: wanted.map(str::to_owned),
        })
    }

    /// The service.
    pub(crate) fn service(&self) -> &str {
        &self.service
    }

    /// The name for messages.
    pub(crate) fn name(&self) -> String {
        let Self {
            registry,
            squad,
            service,
            wanted,
        } = self;
        let wanted = wanted.as_ref().map(|wanted| format!("@{wanted}"));
        format!(
            "{PREFIX}{registry}/{squad}/{service}{}",
            wanted.unwrap_or_default()
        )
    }

    /// Reads the contract. Its hash is checked.
    pub(crate) fn load(&self) -> Result<DocumentSet, GateError> {
        let registry = GateRegistry::open(&self.registry, &self.squad, &self.service)?;
        let found = registry.read_existing()?;
        let deployment = self.deployment(&found.record);
        let deployment = deployment.ok_or_else(|| GateError::NoDeployment {
            place: registry.place(),
            wanted: self.wanted.clone(),
            known: known(&found.record),
        })?;
        registry.documents(deployment)
    }

    /// The newest deployment that the argument names.
    fn deployment<'r>(&self, record: &'r DeploymentRegistry) -> Option<&'r Deployment> {
        let Some(wanted) = &self.wanted else {
            return record.current();
        };
        record.deployments.iter().rev().find(|deployment| {
            deployment.version == *wanted
                || deployment.revision == *wanted
                || deployment.number.to_string() == *wanted
        })
    }
}

/// The versions in a registry, the newest first.
fn known(record: &DeploymentRegistry) -> Vec<String> {
    let mut versions: Vec<String> = Vec::new();
    for deployment in record.deployments.iter().rev() {
        if !versions.contains(&deployment.version) {
            versions.push(deployment.version.clone());
        }
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_name_a_registry_a_squad_and_a_service() {
        let check = |text: &str, expected: Option<(&str, &str, &str, Option<&str>)>| {
            let found = DeployedContract::of(text).map(|found| {
                let found = found.ok()?;
                let DeployedContract {
                    registry,
                    squad,
                    service,
                    wanted,
                } = found;
                Some((registry, squad, service, wanted))
            });
            let expected = expected.map(|(registry, squad, service, wanted)| {
                let wanted = wanted.map(str::to_owned);
                (
                    registry.to_owned(),
                    squad.to_owned(),
                    service.to_owned(),
                    wanted,
                )
            });
            assert_eq!(found, Some(expected), "{text}");
        };
        check("registry:a/b/c", Some(("a", "b", "c", None)));
        check("registry:/a/b/c", Some(("/a", "b", "c", None)));
        check("registry:b/c", Some((".", "b", "c", None)));
        check("registry:a/b/c@1.4.0", Some(("a", "b", "c", Some("1.4.0"))));
        check(
            "registry:s3://x/prod/b/c@2",
            Some(("s3://x/prod", "b", "c", Some("2"))),
        );
        check("registry:s3://b/c", None);
        check("registry:c", None);
        check("registry:a/b/", None);
        check("registry:a/b/c@", None);
        assert!(DeployedContract::of("main:a/b/c").is_none());
    }
}
