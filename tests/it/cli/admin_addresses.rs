//! Commands at admin ports that are Unix sockets, or have TLS.

use std::os::unix::fs::PermissionsExt;

use crate::support::app::{App, Site, program, run};
use crate::support::certificates::TestAuthority;
use crate::support::upstream::Upstream;

/// Runs a command. Returns its exit code and what it printed.
fn command(app_folder: &std::path::Path, words: &str) -> (Option<i32>, String) {
    let output = run(app_folder, words, "");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).unwrap())
}

#[test]
fn a_unix_socket_needs_no_token() {
    let upstream = Upstream::ok();
    // Not in the folder of the site, which is removed with the program.
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    let path = folder.join("admin.sock");
    let top = format!(
        "[admin]\naddress = \"unix:{}\"\nunix_mode = \"600\"",
        path.display()
    );
    let site = Site::shop(upstream.address, "", &top);
    let app = App::start(site);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let admin = format!("--admin unix:{}", path.display());
    for words in [
        "status",
        "traffic",
        "breakers",
        "owners deprecations",
        "config reload",
    ] {
        let (code, printed) = command(folder, &format!("{words} {admin}"));
        // A program that was started without a file cannot reload its configuration.
        let expected = if words == "config reload" { 2 } else { 0 };
        assert_eq!(code, Some(expected), "{words}: {printed}");
    }
    let set = format!("breakers set shop everybody open --reason test {admin}");
    let (code, printed) = command(folder, &set);
    assert_eq!(code, Some(0), "{printed}");
    let (code, printed) = command(folder, &format!("status {admin}"));
    assert_eq!(code, Some(1), "{printed}");
    assert!(
        printed.contains("the circuit of all callers is open"),
        "{printed}"
    );
    drop(app);
    assert!(!path.exists(), "the file is removed");
    let (code, printed) = command(folder, &format!("status {admin}"));
    assert_eq!(code, Some(2), "{printed}");
    assert!(printed.contains("cannot connect to unix:"), "{printed}");
}

#[test]
fn a_port_with_tls_gets_a_certificate_of_the_client() {
    let upstream = Upstream::ok();
    let authority = TestAuthority::new();
    let server = authority.sign(&["localhost"]);
    let client = authority.sign(&["operator"]);
    let top = "[admin]\naddress = \"127.0.0.1:0\"\ntoken = \"0123456789abcdef\"\n[admin.tls]\n\
               certificates = [{ cert = \"a.pem\", key = \"a.key\" }]\n\
               client_auth = \"required\"\nclient_ca = \"ca.pem\"";
    let site = Site::shop(upstream.address, "", top)
        .file("ca.pem", &authority.pem)
        .file("token", "0123456789abcdef\n")
        .certificate("a", &server)
        .certificate("c", &client);
    let folder = site.path("a.pem").parent().unwrap().to_owned();
    let app = App::start(site);
    let port = app.admin.port();
    let at = |flags: &str| format!("--admin https://localhost:{port} {flags}");
    let all = at("--admin-ca ca.pem --admin-cert c.pem --admin-key c.key");
    let (code, printed) = command(&folder, &format!("status {all}"));
    assert_eq!(code, Some(0), "{printed}");
    let set = format!("breakers set shop everybody observe --token-file token {all}");
    let (code, printed) = command(&folder, &set);
    assert_eq!(code, Some(0), "{printed}");
    for (flags, part) in [
        ("", "TLS with https://localhost"),
        ("--admin-ca ca.pem", "TLS with https://localhost"),
        ("--admin-ca a.key", "a.key"),
        ("--admin-ca none.pem", "none.pem"),
        ("--admin-cert c.pem", "--admin-key"),
    ] {
        let (code, printed) = command(&folder, &format!("status {}", at(flags)));
        assert_eq!(code, Some(2), "{flags}: {printed}");
        assert!(printed.contains(part), "{flags}: {printed}");
    }
    // The health check of the image has no flags.
    let url = format!("https://localhost:{port}");
    let with_variables = |words: &str, variables: &[(&str, &str)]| {
        let mut command = program();
        command.current_dir(&folder).args(words.split_whitespace());
        command.env("PORTCULLIS_ADMIN_URL", &url);
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(printed).unwrap())
    };
    let ca = ("PORTCULLIS_ADMIN_CA", "ca.pem");
    let cert = ("PORTCULLIS_ADMIN_CERT", "c.pem");
    let key = ("PORTCULLIS_ADMIN_KEY", "c.key");
    let (code, printed) = with_variables("status --ready", &[ca, cert, key]);
    assert_eq!((code, printed.trim()), (Some(0), "ready"));
    let (code, printed) = with_variables("status", &[ca, cert]);
    assert_eq!(code, Some(2), "{printed}");
    assert!(
        printed.contains("set both PORTCULLIS_ADMIN_CERT"),
        "{printed}"
    );
    // A program that serves ignores them.
    let (code, printed) = with_variables("config check config.toml", &[ca, cert, key]);
    assert_eq!(code, Some(0), "{printed}");
    let plain = format!("status --admin http://localhost:{port}");
    let (code, printed) = command(&folder, &plain);
    assert_eq!(code, Some(2), "{printed}");
    assert!(printed.contains("answers 400"), "{printed}");
}
