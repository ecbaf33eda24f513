//! What a certificate says that the TLS library does not show: its names and its end.
//!
//! The library verifies certificates; this reads their fields (RFC 5280 section 4.1). It counts
//! every URI name, also those that the library ignores as malformed, because an identity is exactly
//! one URI.

use std::net::IpAddr;

use super::der_reader::{
    BOOLEAN, DerElement, DerReader, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING,
    SEQUENCE, UTC_TIME,
};

/// `id-ce-subjectAltName`, 2.5.29.17.
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];

const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const URI_NAME: u8 = 0x86;
const IP_ADDRESS: u8 = 0x87;

/// The names and the time of a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateDetails {
    /// The DNS names, in lower case; `*.` begins one that stands for many.
    pub dns_names: Vec<String>,
    /// The IP addresses.
    pub addresses: Vec<IpAddr>,
    /// The URI names. One that is not text is kept with replacement characters, so it is counted.
    pub uris: Vec<String>,
    /// The first second in which it is valid, since 1970.
    pub not_before: i64,
    /// The last second in which it is valid, since 1970.
    pub not_after: i64,
}

impl CertificateDetails {
    /// Reads a certificate; `None` if it is malformed.
    pub fn of(certificate: &[u8]) -> Option<Self> {
        let mut certificate = DerReader::new(certificate).enter(SEQUENCE)?;
        let mut fields = certificate.enter(SEQUENCE)?;
        fields.skip(VERSION);
        fields.expect(INTEGER)?;
        let _algorithm = fields.expect(SEQUENCE)?;
        let _issuer = fields.expect(SEQUENCE)?;
        let mut validity = fields.enter(SEQUENCE)?;
        let mut details = Self {
            not_before: time(validity.next()?)?,
            not_after: time(validity.next()?)?,
            ..Self::default()
        };
        while let Some(field) = fields.next() {
            if field.tag == EXTENSIONS {
                details.read_extensions(field.content)?;
            }
        }
        fields.is_empty().then_some(details)
    }

    /// Whether a certificate with these names is valid for a host without its port.
    pub fn covers(&self, host: &str) -> bool {
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        if let Ok(address) = bare.unwrap_or(host).parse::<IpAddr>() {
            return self.addresses.contains(&address);
        }
        let host = host.strip_suffix('.').unwrap_or(host);
        self.dns_names.iter().any(|name| covers_name(name, host))
    }

    fn read_extensions(&mut self, content: &[u8]) -> Option<()> {
        let mut extensions = DerReader::new(content).enter(SEQUENCE)?;
        while !extensions.is_empty() {
            let mut extension = extensions.enter(SEQUENCE)?;
            let id = extension.expect(OBJECT_IDENTIFIER)?;
            extension.skip(BOOLEAN);
            let value = extension.expect(OCTET_STRING)?;
            if id == SUBJECT_ALTERNATIVE_NAME {
                self.read_names(value)?;
            }
        }
        Some(())
    }

    fn read_names(&mut self, value: &[u8]) -> Option<()> {
        let mut names = DerReader::new(value).enter(SEQUENCE)?;
        while !names.is_empty() {
            let DerElement { tag, content } = names.next()?;
            let text = || String::from_utf8_lossy(content);
            match tag {
                DNS_NAME => self.dns_names.push(text().to_ascii_lowercase()),
                URI_NAME => self.uris.push(text().into_owned()),
                IP_ADDRESS => self.addresses.extend(address(content)),
                _ => {}
            }
        }
        Some(())
    }
}

/// Whether a name of a certificate stands for a host. A wildcard stands for exactly one label
/// (RFC 9525 section 6.3).
fn covers_name(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(parent)),
        None => host.eq_ignore_ascii_case(name),
    }
}

fn address(content: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(content) {
        return Some(octets.into());
    }
    <[u8; 16]>::try_from(content).ok().map(IpAddr::from)
}

/// The seconds since 1970 of a time in UTC (RFC 5280 section 4.1.2.5).
fn time(element: DerElement<'_>) -> Option<i64> {
    let text = std::str::from_utf8(element.content).ok()?;
    let text = text.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match (element.tag, text.len()) {
        (UTC_TIME, 12) => {
            let year: i64 = text[..2].parse().ok()?;
            (
                if year < 50 { 2000 + year } else { 1900 + year },
                &text[2..],
            )
        }
        (GENERALIZED_TIME, 14) => (text[..4].parse().ok()?, &text[4..]),
        _ => return None,
    };
    let part = |at: usize| rest[at..at + 2].parse::<i64>().ok();
    let (month, day) = (part(0)?, part(2)?);
    let (hour, minute, second) = (part(4)?, part(6)?, part(8)?);
    let is_valid = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    is_valid.then(|| days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// The days from 1970-01-01 to a date of the Gregorian calendar. The year begins in March here, so
/// the leap day is its last one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_since_1970() {
        let check = |tag, text: &str, expected| {
            let element = DerElement {
                tag,
                content: text.as_bytes(),
            };
            assert_eq!(time(element), expected, "{text}");
        };
        check(UTC_TIME, "700101000000Z", Some(0));
        check(UTC_TIME, "491231235959Z", Some(2_524_607_999));
        check(UTC_TIME, "500101000000Z", Some(-631_152_000));
        check(GENERALIZED_TIME, "20240229120000Z", Some(1_709_208_000));
        check(GENERALIZED_TIME, "20240301000000Z", Some(1_709_251_200));
        check(GENERALIZED_TIME, "99991231235959Z", Some(253_402_300_799));
        check(UTC_TIME, "701301000000Z", None);
        check(UTC_TIME, "7001010000Z", None);
        check(UTC_TIME, "700101000000+", None);
        check(GENERALIZED_TIME, "700101000000Z", None);
        check(INTEGER, "700101000000Z", None);
    }

    #[test]
    fn names_cover_hosts() {
        let details = CertificateDetails {
            dns_names: vec!["api.example.com".into(), "*.shop.test".into()],
            addresses: vec![[10, 0, 0, 1].into(), "::1".parse().unwrap()],
            ..CertificateDetails::default()
        };
        for host in [
            "api.example.com",
            "API.Example.com",
            "api.example.com.",
            "a.shop.test",
            "10.0.0.1",
            "[::1]",
        ] {
            assert!(details.covers(host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "x.api.example.com",
            "shop.test",
            ".shop.test",
            "a.b.shop.test",
            "10.0.0.2",
            "[::2]",
        ] {
            assert!(!details.covers(host), "{host}");
        }
    }

    #[test]
    fn malformed_certificates_have_no_details() {
        for malformed in [
            &b""[..],
            b"\x30\x00",
            b"\x30\x02\x30\x00",
            b"text",
            &[0x30; 40],
        ] {
            assert_eq!(CertificateDetails::of(malformed), None);
        }
    }
}
