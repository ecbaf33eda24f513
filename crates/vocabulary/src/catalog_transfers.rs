//! What the transfers of a catalog mean for approvals.

use super::catalog::Catalog;
use super::date::Date;
use super::service_transfer::ServiceTransfer;
use super::squad_name::SquadName;

impl Catalog {
    /// The transfer of this service, if both squads can act on this day.
    pub fn active_transfer(&self, service: &str, today: Date) -> Option<&ServiceTransfer> {
        let transfer = self.transfer_of(service)?;
        transfer.is_active(today).then_some(transfer)
    }

    /// The squad whose approval counts like that of a consumer of `service`, because the consumer's
    /// services are moving between the two. A squad that has other services which use `service` must
    /// approve by itself.
    pub fn approval_substitute(
        &self,
        service: &str,
        consumer: &str,
        today: Date,
    ) -> Option<&SquadName> {
        let mut own = self.services_using(service).filter(|user| {
            let provider = self.provider_of(user);
            provider.is_some_and(|squad| squad.name.as_str() == consumer)
        });
        let Some(first) = own.next() else {
            // Its services have moved, and its clients may still use its identity.
            let mut users = self.services_using(service);
            return users.find_map(|user| {
                let transfer = self.active_transfer(user, today)?;
                (transfer.from.as_str() == consumer).then_some(&transfer.to)
            });
        };
        let from = |user: &str| {
            let transfer = self.active_transfer(user, today)?;
            (transfer.to.as_str() == consumer).then_some(&transfer.from)
        };
        let former = from(first)?;
        own.all(|user| from(user) == Some(former)).then_some(former)
    }

    /// The services that call a service, by the catalog, or share a resource with it.
    fn services_using<'c>(&'c self, service: &'c str) -> impl Iterator<Item = &'c str> {
        let calls = self.dependencies().iter();
        let calls = calls.filter(move |each| each.uses.iter().any(|used| used == service));
        let shares = self.resources().iter();
        let shares = shares.filter(move |each| each.used_by.iter().any(|user| user == service));
        let shares = shares.flat_map(|each| &each.used_by).map(String::as_str);
        calls
            .map(|each| each.service.as_str())
            .chain(shares.filter(move |user| *user != service))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ServiceDependency, Squad};

    fn squad(name: &str, services: &[&str]) -> Squad {
        Squad {
            services: services.iter().map(|name| (*name).to_owned()).collect(),
            ..Squad::named(name.parse().unwrap())
        }
    }

    fn uses(service: &str) -> ServiceDependency {
        ServiceDependency {
            service: service.to_owned(),
            uses: vec!["orders".to_owned()],
            fallbacks: Vec::new(),
        }
    }

    /// `search` and `ads` use `orders`; `search` moves from discovery to checkout.
    fn catalog(checkout: &[&str]) -> Catalog {
        let squads = vec![
            squad("checkout", checkout),
            squad("discovery", &[]),
            squad("payments", &["orders"]),
        ];
        Catalog::new(squads, vec![], vec![])
            .with_dependencies(vec![uses("search"), uses("ads")])
            .with_transfers(vec![ServiceTransfer {
                service: "search".to_owned(),
                from: "discovery".parse().unwrap(),
                to: "checkout".parse().unwrap(),
                until: Date::parse("2026-12-31").unwrap(),
            }])
    }

    #[test]
    fn only_the_squads_of_a_transfer_substitute_each_other() {
        let check = |catalog: &Catalog, squad: &str, day: &str, expected: Option<&str>| {
            let day = Date::parse(day).unwrap();
            let found = catalog.approval_substitute("orders", squad, day);
            assert_eq!(found.map(SquadName::as_str), expected, "{squad} {day}");
        };
        let moved = catalog(&["search"]);
        check(&moved, "checkout", "2026-12-31", Some("discovery"));
        check(&moved, "checkout", "2027-01-01", None);
        check(&moved, "discovery", "2026-12-31", Some("checkout"));
        check(&moved, "discovery", "2027-01-01", None);
        check(&moved, "payments", "2026-12-31", None);
        // Its other service did not move, so discovery cannot approve for checkout.
        check(&catalog(&["search", "ads"]), "checkout", "2026-12-31", None);
    }
}
