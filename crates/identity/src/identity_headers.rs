//! Identification by header fields: `x-squad-owner`, `x-sla-tier` and `x-service-version`.
//!
//! The fields are claims, not proofs. They count only from a trusted peer, where a sidecar or a
//! gateway has set them. A squad that is not in the catalog is unknown. A repeated or malformed
//! field is a fault: if the proxy chose one of two values, the next hop could choose the other.

use http::{HeaderMap, HeaderName, HeaderValue};

use portcullis_vocabulary::{Caller, Catalog, Consumer, SquadName, Tier};

/// Names the calling squad.
pub const X_SQUAD_OWNER: HeaderName = HeaderName::from_static("x-squad-owner");
/// Claims a tier.
pub const X_SLA_TIER: HeaderName = HeaderName::from_static("x-sla-tier");
/// Names the version of the calling service.
pub const X_SERVICE_VERSION: HeaderName = HeaderName::from_static("x-service-version");
/// All fields that identify the caller.
pub const SQUAD_HEADERS: [HeaderName; 3] = [X_SQUAD_OWNER, X_SLA_TIER, X_SERVICE_VERSION];

/// The maximum length of a service version in bytes.
const VERSION_BYTES_MAX: usize = 64;

/// The caller of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The squad and the effective tier.
    pub caller: Caller,
    /// The version of the calling service: 1 to 64 letters, digits and `.+_-`.
    pub version: Option<HeaderValue>,
    /// Whether the sender named a squad, a tier or a version and is not trusted to: the fields were
    /// removed.
    pub has_untrusted_claim: bool,
}

/// A field that is invalid even from a trusted peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// The field is repeated.
    #[error("the header {0} came more than once; send it once, with one value")]
    Repeated(&'static str),
    /// `x-squad-owner` does not name a squad.
    #[error(
        "the header x-squad-owner does not name a squad: expected 1 to {max} characters of a-z, \
         0-9, '.', '_' and '-'",
        max = SquadName::CHARS_MAX
    )]
    Squad,
    /// `x-service-version` is not a version.
    #[error(
        "the header x-service-version is not a version: expected 1 to {VERSION_BYTES_MAX} letters, \
         digits, '.', '+', '_' and '-'"
    )]
    Version,
}

impl HeaderFault {
    /// The stable name, used as a metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Repeated(_) => "repeated-header",
            Self::Squad => "malformed-squad",
            Self::Version => "malformed-version",
        }
    }
}

/// Reads the fields of a trusted peer. An unknown tier is bronze, so an invalid claim never
/// ranks above a valid one.
///
/// # Errors
/// [`HeaderFault`].
pub fn identity_from_headers(
    headers: &HeaderMap,
    catalog: &Catalog,
) -> Result<CallerIdentity, HeaderFault> {
    let [owner, tier, version] = squad_values(headers)?;
    if version.is_some_and(|version| !is_version(version.as_bytes())) {
        return Err(HeaderFault::Version);
    }
    let consumer = match owner.map(HeaderValue::as_bytes) {
        None => Consumer::Unknown,
        Some(name) if !SquadName::is_valid(name) => return Err(HeaderFault::Squad),
        Some(name) => catalog.consumer(name),
    };
    let claimed = Tier::from_claim(tier.map(HeaderValue::as_bytes));
    Ok(CallerIdentity {
        caller: catalog.caller(consumer, claimed),
        version: version.cloned(),
        has_untrusted_claim: false,
    })
}

/// The values of the fields that identify the caller, in the order of [`SQUAD_HEADERS`]. One pass over
/// the head is cheaper than three lookups.
fn squad_values(headers: &HeaderMap) -> Result<[Option<&HeaderValue>; 3], HeaderFault> {
    const NAMES: [&str; 3] = ["x-squad-owner", "x-sla-tier", "x-service-version"];
    const COMMON_START: &str = "x-s";
    let mut values = [None; 3];
    let mut is_repeated = [false; 3];
    for (name, value) in headers {
        let name = name.as_str();
        // Few other names begin like these.
        if !name.starts_with(COMMON_START) {
            continue;
        }
        if let Some(at) = NAMES.iter().position(|known| *known == name) {
            is_repeated[at] |= values[at].replace(value).is_some();
        }
    }
    match is_repeated.iter().position(|is_repeated| *is_repeated) {
        Some(at) => Err(HeaderFault::Repeated(NAMES[at])),
        None => Ok(values),
    }
}

fn is_version(bytes: &[u8]) -> bool {
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b".+_-".contains(byte);
    (1..=VERSION_BYTES_MAX).contains(&bytes.len()) && bytes.iter().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_vocabulary::Squad;

    fn identify(lines: &[(&'static str, &[u8])]) -> Result<(String, Tier), String> {
        let squad = |name: &str, tier| Squad {
            tier,
            ..Squad::named(name.parse().unwrap())
        };
        let squads = vec![squad("checkout", Tier::Silver), squad("search", Tier::Gold)];
        let catalog = Catalog::new(squads, vec![], vec![]);
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        let Caller { consumer, tier } = identity_from_headers(&headers, &catalog)
            .map_err(|fault| format!("{}: {fault}", fault.name()))?
            .caller;
        Ok((catalog.consumer_name(consumer).to_owned(), tier))
    }

    #[test]
    fn the_tier_is_the_lower_of_claim_and_catalog() {
        let check = |lines: &[(&'static str, &[u8])], squad: &str, tier| {
            assert_eq!(identify(lines), Ok((squad.to_owned(), tier)), "{lines:?}");
        };
        let owner = |name: &'static [u8]| ("x-squad-owner", name);
        let tier = |tier: &'static [u8]| ("x-sla-tier", tier);
        check(&[owner(b"search"), tier(b"gold")], "search", Tier::Gold);
        check(&[owner(b"search"), tier(b"bronze")], "search", Tier::Bronze);
        check(&[owner(b"search")], "search", Tier::Bronze);
        check(
            &[owner(b"search"), tier(b"platinum")],
            "search",
            Tier::Bronze,
        );
        check(&[owner(b"search"), tier(b"\xff")], "search", Tier::Bronze);
        check(
            &[owner(b"checkout"), tier(b"gold")],
            "checkout",
            Tier::Silver,
        );
        check(&[owner(b"nowhere"), tier(b"gold")], "unknown", Tier::Bronze);
        check(&[owner(b"unknown"), tier(b"gold")], "unknown", Tier::Bronze);
        check(&[tier(b"gold")], "unknown", Tier::Bronze);
        check(&[], "unknown", Tier::Bronze);
        check(
            &[owner(b"search"), ("x-service-version", b"1.4.0-rc.1+7")],
            "search",
            Tier::Bronze,
        );
    }

    #[test]
    fn reports_repeated_and_malformed_fields() {
        let check = |lines: &[(&'static str, &[u8])], fault: &str| {
            assert_eq!(identify(lines), Err(fault.to_owned()), "{lines:?}");
        };
        for name in ["x-squad-owner", "x-sla-tier", "x-service-version"] {
            let fault = format!(
                "repeated-header: the header {name} came more than once; send it once, with one value"
            );
            check(&[(name, b"search"), (name, b"search")], &fault);
        }
        let squad = "malformed-squad: the header x-squad-owner does not name a squad: expected 1 to 64 characters of a-z, 0-9, '.', '_' and '-'";
        for bad in [
            &b"Search"[..],
            b"a,b",
            b"",
            b"sea rch",
            b"s\xff",
            &[b'x'; 65],
        ] {
            check(&[("x-squad-owner", bad)], squad);
        }
        let version = "malformed-version: the header x-service-version is not a version: expected 1 to 64 letters, digits, '.', '+', '_' and '-'";
        for bad in [&b""[..], b"1 2", b"1;2", &[b'1'; 65]] {
            check(&[("x-service-version", bad)], version);
        }
    }
}
