//! Valid and invalid tokens with real signatures, and key sets; every fault and its message.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::signing::{Secret, SigningAlgorithm as Algorithm};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use portcullis_config::JwtConfig;
use portcullis_vocabulary::Tier;
use portcullis_vocabulary::limits::{KEY_SET_BYTES_MAX, KEYS_MAX, TOKEN_BYTES_MAX};

/// The public halves of the keys in `fixtures`.
const KEYS: &str = include_str!("fixtures/keys.json");

/// The time of every test, in seconds since 1970.
const NOW: u64 = 1_800_000_000;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn set(keys: &Value) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

/// A public key of the fixtures with some members replaced; null removes a member.
fn public(id: &str, members: &Value) -> Value {
    let all: Value = serde_json::from_str(KEYS).unwrap();
    let keys = all["keys"].as_array().unwrap();
    let mut key = keys.iter().find(|key| key["kid"] == id).unwrap().clone();
    for (name, value) in members.as_object().unwrap() {
        key[name] = value.clone();
    }
    key.as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    key
}

/// The private key of the fixtures with this name.
fn private(name: &str) -> Secret {
    let pem = match name {
        "rsa" => include_str!("fixtures/rsa.pem"),
        "rsa-other" => include_str!("fixtures/rsa-other.pem"),
        "p256" => include_str!("fixtures/p256.pem"),
        "p384" => include_str!("fixtures/p384.pem"),
        _ => include_str!("fixtures/ed25519.pem"),
    };
    Secret::from_pem(pem)
}

/// The header and the claims as they are signed.
fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn sign(header: &Value, claims: &Value, key: &Secret, algorithm: Algorithm) -> String {
    let message = message(header, claims);
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes(), algorithm));
    format!("{message}.{signature}")
}

/// The default claims, with some of them replaced; null removes a claim.
fn claims(members: &Value) -> Value {
    let mut claims = json!({ "squad_id": "payments", "exp": NOW + 60 });
    for (name, value) in members.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

/// A valid token except for these claims.
fn token(members: &Value) -> String {
    let header = json!({ "alg": "ES256", "kid": "p256" });
    sign(
        &header,
        &claims(members),
        &private("p256"),
        Algorithm::ES256,
    )
}

fn verify_with(config: &JwtConfig, token: &str, keys: &KeySet) -> Result<TokenClaims, TokenFault> {
    TokenVerifier::new(config).verify(token.as_bytes(), keys, at(NOW))
}

fn verify(token: &str) -> Result<TokenClaims, TokenFault> {
    let keys = KeySet::parse(KEYS.as_bytes()).unwrap();
    verify_with(&JwtConfig::default(), token, &keys)
}

/// Verifies a token with these claims.
fn verify_claims(members: &Value) -> Result<TokenClaims, TokenFault> {
    verify(&token(members))
}

#[test]
fn verifies_every_algorithm() {
    let check = |name: &str, algorithm, key: &str| {
        let header = json!({ "alg": name, "kid": key, "typ": "JWT" });
        let claims = claims(&json!({ "sla_tier": "gold" }));
        let token = sign(&header, &claims, &private(key), algorithm);
        let verified = verify(&token).unwrap_or_else(|fault| unreachable!("{name}: {fault}"));
        assert_eq!(verified.squad.as_str(), "payments", "{name}");
        assert_eq!(verified.tier, Some(Tier::Gold), "{name}");
        assert_eq!(verified.expires, at(NOW + 60 + 30), "{name}");
    };
    check("RS256", Algorithm::RS256, "rsa");
    check("RS384", Algorithm::RS384, "rsa");
    check("RS512", Algorithm::RS512, "rsa");
    check("PS256", Algorithm::PS256, "rsa");
    check("PS384", Algorithm::PS384, "rsa");
    check("PS512", Algorithm::PS512, "rsa-other");
    check("ES256", Algorithm::ES256, "p256");
    check("ES384", Algorithm::ES384, "p384");
    check("EdDSA", Algorithm::EdDSA, "ed25519");
    check("Ed25519", Algorithm::EdDSA, "ed25519");
}

#[test]
#[rustfmt::skip]
fn rejects_malformed_tokens() {
    let good = token(&json!({}));
    let parts: Vec<_> = good.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let check = |token: &str| assert_eq!(verify(token), Err(TokenFault::Malformed), "{token}");
    for text in ["", ".", "..", "...", "a", "a.b", "a.b.c", "ü.ü.ü", "eyJ.eyJ.sig", "a b.c.d"] {
        check(text);
    }
    check(&format!("{header}.{claims}"));
    check(&format!("{good}.{signature}"));
    check(&format!("{header}.{claims}.{signature}="));
    check(&format!("{header}.{claims}.{}+", &signature[1..]));
    check(&format!("{header}=.{claims}.{signature}"));
    check(&format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode("{}")));
    check(&format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode("[]")));
    check(&format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode(r#"{"alg":7}"#)));
    let twice = r#"{"alg":"ES256","alg":"RS256","kid":"p256"}"#;
    check(&format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode(twice)));
    assert_eq!(verify(&good).map(|claims| claims.squad.to_string()), Ok("payments".into()));
}

#[test]
fn rejects_tokens_that_are_too_large() {
    let fits = "a".repeat(TOKEN_BYTES_MAX);
    assert_eq!(verify(&fits), Err(TokenFault::Malformed));
    assert_eq!(verify(&(fits + "a")), Err(TokenFault::TooLarge));
}

#[test]
#[rustfmt::skip]
fn rejects_algorithms_without_public_keys() {
    let claims = claims(&json!({}));
    for name in ["none", "None", "NONE", "", "HS256", "HS384", "HS512", "ES512", "ES256K", "Ed448", "RSA-OAEP"] {
        let message = message(&json!({ "alg": name, "kid": "rsa" }), &claims);
        assert_eq!(verify(&format!("{message}.")), Err(TokenFault::Algorithm), "{name}");
        assert_eq!(verify(&format!("{message}.AAAA")), Err(TokenFault::Algorithm), "{name}");
    }
    // The secret that a library uses if it lets the token choose the algorithm.
    let modulus = public("rsa", &json!({}))["n"].as_str().unwrap().to_owned();
    let header = json!({ "alg": "HS256", "kid": "rsa" });
    for secret in [modulus.as_bytes(), &URL_SAFE_NO_PAD.decode(&modulus).unwrap(), KEYS.as_bytes()] {
        let token = sign(&header, &claims, &Secret::shared(secret), Algorithm::HS256);
        assert_eq!(verify(&token), Err(TokenFault::Algorithm));
    }
    // The same signature with the name of an accepted algorithm.
    let header = json!({ "alg": "RS256", "kid": "rsa" });
    let token = sign(&header, &claims, &Secret::shared(modulus.as_bytes()), Algorithm::HS256);
    assert_eq!(verify(&token), Err(TokenFault::Signature));
}

#[test]
fn the_key_must_match_the_algorithm() {
    let check = |name: &str, algorithm, signer: &str, key: Value, expected: Result<(), _>| {
        let header = json!({ "alg": name, "kid": key["kid"] });
        let token = sign(&header, &claims(&json!({})), &private(signer), algorithm);
        let verdict = verify_with(&JwtConfig::default(), &token, &set(&json!([key])));
        assert_eq!(verdict.map(|_| ()), expected, "{name}");
    };
    let plain = |id| public(id, &json!({}));
    let mismatch = Err(TokenFault::KeyMismatch);
    check("ES256", Algorithm::ES256, "p256", plain("rsa"), mismatch);
    check("RS256", Algorithm::RS256, "rsa", plain("p256"), mismatch);
    check("ES384", Algorithm::ES384, "p384", plain("p256"), mismatch);
    check(
        "EdDSA",
        Algorithm::EdDSA,
        "ed25519",
        plain("p256"),
        mismatch,
    );
    let only = |name: &str| public("rsa", &json!({ "alg": name }));
    check("RS256", Algorithm::RS256, "rsa", only("RS256"), Ok(()));
    check("RS512", Algorithm::RS512, "rsa", only("RS256"), mismatch);
    check("RS256", Algorithm::RS256, "rsa", only("PS256"), mismatch);
    let ops = public("rsa", &json!({ "use": null, "key_ops": ["verify"] }));
    check("RS256", Algorithm::RS256, "rsa", ops, Ok(()));
    // A signature of one algorithm is invalid for another, even if the key allows both.
    let wrong = Err(TokenFault::Signature);
    check("PS256", Algorithm::RS256, "rsa", plain("rsa"), wrong);
    check("RS384", Algorithm::RS256, "rsa", plain("rsa"), wrong);
    check("RS256", Algorithm::RS256, "rsa-other", plain("rsa"), wrong);
}

#[test]
fn finds_a_key_by_id_or_as_the_only_one() {
    let check = |id: Value, keys: &KeySet, expected: Result<(), TokenFault>| {
        let header = match id {
            Value::Null => json!({ "alg": "RS256" }),
            id => json!({ "alg": "RS256", "kid": id }),
        };
        let token = sign(
            &header,
            &claims(&json!({})),
            &private("rsa"),
            Algorithm::RS256,
        );
        let verdict = verify_with(&JwtConfig::default(), &token, keys);
        assert_eq!(verdict.map(|_| ()), expected, "{header}");
    };
    let all = KeySet::parse(KEYS.as_bytes()).unwrap();
    check(json!("rsa"), &all, Ok(()));
    check(json!("rsa-other"), &all, Err(TokenFault::Signature));
    check(json!("absent"), &all, Err(TokenFault::UnknownKey));
    check(json!(""), &all, Err(TokenFault::UnknownKey));
    check(Value::Null, &all, Err(TokenFault::AmbiguousKey));
    let (rsa, p256) = (public("rsa", &json!({})), public("p256", &json!({})));
    check(Value::Null, &set(&json!([rsa, p256])), Ok(()));
    check(
        Value::Null,
        &set(&json!([p256])),
        Err(TokenFault::UnknownKey),
    );
    let nameless = set(&json!([public("rsa", &json!({ "kid": null }))]));
    check(Value::Null, &nameless, Ok(()));
    check(json!("rsa"), &nameless, Err(TokenFault::UnknownKey));
}

#[test]
fn rejects_changed_tokens() {
    let good = token(&json!({}));
    let parts: Vec<_> = good.split('.').collect();
    let forged = message(
        &json!({ "alg": "ES256", "kid": "p256" }),
        &claims(&json!({ "squad_id": "checkout" })),
    );
    let check = |token: String| assert_eq!(verify(&token), Err(TokenFault::Signature), "{token}");
    check(format!("{forged}.{}", parts[2]));
    check(format!("{}.{}.", parts[0], parts[1]));
    check(format!("{}.{}.{}", parts[0], parts[1], &parts[2][4..]));
    let none = format!("{forged}.AAAA");
    assert_eq!(verify(&none), Err(TokenFault::Signature));
}

#[test]
fn rejects_critical_extensions() {
    let header = json!({ "alg": "ES256", "kid": "p256", "crit": ["b64"], "b64": false });
    let token = sign(
        &header,
        &claims(&json!({})),
        &private("p256"),
        Algorithm::ES256,
    );
    assert_eq!(verify(&token), Err(TokenFault::Extension));
}

#[test]
fn checks_times_with_leeway() {
    let check = |members: Value, expected: Result<(), TokenFault>| {
        assert_eq!(verify_claims(&members).map(|_| ()), expected, "{members}");
    };
    check(json!({ "exp": NOW - 29 }), Ok(()));
    check(json!({ "exp": NOW as f64 - 29.5 }), Ok(()));
    check(json!({ "exp": NOW - 30 }), Err(TokenFault::Expired));
    check(json!({ "exp": -1 }), Err(TokenFault::Expired));
    check(json!({ "exp": 0 }), Err(TokenFault::Expired));
    check(json!({ "exp": 1e300 }), Ok(()));
    check(json!({ "exp": u64::MAX }), Ok(()));
    check(json!({ "exp": null }), Err(TokenFault::NoExpiry));
    check(json!({ "exp": "1900000000" }), Err(TokenFault::Malformed));
    check(json!({ "nbf": NOW + 30 }), Ok(()));
    check(json!({ "nbf": NOW + 31 }), Err(TokenFault::NotYetValid));
    check(json!({ "nbf": "now" }), Err(TokenFault::Malformed));
    let strict = JwtConfig {
        leeway: Duration::ZERO,
        ..JwtConfig::default()
    };
    let keys = KeySet::parse(KEYS.as_bytes()).unwrap();
    let verdict = |seconds| verify_with(&strict, &token(&json!({ "exp": seconds })), &keys);
    assert_eq!(verdict(NOW), Err(TokenFault::Expired));
    assert_eq!(
        verdict(NOW + 1).map(|claims| claims.expires),
        Ok(at(NOW + 1))
    );
}

#[test]
fn checks_the_configured_issuer_and_audience() {
    let config = JwtConfig {
        issuer: Some("https://issuer.example/".into()),
        audience: vec!["orders".into(), "ledger".into()],
        ..JwtConfig::default()
    };
    let keys = KeySet::parse(KEYS.as_bytes()).unwrap();
    let check = |issuer: Value, audience: Value, expected: Result<(), TokenFault>| {
        let token = token(&json!({ "iss": issuer, "aud": audience }));
        let verdict = verify_with(&config, &token, &keys).map(|_| ());
        assert_eq!(verdict, expected, "{issuer} {audience}");
        assert_eq!(verify(&token).map(|_| ()), Ok(()));
    };
    let issuer = || json!("https://issuer.example/");
    check(issuer(), json!("orders"), Ok(()));
    check(issuer(), json!(["search", "ledger"]), Ok(()));
    check(
        json!("https://issuer.example"),
        json!("orders"),
        Err(TokenFault::Issuer),
    );
    check(json!([issuer()]), json!("orders"), Err(TokenFault::Issuer));
    check(Value::Null, json!("orders"), Err(TokenFault::Issuer));
    check(issuer(), json!("search"), Err(TokenFault::Audience));
    check(issuer(), json!([]), Err(TokenFault::Audience));
    check(
        issuer(),
        json!({ "orders": true }),
        Err(TokenFault::Audience),
    );
    check(issuer(), Value::Null, Err(TokenFault::Audience));
}

#[test]
fn requires_a_squad_but_not_a_tier() {
    let check = |members: Value, expected: Result<Option<Tier>, TokenFault>| {
        assert_eq!(
            verify_claims(&members).map(|claims| claims.tier),
            expected,
            "{members}"
        );
    };
    check(json!({}), Ok(None));
    check(json!({ "sla_tier": "silver" }), Ok(Some(Tier::Silver)));
    check(json!({ "sla_tier": "platinum" }), Ok(Some(Tier::Bronze)));
    check(json!({ "sla_tier": 7 }), Ok(Some(Tier::Bronze)));
    check(json!({ "squad_id": null }), Err(TokenFault::NoSquad));
    check(
        json!({ "squad_id": "Payments" }),
        Err(TokenFault::NotSquadName),
    );
    check(json!({ "squad_id": "" }), Err(TokenFault::NotSquadName));
    check(
        json!({ "squad_id": ["payments"] }),
        Err(TokenFault::NotSquadName),
    );
    let config = JwtConfig {
        squad_claim: "https://issuer.example/squad".into(),
        tier_claim: "tier".into(),
        ..JwtConfig::default()
    };
    let token = token(&json!({ "https://issuer.example/squad": "search", "tier": "gold" }));
    let keys = KeySet::parse(KEYS.as_bytes()).unwrap();
    let verified = verify_with(&config, &token, &keys).unwrap();
    assert_eq!(
        (verified.squad.as_str(), verified.tier),
        ("search", Some(Tier::Gold))
    );
}

#[test]
#[rustfmt::skip]
fn every_fault_has_a_name_and_a_message() {
    let names: std::collections::BTreeSet<_> = TokenFault::ALL.map(TokenFault::name).into();
    assert_eq!(names.len(), TokenFault::ALL.len());
    for fault in TokenFault::ALL {
        let (name, message) = (fault.name(), fault.to_string());
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
        assert!(message.starts_with(char::is_lowercase) && !message.ends_with('.'), "{message}");
        assert_eq!(fault.is_proxy_fault(), name == "keys-unavailable");
    }
    let check = |fault: TokenFault, name: &str, message: &str| {
        assert_eq!((fault.name(), fault.to_string().as_str()), (name, message));
    };
    check(TokenFault::TooLarge, "token-too-large", "the token is larger than 8192 bytes; let the issuer add fewer claims");
    check(TokenFault::Expired, "expired", "the token has expired (`exp`); get a new one, and check the clocks if it is new");
    check(TokenFault::UnknownKey, "unknown-key", "the key set has no key for the token (`kid`, `alg`); check that `identity.jwt.jwks` belongs to its issuer, or wait until the keys are read again");
    check(TokenFault::KeysUnavailable, "keys-unavailable", "the keys of the issuer are not available yet; check `identity.jwt.jwks` and the log");
    check(TokenFault::NotSquadName, "not-a-squad-name", "the squad claim of the token is not a squad name: expected 1 to 64 characters of a-z, 0-9, '.', '_' and '-'");
}

#[test]
#[rustfmt::skip]
fn ignores_and_reports_unusable_keys() {
    let check = |key: Value, fault: KeyFault| {
        let set = set(&json!([key, public("p384", &json!({}))]));
        assert_eq!((set.count(), set.ignored()), (1, &[IgnoredKey { position: 1, fault }][..]), "{key}");
    };
    let zeros = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![0; bytes]);
    let ones = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![255; bytes]);
    check(json!(7), KeyFault::Malformed);
    check(json!({}), KeyFault::Malformed);
    check(public("rsa", &json!({ "kid": 7 })), KeyFault::Malformed);
    check(public("rsa", &json!({ "key_ops": "verify" })), KeyFault::Malformed);
    check(json!({ "kty": "oct", "k": "c2VjcmV0", "alg": "HS256" }), KeyFault::Symmetric);
    check(json!({ "kty": "AKP" }), KeyFault::UnknownType);
    check(public("p256", &json!({ "crv": "secp256k1" })), KeyFault::UnknownType);
    check(public("p256", &json!({ "crv": null })), KeyFault::UnknownType);
    check(public("ed25519", &json!({ "crv": "X25519" })), KeyFault::UnknownType);
    check(public("rsa", &json!({ "use": "enc" })), KeyFault::OtherUse);
    check(public("rsa", &json!({ "key_ops": ["sign"] })), KeyFault::OtherUse);
    check(public("rsa", &json!({ "alg": "HS256" })), KeyFault::OtherAlgorithm);
    check(public("rsa", &json!({ "alg": "RSA-OAEP" })), KeyFault::OtherAlgorithm);
    check(public("rsa", &json!({ "alg": "ES256" })), KeyFault::OtherAlgorithm);
    check(public("p256", &json!({ "alg": "ES384" })), KeyFault::OtherAlgorithm);
    check(public("rsa", &json!({ "n": null })), KeyFault::Incomplete);
    check(public("rsa", &json!({ "e": "!" })), KeyFault::Incomplete);
    check(public("rsa", &json!({ "e": zeros(3) })), KeyFault::Incomplete);
    check(public("p256", &json!({ "x": zeros(31) })), KeyFault::Incomplete);
    check(public("p256", &json!({ "y": null })), KeyFault::Incomplete);
    check(public("ed25519", &json!({ "x": zeros(33) })), KeyFault::Incomplete);
    check(public("rsa", &json!({ "n": ones(128) })), KeyFault::ModulusLength);
    check(public("rsa", &json!({ "n": ones(1025) })), KeyFault::ModulusLength);
    let twins = set(&json!([public("rsa", &json!({})), public("rsa-other", &json!({ "kid": "rsa" })), public("p256", &json!({ "kid": "rsa" }))]));
    assert_eq!((twins.count(), twins.ignored()), (2, &[IgnoredKey { position: 2, fault: KeyFault::SameId }][..]));
}

#[test]
#[rustfmt::skip]
fn reports_why_a_key_set_is_unusable() {
    let check = |bytes: &[u8], message: &str| {
        assert_eq!(KeySet::parse(bytes).unwrap_err().to_string(), message);
    };
    let not_jwks = |location: &str| format!("not a JWKS ({location}): expected a JSON object with a list `keys`; check the address");
    check(b"", &not_jwks("line 1, column 0"));
    check(b"<html>", &not_jwks("line 1, column 1"));
    check(b"{\n}", &not_jwks("line 2, column 1"));
    check(br#"{"keys": {}}"#, &not_jwks("line 1, column 9"));
    check(b"\xff", &not_jwks("line 1, column 1"));
    check(br#"{"keys": []}"#, "none of its 0 keys can verify a token: it is empty; check the issuer");
    check(br#"{"keys": [{"kty": "oct", "k": "AA"}, {"kty": "x"}]}"#, "none of its 2 keys can verify a token; key 1: it is symmetric (`oct`), and a published set must not contain secrets; key 2: its `kty` or `crv` is not RSA, EC with P-256 or P-384, or OKP with Ed25519");
    let many = json!({ "keys": vec![json!({ "kty": "oct" }); 7] }).to_string();
    let symmetric = |position| format!("; key {position}: it is symmetric (`oct`), and a published set must not contain secrets");
    let five: String = (1..=5).map(symmetric).collect();
    check(many.as_bytes(), &format!("none of its 7 keys can verify a token{five}; and 2 more"));
    let many = json!({ "keys": vec![public("p256", &json!({})); KEYS_MAX + 1] }).to_string();
    check(many.as_bytes(), "101 keys, more than the maximum of 100; check the address");
    let large = vec![b' '; KEY_SET_BYTES_MAX + 1];
    check(&large, "larger than 1048576 bytes, so it is not a key set; check the address");
}

fn tokens(config: &JwtConfig, keys: &IssuerKeys) -> TokenAuthenticator {
    TokenAuthenticator::new(config, keys.clone())
}

fn identify(
    tokens: &TokenAuthenticator,
    values: &[&str],
    now: u64,
) -> Result<Option<String>, TokenFault> {
    let values = values.iter().map(|value| value.as_bytes());
    let verified = tokens.identify(values, at(now))?;
    Ok(verified.map(|claims| claims.squad.to_string()))
}

/// Whether a refresh was requested; consumes the request.
fn take_refresh_request(keys: &IssuerKeys) -> bool {
    use std::task::{Context, Poll, Waker};
    let requested = std::pin::pin!(keys.refresh_requested());
    requested.poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
}

#[test]
fn identifies_the_squad_of_a_request() {
    let keys = IssuerKeys::new();
    let tokens = tokens(&JwtConfig::default(), &keys);
    assert_eq!(tokens.header().as_str(), "authorization");
    let bearer = format!("Bearer {}", token(&json!({})));
    let values = [bearer.as_str()];
    let unavailable = Err(TokenFault::KeysUnavailable);
    assert_eq!(identify(&tokens, &values, NOW), unavailable);
    assert!(!keys.is_loaded());
    assert_eq!(identify(&tokens, &[], NOW), Ok(None));
    keys.replace(KeySet::parse(KEYS.as_bytes()).unwrap());
    assert!(keys.is_loaded());
    let payments = Ok(Some("payments".to_owned()));
    assert_eq!(identify(&tokens, &values, NOW), payments);
    assert_eq!(identify(&tokens, &values, NOW + 89), payments);
    assert_eq!(
        identify(&tokens, &values, NOW + 90),
        Err(TokenFault::Expired)
    );
    assert_eq!(identify(&tokens, &["Basic dTpw"], NOW), Ok(None));
    let required = JwtConfig {
        required: true,
        ..JwtConfig::default()
    };
    let strict = TokenAuthenticator::new(&required, keys);
    assert_eq!(identify(&strict, &[], NOW), Err(TokenFault::Missing));
    assert_eq!(
        identify(&strict, &["Basic dTpw"], NOW),
        Err(TokenFault::Missing)
    );
    assert_eq!(identify(&strict, &values, NOW), payments);
}

#[test]
fn rejects_tokens_of_a_revoked_key() {
    let keys = IssuerKeys::new();
    keys.replace(KeySet::parse(KEYS.as_bytes()).unwrap());
    let tokens = tokens(&JwtConfig::default(), &keys);
    let bearer = format!("Bearer {}", token(&json!({})));
    let values = [bearer.as_str()];
    assert!(identify(&tokens, &values, NOW).is_ok() && !take_refresh_request(&keys));
    keys.replace(set(&json!([public("rsa", &json!({}))])));
    assert_eq!(identify(&tokens, &values, NOW), Err(TokenFault::UnknownKey));
    assert!(take_refresh_request(&keys) && !take_refresh_request(&keys));
    // Faults are not cached.
    keys.replace(set(&json!([public("p256", &json!({}))])));
    assert!(identify(&tokens, &values, NOW).is_ok());
}

#[test]
fn reads_the_bare_token_of_another_header() {
    let config = JwtConfig {
        header: "x-identity-token".parse().unwrap(),
        ..JwtConfig::default()
    };
    let keys = IssuerKeys::new();
    keys.replace(KeySet::parse(KEYS.as_bytes()).unwrap());
    let tokens = tokens(&config, &keys);
    let token = token(&json!({}));
    assert_eq!(tokens.header().as_str(), "x-identity-token");
    assert_eq!(
        identify(&tokens, &[&token], NOW),
        Ok(Some("payments".into()))
    );
    let twice = identify(&tokens, &[&token, &token], NOW);
    assert_eq!(twice, Err(TokenFault::Repeated));
}

/// A server that reads `_` as `-` gets no other token than the one that was verified.
#[test]
fn other_spellings_of_the_token_header_are_removed() {
    let config = JwtConfig {
        header: "x-identity-token".parse().unwrap(),
        ..JwtConfig::default()
    };
    let keys = IssuerKeys::new();
    keys.replace(KeySet::parse(KEYS.as_bytes()).unwrap());
    let resolver = IdentityResolver::Tokens(Box::new(tokens(&config, &keys)));
    let mut headers = http::HeaderMap::new();
    for (name, value) in [
        ("x-identity-token", "bad"),
        ("x_identity_token", "forged"),
        ("x.identity-token", "forged"),
        ("x-identity", "kept"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let catalog = portcullis_vocabulary::Catalog::new(vec![], vec![], vec![]);
    let sender = RequestSender {
        is_trusted: true,
        certificate_uris: None,
    };
    assert!(resolver.identify(&mut headers, sender, &catalog).is_err());
    let names: Vec<&str> = headers.keys().map(http::HeaderName::as_str).collect();
    assert_eq!(names, ["x-identity-token", "x-identity"]);
    assert_eq!(resolver.token_header(), Some(&config.header));
}

#[test]
fn debug_output_contains_no_token() {
    let keys = IssuerKeys::new();
    keys.replace(KeySet::parse(KEYS.as_bytes()).unwrap());
    let tokens = tokens(&JwtConfig::default(), &keys);
    let token = token(&json!({}));
    let values = [format!("Bearer {token}")];
    assert!(identify(&tokens, &[&values[0]], NOW).is_ok());
    let signature = token.rsplit('.').next().unwrap();
    let printed = format!("{tokens:?}");
    assert!(printed.contains("payments") && !printed.contains(signature));
    let bytes = format!("{:?}", token.as_bytes());
    assert!(!printed.contains(bytes.trim_matches(['[', ']'])));
}

proptest! {
    #[test]
    fn verifying_a_token_never_panics(header in ".{0,60}", claims in ".{0,60}", signature in "[A-Za-z0-9_-]{0,90}", raw in any::<Vec<u8>>()) {
        let part = |text: String| URL_SAFE_NO_PAD.encode(text);
        let token = format!("{}.{}.{signature}", part(header), part(claims));
        prop_assert!(verify(&token).is_err());
        let keys = KeySet::parse(KEYS.as_bytes()).unwrap();
        prop_assert!(TokenVerifier::new(&JwtConfig::default()).verify(&raw, &keys, at(NOW)).is_err());
    }

    #[test]
    fn checking_claims_never_panics(name in "(exp|nbf|iss|aud|squad_id|sla_tier)", value in "(-?[0-9]{1,25}(\\.[0-9]{1,5})?(e-?[0-9]{1,2})?|\"[a-z]{0,70}\"|null|true|\\[\\]|\\{\\})") {
        if let Ok(value) = serde_json::from_str::<Value>(&value) {
            let mut claims = claims(&json!({}));
            claims[name] = value;
            let header = json!({ "alg": "EdDSA", "kid": "ed25519" });
            let _any = verify(&sign(&header, &claims, &private("ed25519"), Algorithm::EdDSA));
        }
    }

    #[test]
    fn parsing_a_key_set_never_panics(bytes in any::<Vec<u8>>(), member in "(kty|crv|alg|use|key_ops|n|e|x|y)", text in ".{0,40}") {
        prop_assert!(KeySet::parse(&bytes).is_err());
        let key = public("p256", &json!({ member: text }));
        let _any = KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes());
    }
}
