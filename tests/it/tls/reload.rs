//! Certificates that are replaced while the port serves.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;

use crate::support::app::{App, Site, StopOnDrop, admin, until};
use crate::support::certificates::{TestAuthority, TestCertificate};
use crate::support::tls_client::TlsClient;
use crate::support::upstream::Upstream;

const GET: &str = "GET /items HTTP/1.1\r\nhost: a.test\r\n\r\n";

fn site(upstream: &Upstream, cert: &str, key: &str) -> Site {
    let top = format!(
        "[listen]\naddress = \"127.0.0.1:0\"\n[listen.tls]\n\
         certificates = [{{ cert = \"{cert}\", key = \"{key}\" }}]"
    );
    Site::shop(upstream.address, "", &top)
}

/// Whether new connections get this certificate.
fn serves(app: &App, client: &TlsClient, certificate: &TestCertificate) -> bool {
    let stream = client.handshake(app.data, "a.test").unwrap();
    let shown = &stream.conn.peer_certificates().unwrap()[0];
    *shown == CertificateDer::from_pem_slice(certificate.cert.as_bytes()).unwrap()
}

fn section(app: &App) -> Value {
    let view: Value = serde_json::from_str(&admin(app.admin, "/tls").1).unwrap();
    view["sections"][0].clone()
}

#[test]
fn a_half_written_pair_leaves_the_old_one_active() {
    let authority = TestAuthority::new();
    let upstream = Upstream::ok();
    let (old, new) = (authority.sign(&["a.test"]), authority.sign(&["a.test"]));
    let site = site(&upstream, "a.pem", "a.key").certificate("a", &old);
    let (cert, key) = (site.path("a.pem"), site.path("a.key"));
    let app = App::start(site);
    let client = TlsClient::new(&authority);
    assert!(serves(&app, &client, &old));
    let metrics = || admin(app.admin, "/metrics").1;
    let stale = "portcullis_tls_stale{section=\"listen.tls\"}";
    assert!(metrics().contains(&format!("{stale} 0")));
    let ends = "portcullis_tls_certificate_not_after_seconds{section=\"listen.tls\",file=\"";
    let line = metrics();
    let line = line.lines().find(|line| line.starts_with(ends)).unwrap();
    // 2099-01-01T00:00:00Z.
    assert!(line.ends_with("a.pem\"} 4070908800"), "{line}");

    for (bad, problem) in [
        (new.cert.clone(), "does not belong to"),
        (new.cert[..200].to_owned(), "END line"),
        (String::new(), "found none"),
    ] {
        fs::write(&cert, bad).unwrap();
        until(|| {
            section(&app)["problem"]
                .as_str()
                .is_some_and(|text| text.contains(problem))
        });
        assert!(serves(&app, &client, &old), "{problem}");
        assert!(metrics().contains(&format!("{stale} 1")));
    }
    fs::write(&cert, &new.cert).unwrap();
    fs::write(&key, &new.key).unwrap();
    until(|| serves(&app, &client, &new));
    until(|| section(&app)["problem"].is_null());
    assert!(metrics().contains(&format!("{stale} 0")));
}

/// As Kubernetes mounts a secret: the names are links through `..data`, which is swapped.
#[cfg(unix)]
#[test]
fn a_mounted_secret_is_swapped() {
    use std::os::unix::fs::symlink;
    let authority = TestAuthority::new();
    let upstream = Upstream::ok();
    let site = site(&upstream, "tls/tls.crt", "tls/tls.key");
    let folder = site.path("tls");
    fs::create_dir(&folder).unwrap();
    let mount = |version: &str, certificate: &TestCertificate| {
        let inner = folder.join(version);
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("tls.crt"), &certificate.cert).unwrap();
        fs::write(inner.join("tls.key"), &certificate.key).unwrap();
        let next = folder.join("..data_tmp");
        symlink(version, &next).unwrap();
        fs::rename(&next, folder.join("..data")).unwrap();
    };
    let (old, new) = (authority.sign(&["a.test"]), authority.sign(&["a.test"]));
    mount("..1", &old);
    for name in ["tls.crt", "tls.key"] {
        symlink(Path::new("..data").join(name), folder.join(name)).unwrap();
    }
    let app = App::start(site);
    let client = TlsClient::new(&authority);
    assert!(serves(&app, &client, &old));
    mount("..2", &new);
    until(|| serves(&app, &client, &new));
    assert!(section(&app)["problem"].is_null());
}

/// 100 certificates one after the other, while clients connect and ask all the time.
#[test]
fn rotation_under_load_loses_nothing() {
    const ROTATIONS: usize = 100;
    let authority = TestAuthority::new();
    let upstream = Upstream::ok();
    let first = authority.sign(&["a.test"]);
    let site = site(&upstream, "a.pem", "a.key").certificate("a", &first);
    let (cert, key) = (site.path("a.pem"), site.path("a.key"));
    let app = App::start(site);
    let client = TlsClient::new(&authority);
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let _stopping = StopOnDrop(&stop);
        for _ in 0..2 {
            let (client, stop, answered, data) = (&client, &stop, &answered, app.data);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let mut connection = client.connect(data, "a.test");
                    for _ in 0..5 {
                        connection.send(GET);
                        assert_eq!(connection.answer().status, 200);
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        // A connection that began with the first certificate is served to the end.
        let mut lasting = client.connect(app.data, "a.test");
        for rotation in 0..ROTATIONS {
            let next = authority.sign(&["a.test"]);
            for (path, text) in [(&cert, &next.cert), (&key, &next.key)] {
                let draft = path.with_extension("draft");
                fs::write(&draft, text).unwrap();
                fs::rename(&draft, path).unwrap();
            }
            let waited = std::time::Instant::now();
            while !serves(&app, &client, &next) {
                assert!(
                    waited.elapsed() < Duration::from_secs(20),
                    "rotation {rotation}"
                );
                std::thread::sleep(Duration::from_millis(10));
            }
            lasting.send(GET);
            assert_eq!(lasting.answer().status, 200);
        }
    });
    let answered = answered.load(Ordering::Relaxed);
    println!("{ROTATIONS} rotations, {answered} requests answered, none lost");
    assert!(answered > ROTATIONS, "{answered}");
}
