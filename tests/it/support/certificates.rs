//! Certificates that tests make at run time.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

use std::sync::atomic::{AtomicUsize, Ordering};

use super::app::Site;

/// An authority that signs certificates.
#[derive(Debug)]
pub(crate) struct TestAuthority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate in PEM.
    pub(crate) pem: String,
}

/// A certificate with its key, in PEM.
#[derive(Clone, Debug)]
pub(crate) struct TestCertificate {
    pub(crate) cert: String,
    pub(crate) key: String,
}

/// When a certificate ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TestExpiry {
    Valid,
    Expired,
}

impl TestAuthority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        // Two authorities with one name would be two keys of one authority.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        params.distinguished_name = named(&format!("Authority {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// A certificate for these names: URIs, IP addresses or DNS names.
    pub(crate) fn sign(&self, names: &[&str]) -> TestCertificate {
        self.sign_with(names, 1, TestExpiry::Valid)
    }

    pub(crate) fn sign_with(
        &self,
        names: &[&str],
        serial: u64,
        expiry: TestExpiry,
    ) -> TestCertificate {
        let (uris, hosts): (Vec<&str>, Vec<&str>) =
            names.iter().partition(|name| name.contains("://"));
        let hosts: Vec<String> = hosts.into_iter().map(str::to_owned).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        let uris = uris
            .into_iter()
            .map(|uri| SanType::URI(uri.try_into().unwrap()));
        params.subject_alt_names.extend(uris);
        params.distinguished_name = named("A peer");
        params.serial_number = Some(SerialNumber::from(serial));
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = match expiry {
            TestExpiry::Valid => date_time_ymd(2099, 1, 1),
            TestExpiry::Expired => date_time_ymd(2021, 1, 1),
        };
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().unwrap();
        TestCertificate {
            cert: params.signed_by(&key, &self.issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// A list that revokes the certificates with these numbers.
    pub(crate) fn revoke(&self, serials: &[u64]) -> String {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2021, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2021, 1, 1),
            next_update: date_time_ymd(2098, 1, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

impl Site {
    /// Adds the files of a certificate: `<name>.pem` and `<name>.key`.
    pub(crate) fn certificate(self, name: &str, certificate: &TestCertificate) -> Self {
        self.file(&format!("{name}.pem"), &certificate.cert)
            .file(&format!("{name}.key"), &certificate.key)
    }
}
