//! Connections with TLS to a real PostgreSQL that accepts no others.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::schema_fixture::{BASE, SchemaFixture};
use crate::support::certificates::TestAuthority;
use crate::support::postgres::PostgresServer;

/// Accepts connections from this machine that are encrypted, and any on its socket.
const ACCESS: &str = "\
local all all trust
hostssl all all 127.0.0.1/32 scram-sha-256
hostssl all all ::1/128 scram-sha-256
";

struct EncryptedDatabase {
    _server: PostgresServer,
    port: u16,
    fixture: SchemaFixture,
}

impl EncryptedDatabase {
    fn start(authority: &TestAuthority) -> Self {
        // Below the ports that the system gives to other tests.
        let mut ports = std::iter::repeat_with(|| fastrand::u16(12_000..32_000));
        let port = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
        let port = port.unwrap();
        let certificate = authority.sign(&["localhost"]);
        let options = format!("-c listen_addresses=127.0.0.1 -c port={port} -c ssl=on");
        let server = PostgresServer::start_prepared(&["--auth=trust"], &options, |server| {
            server.write("data/server.crt", &certificate.cert);
            server.write("data/server.key", &certificate.key);
            server.write("data/pg_hba.conf", ACCESS);
        });
        let (socket, port_text) = (server.path(""), port.to_string());
        let psql = |database: &str, sql: &str| {
            let words = [
                "-X",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                &socket,
                "-p",
                &port_text,
            ];
            let more = ["-U", "postgres", "-d", database, "-c", sql];
            server.succeed("psql", &[&words[..], &more[..]].concat());
        };
        psql("postgres", "CREATE DATABASE shop");
        psql(
            "postgres",
            "CREATE ROLE ann SUPERUSER LOGIN PASSWORD 'hunter2'",
        );
        psql("postgres", "CREATE ROLE shop_app");
        psql("postgres", "CREATE ROLE search_app");
        let lines = BASE.lines().filter(|line| !line.starts_with('\\'));
        psql(
            "shop",
            &lines.map(|line| format!("{line}\n")).collect::<String>(),
        );
        let fixture =
            SchemaFixture::new(&[("1_m.sql", "ALTER TABLE shop.orders DROP COLUMN note")]);
        Self {
            _server: server,
            port,
            fixture,
        }
    }

    /// Runs with an address on a host.
    fn run(&self, host: &str, parameters: &str) -> (i32, String, String) {
        let port = self.port;
        self.fixture.schema(&format!(
            "--squad payments --migrations db --format json --database \
             postgres://ann:hunter2@{host}:{port}/shop{parameters}"
        ))
    }

    #[track_caller]
    fn refuses(&self, host: &str, parameters: &str, expected: &str) {
        let (code, text, errors) = self.run(host, parameters);
        assert_eq!((code, text.as_str()), (2, ""), "{errors}");
        assert!(errors.contains(expected), "{errors}");
        assert!(!errors.contains("hunter2"), "{errors}");
    }
}

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn the_server_must_have_a_certificate_for_its_name() {
    let authority = TestAuthority::new();
    let database = EncryptedDatabase::start(&authority);
    let fixture = &database.fixture;
    fixture.write("ca.pem", &authority.pem);
    fixture.write("other.pem", &TestAuthority::new().pem);
    fixture.write("empty.pem", "");
    let with = |mode: &str, file: &str| {
        let path = fixture.path(file).display().to_string();
        format!("?sslmode={mode}&sslrootcert={path}")
    };
    // The server refuses what is not encrypted, so success shows that a connection was.
    database.refuses("localhost", "", "no encryption");
    for mode in ["require", "verify-full"] {
        let (code, text, errors) = database.run("localhost", &with(mode, "ca.pem"));
        assert_eq!((code, errors.as_str()), (1, ""));
        assert!(text.contains("column-dropped"), "{text}");
        database.refuses(
            "localhost",
            &with(mode, "other.pem"),
            "TLS failed: its certificate is not signed by a known authority; check the name of the \
             host, and sslrootcert",
        );
        database.refuses(
            "127.0.0.1",
            &with(mode, "ca.pem"),
            "TLS failed: its certificate is not for 127.0.0.1 but for localhost",
        );
    }
    // The authorities of the system do not know this one.
    database.refuses("localhost", "?sslmode=require", "localhost");
    database.refuses(
        "localhost",
        &with("require", "gone.pem"),
        "gone.pem: No such file",
    );
    database.refuses(
        "localhost",
        &with("require", "empty.pem"),
        "empty.pem: expected certificates in PEM, found none",
    );
    let (code, _, errors) = fixture.schema(&format!(
        "--squad payments --migrations db --database postgres://ann:wrong@localhost:{}/shop{}",
        database.port,
        with("require", "ca.pem")
    ));
    assert_eq!(code, 2);
    assert!(
        errors.contains("password authentication failed"),
        "{errors}"
    );
    assert!(!errors.contains("wrong@"), "{errors}");
}

#[test]
fn a_server_without_tls_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut question = [0; 8];
        stream.read_exact(&mut question).unwrap();
        stream.write_all(b"N").unwrap();
        // Nothing else is sent to a server that does not encrypt.
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        rest
    });
    let fixture = SchemaFixture::new(&[("1_m.sql", "SELECT 1")]);
    fixture.write("ca.pem", &TestAuthority::new().pem);
    let path = fixture.path("ca.pem").display().to_string();
    let (code, _, errors) = fixture.schema(&format!(
        "--squad payments --migrations db --database \
         postgres://ann:hunter2@127.0.0.1:{port}/shop?sslmode=require&sslrootcert={path}"
    ));
    assert_eq!(code, 2);
    assert!(
        errors.contains("TLS failed: server does not support TLS"),
        "{errors}"
    );
    assert!(!errors.contains("hunter2"), "{errors}");
    assert_eq!(server.join().unwrap(), b"");
}
