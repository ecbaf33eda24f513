//! Certificates of clients: which are accepted, and which squads they prove.

use std::io::{Read, Write};

use crate::support::app::{App, Site, admin, problem};
use crate::support::certificates::{TestAuthority, TestCertificate, TestExpiry};
use crate::support::client::Answer;
use crate::support::tls_client::TlsClient;
use crate::support::upstream::{Recorded, Upstream};

const CATALOG: &str = "[squads.payments]\ntier = \"gold\"\nnamespaces = [\"pay\", \"shared\"]\n\
                       [squads.search]\nnamespaces = [\"find\", \"shared\"]\n";

struct Setup {
    authority: TestAuthority,
    upstream: Upstream,
    app: App,
}

/// A port that asks for certificates, with these keys for it and for the identity.
fn start(tls: &str, identity: &str, files: impl Fn(&TestAuthority, Site) -> Site) -> Setup {
    let authority = TestAuthority::new();
    let upstream = Upstream::ok();
    let top = format!(
        "[listen]\naddress = \"127.0.0.1:0\"\n[listen.tls]\n\
         certificates = [{{ cert = \"a.pem\", key = \"a.key\" }}]\nclient_ca = \"ca.pem\"\n{tls}\n\
         [catalog]\npath = \"squads.toml\"\n[identity]\n{identity}"
    );
    let site = Site::shop(upstream.address, "", &top)
        .certificate("a", &authority.sign(&["a.test"]))
        .file("ca.pem", &authority.pem)
        .file("squads.toml", CATALOG);
    let app = App::start(files(&authority, site));
    Setup {
        authority,
        upstream,
        app,
    }
}

impl Setup {
    fn client(&self, certificate: Option<&TestCertificate>) -> TlsClient {
        TlsClient::with(&self.authority, certificate, rustls::ALL_VERSIONS)
    }

    fn ask(&self, certificate: Option<&TestCertificate>, fields: &str) -> Answer {
        let mut client = self.client(certificate).connect(self.app.data, "a.test");
        client.send(format!(
            "GET /items HTTP/1.1\r\nhost: a.test\r\n{fields}\r\n"
        ));
        client.answer()
    }

    /// The request as the upstream gets it.
    fn pass(&self, certificate: Option<&TestCertificate>, fields: &str) -> Recorded {
        assert_eq!(self.ask(certificate, fields).status, 200);
        self.upstream.requests.recv().unwrap()
    }

    /// The error with which the port ends the connection.
    fn refusal(&self, certificate: Option<&TestCertificate>) -> String {
        let mut stream = match self.client(certificate).handshake(self.app.data, "a.test") {
            Ok(stream) => stream,
            Err(error) => return error.to_string(),
        };
        let _ = stream.write_all(b"GET /items HTTP/1.1\r\nhost: a.test\r\n\r\n");
        match stream.read_exact(&mut [0]) {
            Ok(()) => "no error".to_owned(),
            Err(error) => error.to_string(),
        }
    }
}

#[test]
fn certificates_are_required_optional_or_not_asked_for() {
    let required = start("client_auth = \"required\"", "", |_, site| site);
    let own = required.authority.sign(&["client.test"]);
    let expired = required
        .authority
        .sign_with(&["c.test"], 2, TestExpiry::Expired);
    let foreign = TestAuthority::new().sign(&["client.test"]);
    assert_eq!(required.ask(Some(&own), "").status, 200);
    let check = |certificate: Option<&TestCertificate>, alert: &str| {
        let refusal = required.refusal(certificate);
        assert!(refusal.contains(alert), "{refusal}");
    };
    check(None, "CertificateRequired");
    check(Some(&expired), "CertificateExpired");
    check(Some(&foreign), "UnknownCA");
    let metrics = admin(required.app.admin, "/metrics").1;
    let counted = "portcullis_tls_handshake_failures_total{reason=\"certificate\"} 3";
    assert!(metrics.contains(counted), "{metrics}");

    let optional = start("client_auth = \"optional\"", "", |_, site| site);
    assert_eq!(optional.ask(None, "").status, 200);
    let own = optional.authority.sign(&["client.test"]);
    assert_eq!(optional.ask(Some(&own), "").status, 200);
    // A certificate that proves nothing is refused, not ignored.
    let refusal = optional.refusal(Some(&foreign));
    assert!(refusal.contains("UnknownCA"), "{refusal}");
}

#[test]
fn revoked_certificates_are_refused() {
    let tls = "client_auth = \"required\"\nclient_crl = \"ca.crl\"";
    let setup = start(tls, "", |authority, site| {
        site.file("ca.crl", &authority.revoke(&[7]))
    });
    let good = setup
        .authority
        .sign_with(&["good.test"], 6, TestExpiry::Valid);
    let revoked = setup
        .authority
        .sign_with(&["revoked.test"], 7, TestExpiry::Valid);
    assert_eq!(setup.ask(Some(&good), "").status, 200);
    let refusal = setup.refusal(Some(&revoked));
    assert!(refusal.contains("CertificateRevoked"), "{refusal}");
}

#[test]
fn the_spiffe_id_names_the_squad() {
    let identity = "source = \"certificate\"\n[identity.certificate]\ntrust_domains = [\"prod\"]\n\
                    [identity.certificate.squads]\n\"spiffe://prod/batch\" = \"search\"";
    let setup = start("client_auth = \"optional\"", identity, |_, site| site);
    let squad = |names: &[&str]| {
        let certificate = setup.authority.sign(names);
        // What the client claims does not count, although it is a trusted peer.
        let forged = "x-squad-owner: search\r\nx-sla-tier: gold\r\nx_squad_owner: search\r\n";
        let request = setup.pass(Some(&certificate), forged);
        let owner: Vec<String> = request
            .fields("x-squad-owner")
            .iter()
            .map(ToString::to_string)
            .collect();
        let tier: Vec<String> = request
            .fields("x-sla-tier")
            .iter()
            .map(ToString::to_string)
            .collect();
        [owner.join(","), tier.join(",")].join(" ")
    };
    assert_eq!(squad(&["spiffe://prod/ns/pay/sa/api"]), "payments gold");
    assert_eq!(
        squad(&["spiffe://prod/ns/find/sa/api", "x.test"]),
        "search bronze"
    );
    assert_eq!(squad(&["spiffe://prod/batch"]), "search bronze");
    // Of no squad, or of more than one.
    for id in [
        "spiffe://prod/ns/other/sa/api",
        "spiffe://prod/ns/shared/sa/api",
        "spiffe://prod/x",
    ] {
        assert_eq!(squad(&[id]), " ", "{id}");
    }
    // Without a certificate, the caller is unknown.
    let request = setup.pass(None, "x-squad-owner: payments\r\n");
    assert_eq!(request.fields("x-squad-owner"), Vec::<&str>::new());

    let refused = |names: &[&str], reason: &str| {
        let certificate = setup.authority.sign(names);
        let answer = setup.ask(Some(&certificate), "");
        assert_eq!(answer.status, 403, "{names:?}");
        assert_eq!(problem(&answer)["error"], "INVALID_IDENTITY");
        let metrics = admin(setup.app.admin, "/metrics").1;
        let counted = format!("portcullis_identity_faults_total{{reason=\"{reason}\"}} 1");
        assert!(metrics.contains(&counted), "{reason}: {metrics}");
    };
    refused(&["x.test"], "no-uri");
    refused(&["spiffe://prod/a", "spiffe://prod/b"], "several-uris");
    refused(&["https://prod/ns/pay/sa/api"], "not-a-spiffe-id");
    refused(&["spiffe://dev/ns/pay/sa/api"], "wrong-trust-domain");
    assert!(setup.upstream.requests.try_recv().is_err());
}

#[test]
fn a_trusted_peer_reports_the_certificate_of_its_client() {
    let start = |trusted: &str| {
        let upstream = Upstream::ok();
        let top = format!(
            "[catalog]\npath = \"squads.toml\"\n[identity]\nsource = \"xfcc\"\n\
             trusted_peers = [\"{trusted}\"]"
        );
        let site = Site::shop(upstream.address, "", &top).file("squads.toml", CATALOG);
        (App::start(site), upstream)
    };
    let field = |value: &str| {
        format!(
            "GET /items HTTP/1.1\r\nhost: shop\r\nx-squad-owner: search\r\nx-forwarded-client-cert: {value}\r\n\r\n"
        )
    };
    let (app, upstream) = start("127.0.0.1");
    let check = |value: &str, squad: &[&str]| {
        assert_eq!(app.ask(field(value)).status, 200);
        let request = upstream.requests.recv().unwrap();
        assert_eq!(request.fields("x-squad-owner"), squad, "{value}");
    };
    check(
        "By=spiffe://prod/proxy;Hash=0;URI=spiffe://prod/ns/pay/sa/api",
        &["payments"],
    );
    check(
        "URI=spiffe://prod/ns/pay/sa/api,Subject=\"CN=x,O=y\";URI=spiffe://prod/ns/find/sa/api",
        &["search"],
    );
    let answer = app.ask(field("URI=a;;"));
    assert_eq!(answer.status, 400);
    assert_eq!(problem(&answer)["error"], "INVALID_IDENTITY");
    assert_eq!(app.ask(field("Hash=0")).status, 403);

    let (app, upstream) = start("10.0.0.0/8");
    assert_eq!(
        app.ask(field("URI=spiffe://prod/ns/pay/sa/api")).status,
        200
    );
    let request = upstream.requests.recv().unwrap();
    assert_eq!(request.fields("x-squad-owner"), Vec::<&str>::new());
    assert_eq!(
        request.fields("x-forwarded-client-cert"),
        Vec::<&str>::new()
    );
}
