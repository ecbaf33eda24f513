//! `runbook` and `dashboard` of a service.

use portcullis_vocabulary::ServiceLinks;

use crate::tree::config_value::text;
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// Reads the links of a service; none if it has none.
pub(super) fn read_links(section: &mut ConfigSection<'_>) -> Option<ServiceLinks> {
    let links = ServiceLinks {
        runbook: section.read("runbook", address),
        dashboard: section.read("dashboard", address),
    };
    (links != ServiceLinks::default()).then_some(links)
}

/// An address that a browser opens.
fn address(node: &ConfigNode) -> Result<String, ConfigValueError> {
    let expected =
        || ConfigValueError::expected("an address such as \"https://wiki.example.com/orders\"");
    let address = text(node).map_err(|_| expected())?;
    let schemes = ["https://", "http://"];
    let host = schemes
        .iter()
        .find_map(|scheme| address.strip_prefix(scheme));
    let is_plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    match host {
        Some(host) if !host.is_empty() && host.chars().all(is_plain) => Ok(address),
        _ => Err(expected()),
    }
}
