//! The hosts that each service has declared, and the search for the pattern that allows a call.

use std::collections::BTreeMap;

use super::call_destination::CallDestination;
use super::dependency_pattern::DependencyPattern;

/// Who makes a call, as far as the configuration or the request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerName<'n> {
    /// A service.
    Service(&'n str),
    /// A squad, whose services may all be meant.
    Squad(&'n str),
    /// It is not known.
    Unknown,
}

/// The declared hosts of all services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredDependencies {
    services: BTreeMap<String, Vec<DependencyPattern>>,
    /// The services of each squad.
    squads: BTreeMap<String, Vec<String>>,
}

impl DeclaredDependencies {
    /// The declared hosts of services, and the services of squads.
    pub fn new(
        services: impl IntoIterator<Item = (String, Vec<DependencyPattern>)>,
        squads: impl IntoIterator<Item = (String, Vec<String>)>,
    ) -> Self {
        Self {
            services: services.into_iter().collect(),
            squads: squads.into_iter().collect(),
        }
    }

    /// The pattern of the caller that allows a call.
    pub fn find(&self, caller: CallerName<'_>, to: &CallDestination) -> Option<&DependencyPattern> {
        let find = |service: &str| {
            let mut patterns = self.of_service(service).iter();
            patterns.find(|pattern| pattern.matches(to))
        };
        match caller {
            CallerName::Service(service) => find(service),
            CallerName::Squad(squad) => {
                let mut services = self.squads.get(squad)?.iter();
                services.find_map(|service| find(service))
            }
            CallerName::Unknown => None,
        }
    }

    /// The declared hosts of a service.
    pub fn of_service(&self, service: &str) -> &[DependencyPattern] {
        self.services.get(service).map_or(&[], Vec::as_slice)
    }

    /// The services that declare hosts, in the order of their names.
    pub fn services(&self) -> impl Iterator<Item = (&str, &[DependencyPattern])> {
        let services = self.services.iter();
        services.map(|(service, patterns)| (service.as_str(), patterns.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_squad_may_call_what_its_services_declare() {
        let patterns = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let declared = DeclaredDependencies::new(
            [
                ("orders".to_owned(), patterns(&["*.pay.test", "a.test"])),
                ("ledger".to_owned(), patterns(&["b.test:8443"])),
            ],
            [(
                "payments".to_owned(),
                vec!["orders".to_owned(), "ledger".to_owned()],
            )],
        );
        let check = |caller, to: &str, expected: Option<&str>| {
            let to = CallDestination::parse(to, 443).unwrap();
            let found = declared.find(caller, &to).map(DependencyPattern::as_str);
            assert_eq!(found, expected, "{caller:?} {to}");
        };
        check(
            CallerName::Service("orders"),
            "x.pay.test",
            Some("*.pay.test"),
        );
        check(CallerName::Service("orders"), "b.test:8443", None);
        check(CallerName::Service("other"), "a.test", None);
        check(
            CallerName::Squad("payments"),
            "b.test:8443",
            Some("b.test:8443"),
        );
        check(CallerName::Squad("payments"), "c.test", None);
        check(CallerName::Squad("other"), "a.test", None);
        check(CallerName::Unknown, "a.test", None);
    }
}
