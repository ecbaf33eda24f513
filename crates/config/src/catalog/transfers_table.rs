//! `[[transfers]]`: services that move from one squad to another.

use std::collections::BTreeMap;

use portcullis_vocabulary::{ConfigLocation, Date, ServiceTransfer};

use super::catalog_names::{CatalogNames, check_service, known_squad};
use crate::tree::config_value::text;
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// Reads the services that move. The catalog lists each for its new squad.
pub(super) fn read_transfers(
    root: &mut ConfigSection<'_>,
    names: &mut CatalogNames,
) -> Vec<ServiceTransfer> {
    let (mut transfers, mut locations) = (Vec::new(), BTreeMap::new());
    root.each("transfers", |section| {
        if let Some((transfer, location)) = read_transfer(section, names, &locations) {
            locations.insert(transfer.service.clone(), location);
            transfers.push(transfer);
        }
    });
    names.locations.transfers = locations;
    transfers
}

fn read_transfer(
    mut section: ConfigSection<'_>,
    names: &CatalogNames,
    earlier: &BTreeMap<String, ConfigLocation>,
) -> Option<(ServiceTransfer, ConfigLocation)> {
    let table = section.location().clone();
    let location = section.location_of("service");
    let service = section.required("service", text);
    let from = known_squad(&mut section, "from", names, true);
    let to_location = section.location_of("to");
    let to = known_squad(&mut section, "to", names, true);
    let until = section.required("until", day);
    if let Some(service) = &service {
        check_service(&mut section, "service", &location, service, names);
        if let Some(earlier) = earlier.get(service) {
            let message = format!(
                "{service:?} already moves, see {earlier}; remove the entry of the transfer that is over"
            );
            section.refuse_at(location, "service", message);
        }
    }
    if let (Some(from), Some(to)) = (&from, &to)
        && from == to
    {
        let message = format!("a service moves to another squad than {from}; name the new one");
        section.refuse_at(to_location.clone(), "to", message);
    }
    let entry = service.as_ref().and_then(|name| names.services.get(name));
    if let (Some(entry), Some(to)) = (entry, &to)
        && entry.owner != *to
    {
        let message = format!(
            "expected the squad that lists the service, {}, see {}; found \"{to}\"",
            entry.owner, entry.location
        );
        section.refuse_at(to_location, "to", message);
    }
    section.finish();
    let transfer = ServiceTransfer {
        service: service?,
        from: from?,
        to: to?,
        until: until?,
    };
    Some((transfer, table))
}

/// A day.
fn day(node: &ConfigNode) -> Result<Date, ConfigValueError> {
    let text = node.text().filter(|text| text.len() == 10);
    let day = text.and_then(Date::parse);
    day.ok_or_else(|| ConfigValueError::expected("a day such as \"2026-12-31\""))
}
