//! `[services.vendor]`: a service of others that our services call, with its contract.
//!
//! Its calls take the way of every request: judged by the contract, with circuit breakers, slots and
//! retries. They arrive at the forward proxy or at an address of the vendor, and never at the port for
//! clients.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use http::HeaderName;
use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, VIA,
};
use portcullis_egress::DependencyPattern;

use super::listen_address::{ListenAddress, parse_addresses};
use super::path_prefix::{PathPrefix, parse_path_prefix};
use crate::tree::ConfigSection;
use crate::tree::config_value::{header, parsed, path, text};

/// What a vendor has in addition to a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VendorConfig {
    /// Plain calls to these hosts through the forward proxy are calls of the vendor.
    pub hosts: Vec<DependencyPattern>,
    /// Calls to the forward proxy itself below this path are calls of the vendor, without it.
    pub prefix: Option<PathPrefix>,
    /// The addresses of its own, at which all requests are calls of the vendor.
    pub listen_addresses: Vec<ListenAddress>,
    /// The services and squads that may call it; `None` for all.
    pub used_by: Option<Vec<String>>,
    /// Header fields of answers that callers do not get.
    pub drop_response_headers: Vec<HeaderName>,
    /// The files that hold the values of header fields of each call.
    pub header_files: BTreeMap<String, PathBuf>,
}

impl VendorConfig {
    /// Whether a caller may call it, by the names of its service and its squad.
    pub fn is_used_by(&self, service: Option<&str>, squad: Option<&str>) -> bool {
        let Some(used_by) = &self.used_by else {
            return true;
        };
        let is_named =
            |name: &String| Some(name.as_str()) == service || Some(name.as_str()) == squad;
        used_by.iter().any(is_named)
    }
}

/// Reads the section. It makes the service a vendor if it says how calls reach it. Clients reach no vendor,
/// so it has no hosts of its own. It is called before the keys that it looks at are read.
pub(super) fn read_vendor(
    parent: &mut ConfigSection<'_>,
    directory: &Path,
    taken: &RefCell<Vec<ListenAddress>>,
) -> Option<Box<VendorConfig>> {
    let mut section = parent.section("vendor");
    let location = section.location().clone();
    let listen_addresses = read_own_addresses(&mut section, directory, &mut taken.borrow_mut());
    let hosts = section.list("hosts", parsed).unwrap_or_default();
    let prefix = section.read("prefix", parse_path_prefix);
    let is_vendor = !hosts.is_empty() || prefix.is_some() || !listen_addresses.is_empty();
    let vendor = VendorConfig {
        hosts,
        prefix,
        listen_addresses,
        used_by: section.list("used_by", text),
        drop_response_headers: section
            .list("drop_response_headers", header)
            .unwrap_or_default(),
        header_files: read_files(section.section("header_files"), directory),
    };
    if !is_vendor && vendor != VendorConfig::default() {
        let message =
            "has neither hosts, prefix nor address, so no call reaches it; set one of them";
        section.refuse_at(location.clone(), "", message);
    }
    if vendor
        .prefix
        .as_ref()
        .is_some_and(|prefix| prefix.as_str() == "/")
    {
        let message = "expected a path such as \"/acquirer\", found \"/\"";
        section.refuse_at(location, "prefix", message);
    }
    section.finish();
    if is_vendor && parent.has("hosts") {
        let message = "has no effect, because no client reaches a vendor; try vendor.hosts";
        parent.refuse("hosts", message);
    }
    if is_vendor && parent.peek("upstream").as_deref() == Some("verdict") {
        let message = "expected the address of a vendor or \"mock\", found \"verdict\"";
        parent.refuse("upstream", message);
    }
    is_vendor.then(|| Box::new(vendor))
}

/// The addresses of a vendor, which no other listener has.
fn read_own_addresses(
    section: &mut ConfigSection<'_>,
    directory: &Path,
    taken: &mut Vec<ListenAddress>,
) -> Vec<ListenAddress> {
    let location = section.location_of("address");
    let addresses = section.read("address", parse_addresses(directory));
    let addresses = addresses.unwrap_or_default();
    let is_taken = |own: &&ListenAddress| taken.iter().any(|one| one.overlaps(own));
    if let Some(own) = addresses.iter().find(is_taken) {
        let message = format!(
            "{own} is an address of [listen], [admin], [egress] or another vendor too; try another port"
        );
        section.refuse_at(location, "address", message);
    }
    taken.extend(addresses.iter().cloned());
    addresses
}

/// The files by the names of their fields.
fn read_files(mut section: ConfigSection<'_>, directory: &Path) -> BTreeMap<String, PathBuf> {
    let mut files = BTreeMap::new();
    for (key, node) in section.drain() {
        // A variable has underscores, in upper case.
        let name = key.replace('_', "-").parse::<HeaderName>();
        match (name, path(&node)) {
            (Ok(name), Ok(_)) if files.contains_key(name.as_str()) => {
                section.refuse_at(node.location, &key, "names a field that has a file already");
            }
            (Ok(name), Ok(file)) if !is_of_connection(&name) => {
                files.insert(name.as_str().to_owned(), directory.join(file));
            }
            (_, Err(fault)) => section.refuse_entry(&key, &node, &fault),
            _ => {
                let fault = "expected the name of a field that a caller may send to a server";
                section.refuse_at(node.location, &key, fault);
            }
        }
    }
    files
}

/// Whether a field frames or routes a message, or is one that Portcullis writes or logs.
fn is_of_connection(name: &HeaderName) -> bool {
    let framing = [
        CONNECTION,
        CONTENT_LENGTH,
        EXPECT,
        HOST,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
        VIA,
    ];
    let own = [
        "keep-alive",
        "proxy-connection",
        "x-squad-owner",
        "x-sla-tier",
        "x-request-id",
        "traceparent",
        "tracestate",
        "forwarded",
    ];
    framing.contains(name) || own.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use crate::{FlagOverrides, load};

    /// The vendor of a service with these keys, or all problems.
    fn read(keys: &str) -> Result<super::VendorConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let service = format!("[[services]]\nname = \"a\"\ncontract = \"a.yaml\"\n{keys}\n");
        std::fs::write(&path, service).unwrap();
        let loaded = load(Some(&path), [], &FlagOverrides::default());
        let config = loaded.map_err(|errors| errors.to_string())?;
        let service = &config.services[0];
        assert_eq!(service.hosts.is_empty(), service.vendor.is_some());
        Ok(service.vendor.as_deref().cloned().unwrap_or_default())
    }

    /// Checks the vendor of an upstream with these keys: valid, or with a problem.
    #[track_caller]
    fn check(keys: &str, expected: Option<&str>) {
        let found = read(&format!("upstream = \"https://api.example\"\n{keys}"));
        match (found, expected) {
            (Ok(_), None) => {}
            (Err(problems), Some(text)) => assert!(problems.contains(text), "{problems}"),
            (found, _) => panic!("{keys}: {found:?}"),
        }
    }

    #[test]
    fn a_vendor_says_how_calls_reach_it() {
        check("[services.vendor]", None);
        check("[services.vendor]\nprefix = \"/a\"", None);
        check(
            "[services.vendor]\nused_by = [\"b\"]",
            Some("neither hosts, prefix nor address"),
        );
        check(
            "[services.vendor]\nprefix = \"/\"",
            Some("expected a path such as"),
        );
        check(
            "[services.vendor]\nhosts = [\"https://a\"]",
            Some("without a scheme"),
        );
        check(
            "hosts = [\"a\"]\n[services.vendor]\nprefix = \"/a\"",
            Some("try vendor.hosts"),
        );
        let fields = "[services.vendor]\nprefix = \"/a\"\n[services.vendor.header_files]\n";
        check(&format!("{fields}authorization = \"key\""), None);
        for name in ["host", "connection", "x-request-id"] {
            check(
                &format!("{fields}{name} = \"key\""),
                Some("may send to a server"),
            );
        }
        check(
            &format!("{fields}\"a b\" = \"key\""),
            Some("may send to a server"),
        );
        check(&format!("{fields}authorization = 1"), Some("authorization"));
        let verdict = read(
            "upstream = \"verdict\"\n[services.verdict]\nfrom = \"nginx\"\n[services.vendor]\nprefix = \"/a\"",
        );
        assert!(verdict.unwrap_err().contains("the address of a vendor"));
    }

    #[test]
    fn the_addresses_of_a_vendor_are_its_own() {
        check("[services.vendor]\naddress = \"127.0.0.1:15002\"", None);
        check(
            "[services.vendor]\naddress = [\"127.0.0.1:15002\", \"unix:vendor.sock\"]",
            None,
        );
        for (address, problem) in [
            (
                "0.0.0.0:8080",
                "is an address of [listen], [admin], [egress]",
            ),
            (
                "127.0.0.1:9901",
                "is an address of [listen], [admin], [egress]",
            ),
            ("15002", "services.a.vendor.address"),
        ] {
            let keys = format!("[services.vendor]\naddress = \"{address}\"");
            check(&keys, Some(problem));
        }
        check(
            "[services.vendor]\naddress = \"127.0.0.1:15002\"\n[[services]]\nname = \"b\"\n\
             contract = \"b.yaml\"\nupstream = \"mock\"\n[services.vendor]\naddress = \"0.0.0.0:15002\"",
            Some("services.b.vendor.address"),
        );
        check(
            "[services.vendor]\naddress = \"127.0.0.1:15001\"\n[egress]\naddress = \"127.0.0.1:15001\"",
            Some("is an address of [listen], [admin], [egress]"),
        );
    }

    #[test]
    fn squads_and_services_use_a_vendor() {
        let keys =
            "upstream = \"mock\"\n[services.vendor]\nprefix = \"/a\"\nused_by = [\"b\", \"c\"]";
        let vendor = read(keys).unwrap();
        assert!(vendor.is_used_by(Some("b"), None) && vendor.is_used_by(Some("x"), Some("c")));
        assert!(!vendor.is_used_by(Some("x"), Some("y")) && !vendor.is_used_by(None, None));
        let open = super::VendorConfig::default();
        assert!(open.is_used_by(None, None));
    }
}
