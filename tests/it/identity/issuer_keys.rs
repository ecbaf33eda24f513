//! Keys that verify tokens: startup with keys, without keys, and with an unreachable issuer.

use std::net::TcpListener;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use crate::support::app::{App, Process, SHOP, Site, admin, problem};
use crate::support::upstream::Upstream;

/// A site that verifies tokens with the keys at this URL or path.
fn site(jwks: &str) -> Site {
    let top = format!("[identity]\nsource = \"jwt\"\n[identity.jwt]\njwks = \"{jwks}\"");
    Site::new(&top).service("shop", SHOP, "mock", "")
}

/// The log of the process from start to graceful shutdown.
fn log_of(site: Site) -> String {
    let process = Process::start(site);
    process.signal("TERM");
    let (status, log) = process.wait();
    assert!(status.success(), "{log}");
    log
}

#[test]
fn logs_the_active_keys_at_startup() {
    let keys = include_str!("../../../crates/identity/src/fixtures/keys.json");
    let mixed = keys.replacen("\"use\": \"sig\"", "\"use\": \"enc\"", 1);
    let log = log_of(site("keys.json").file("keys.json", &mixed));
    assert!(log.contains("keys loaded"), "{log}");
    assert!(log.contains("a key is ignored: its `use`"), "{log}");
}

#[test]
fn starts_while_the_issuer_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let log = log_of(site(&format!("http://{address}/keys?secret")));
    let location = format!("identity.jwt.jwks: http://{address}/keys: ");
    assert!(log.contains(&location) && !log.contains("secret"), "{log}");
    assert!(
        log.contains("tokens are rejected until keys are loaded"),
        "{log}"
    );
}

/// A token signed by the issuer with these claims.
fn token(claims: &Value, signer: &str) -> String {
    let key: String = signer
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let key = RsaKeyPair::from_der(&STANDARD.decode(key).unwrap()).unwrap();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!(
        "{}.{}",
        part(&json!({"alg": "RS256", "kid": "rsa"})),
        part(claims)
    );
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn claims(squad: &str, tier: &str, ends_in: i64) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let ends = i64::try_from(now.as_secs()).unwrap() + ends_in;
    json!({"squad_id": squad, "sla_tier": tier, "exp": ends, "iss": "https://issuer.example"})
}

#[test]
fn a_valid_token_sets_the_squad_headers() {
    const SIGNER: &str = include_str!("../../../crates/identity/src/fixtures/rsa.pem");
    let upstream = Upstream::ok();
    let top = "[catalog]\npath = \"squads.toml\"\n[identity]\nsource = \"jwt\"\n[identity.jwt]\n\
               jwks = \"keys.json\"\nissuer = \"https://issuer.example\"";
    let site = Site::shop(upstream.address, "", top)
        .file(
            "keys.json",
            include_str!("../../../crates/identity/src/fixtures/keys.json"),
        )
        .file("squads.toml", "[squads.checkout]\ntier = \"silver\"\n");
    let app = App::start(site);
    let ask = |fields: &str| app.ask(format!("GET /items HTTP/1.1\r\nhost: shop\r\n{fields}\r\n"));
    let bearer = |token: &str| format!("authorization: Bearer {token}\r\n");
    let forwarded = || {
        let request = upstream.request();
        ["x-squad-owner", "x-sla-tier"].map(|name| request.fields(name).join(","))
    };

    let proof = token(&claims("checkout", "gold", 60), SIGNER);
    // Headers sent by the client are ignored, even from a trusted peer.
    let claimed = format!(
        "{}x-squad-owner: search\r\nx-sla-tier: gold\r\n",
        bearer(&proof)
    );
    for _ in 0..2 {
        assert_eq!(ask(&claimed).status, 200);
        assert_eq!(
            forwarded(),
            ["checkout", "silver"],
            "gold was claimed, silver is granted"
        );
    }
    assert_eq!(ask("x-squad-owner: checkout\r\n").status, 200);
    assert_eq!(
        forwarded(),
        ["", ""],
        "without a token the caller is unknown"
    );
    let metrics = admin(app.admin, "/metrics").1;
    assert!(
        metrics.contains("squad=\"checkout\",outcome=\"answered\"} 2"),
        "{metrics}"
    );

    let other = include_str!("../../../crates/identity/src/fixtures/rsa-other.pem");
    let expired = token(&claims("checkout", "gold", -60), SIGNER);
    let forged = token(&claims("checkout", "gold", 60), other);
    for (fields, detail) in [
        (bearer(&expired), "the token has expired"),
        (bearer(&forged), "the signature of the token is invalid"),
        (bearer("a.b"), "the token is malformed"),
        (
            bearer(&proof).repeat(2),
            "the header of the token is repeated",
        ),
    ] {
        let answer = ask(&fields);
        let problem = problem(&answer);
        assert_eq!(
            (answer.status, &problem["error"]),
            (401, &json!("INVALID_IDENTITY"))
        );
        let found = problem["detail"].as_str().unwrap();
        assert!(found.starts_with(detail), "{found}");
        let challenge = answer.field("www-authenticate");
        assert_eq!(challenge, Some("Bearer error=\"invalid_token\""));
    }
    let metrics = admin(app.admin, "/metrics").1;
    assert!(
        metrics.contains("portcullis_identity_faults_total{reason=\"expired\"} 1"),
        "{metrics}"
    );
}

#[test]
fn answers_503_to_tokens_without_keys() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let app = App::start(site(&format!("http://{address}/keys")));
    let answer =
        app.ask("GET /items HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer a.b.c\r\n\r\n");
    let problem = problem(&answer);
    assert_eq!(
        (answer.status, answer.field("retry-after")),
        (503, Some("1"))
    );
    assert_eq!(problem["error"], "INVALID_IDENTITY");
    assert_eq!(answer.field("www-authenticate"), None);
}
