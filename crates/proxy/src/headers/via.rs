//! The `Via` field of forwarded requests (RFC 9110 section 7.6.3), and the loops that it shows.
//!
//! The pseudonym ends in a number for the process and the service. So several processes with one
//! configuration can follow each other, and so can several services of one process: only a request
//! that comes back to the same service of the same process is a loop. A gateway need not send `Via`
//! in responses, and does not: they pass unchanged.

use std::hash::{DefaultHasher, Hash, Hasher};

use http::header::{HeaderMap, HeaderValue, VIA};
use http::{Request, Version};

use super::header_value;

/// The name of this process in `Via`, and a number that is random for each process.
#[derive(Clone, Debug)]
pub(crate) struct ViaProcess {
    name: String,
    number: u64,
}

impl ViaProcess {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            number: fastrand::u64(..),
        }
    }

    /// The pseudonym of a service. It is the same on each core and after each reload.
    pub(crate) fn pseudonym(&self, service: &str) -> ViaPseudonym {
        let mut hasher = DefaultHasher::new();
        (self.number, service).hash(&mut hasher);
        ViaPseudonym::new(&self.name, hasher.finish())
    }
}

/// The name of a service of this process in `Via`.
#[derive(Clone, Debug)]
pub(crate) struct ViaPseudonym {
    name: String,
    /// The element for a request that arrived as HTTP/1.1.
    http11: HeaderValue,
    /// The element for a request that arrived as HTTP/1.0.
    http10: HeaderValue,
    /// The element for a request that arrived as HTTP/2.
    http2: HeaderValue,
}

impl ViaPseudonym {
    /// A pseudonym that begins with a name and ends in a number.
    fn new(name: &str, number: u64) -> Self {
        let name = format!("{name}-{number:016x}");
        Self {
            http11: header_value(format!("1.1 {name}")),
            http10: header_value(format!("1.0 {name}")),
            http2: header_value(format!("2 {name}")),
            name,
        }
    }

    /// Whether a request has passed this service of this process before.
    pub(crate) fn has_passed(&self, headers: &HeaderMap) -> bool {
        // Nearly every request has no such field.
        headers.get_all(VIA).iter().any(|field| {
            let elements = field.as_bytes().split(|byte| *byte == b',');
            elements.into_iter().any(|element| {
                let mut words = element.trim_ascii().split(u8::is_ascii_whitespace);
                words.nth(1) == Some(self.name.as_bytes())
            })
        })
    }

    /// The element for a request that arrived with this version.
    pub(crate) const fn element(&self, version: Version) -> &HeaderValue {
        match version {
            Version::HTTP_10 => &self.http10,
            Version::HTTP_2 => &self.http2,
            _ => &self.http11,
        }
    }

    /// Adds this process to a request that is forwarded.
    pub(crate) fn add<B>(&self, request: &mut Request<B>) {
        let element = self.element(request.version()).clone();
        request.headers_mut().append(VIA, element);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_pseudonym_is_a_loop() {
        let own = ViaPseudonym::new("gate", 0xa1);
        let has_passed = |fields: &[&str]| {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(VIA, field.parse().unwrap());
            }
            own.has_passed(&headers)
        };
        assert!(!has_passed(&[]));
        assert!(!has_passed(&["1.1 gate-00000000000000a2", "1.1 gate"]));
        assert!(!has_passed(&["gate-00000000000000a1"]));
        assert!(has_passed(&["1.1 gate-00000000000000a1"]));
        assert!(has_passed(&[
            "1.0 front, HTTP/1.1 gate-00000000000000a1 (comment)"
        ]));
        assert!(has_passed(&["1.1 front", "1.1 gate-00000000000000a1"]));
    }

    #[test]
    fn each_service_of_each_process_has_its_own_pseudonym() {
        let (first, second) = (ViaProcess::new("gate"), ViaProcess::new("gate"));
        let name = |process: &ViaProcess, service| process.pseudonym(service).name;
        assert_eq!(name(&first, "a"), name(&first.clone(), "a"));
        assert_ne!(name(&first, "a"), name(&first, "b"));
        assert_ne!(name(&first, "a"), name(&second, "a"));
    }

    #[test]
    fn an_element_is_appended_with_the_version_that_arrived() {
        let own = ViaPseudonym::new("gate", 1);
        let mut request = Request::new(());
        request
            .headers_mut()
            .insert(VIA, "1.1 front".parse().unwrap());
        own.add(&mut request);
        *request.version_mut() = Version::HTTP_10;
        own.add(&mut request);
        let fields: Vec<_> = request.headers().get_all(VIA).iter().collect();
        let expected = [
            "1.1 front",
            "1.1 gate-0000000000000001",
            "1.0 gate-0000000000000001",
        ];
        assert_eq!(fields, expected);
    }
}
