//! Header fields that a server may read as other fields, and fields that replace the method or the
//! URL of a request.

use crate::support::app::{App, Site, admin, get, post, problem};
use crate::support::upstream::{Recorded, Upstream};

/// Operations that declare header fields, one with an underscore.
const CONTRACT: &str = "openapi: 3.0.3
info: { title: Names, version: '1' }
components:
  securitySchemes: { key: { type: apiKey, in: header, name: app_key } }
paths:
  /plain:
    get: { responses: { default: { description: Any. } } }
    post: { responses: { default: { description: Any. } } }
  /declared:
    get:
      security: [{ key: [] }]
      parameters:
        - { name: api_key, in: header, required: true, schema: { type: string, pattern: '^[a-z]+$' } }
        - { name: X-Tenant, in: header, schema: { type: string, pattern: '^[a-z]+$' } }
      responses: { default: { description: Any. } }
";

const STRANGER: &str = "[identity]\ntrusted_peers = []\n";

/// The fields that identify a sender or describe the client, with their values.
const PROTECTED: [(&str, &str); 9] = [
    ("X-Squad-Owner", "payments"),
    ("X-SLA-Tier", "gold"),
    ("X-Service-Version", "1.0.0"),
    ("X-Forwarded-For", "9.9.9.9"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "evil"),
    ("X-Forwarded-Prefix", "/admin"),
    ("X-Real-IP", "9.9.9.9"),
    ("X-Request-Id", "chosen"),
];

struct Names {
    app: App,
    upstream: Upstream,
}

impl Names {
    fn start(top: &str) -> Self {
        let upstream = Upstream::ok();
        let site = Site::new(top).service(
            "names",
            CONTRACT,
            &format!("http://{}", upstream.address),
            "",
        );
        Self {
            app: App::start(site),
            upstream,
        }
    }

    /// Sends a request that must reach the upstream.
    #[track_caller]
    fn forwarded(&self, request: impl AsRef<[u8]>) -> Recorded {
        let answer = self.app.ask(request);
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 200, "{}{body}", answer.head);
        self.upstream.request()
    }

    /// Sends a request that must be refused, and returns the error and the detail.
    #[track_caller]
    fn refused(&self, request: impl AsRef<[u8]>) -> (u16, String, String) {
        let answer = self.app.ask(request);
        let problem = problem(&answer);
        assert!(self.upstream.requests.try_recv().is_err());
        let text = |property: &str| problem[property].as_str().unwrap().to_owned();
        (answer.status, text("error"), text("detail"))
    }

    fn count(&self, line: &str) -> u64 {
        let (_, metrics) = admin(self.app.admin, "/metrics");
        let found = metrics.lines().find_map(|found| found.strip_prefix(line));
        found.map_or(0, |count| count.trim().parse().unwrap())
    }
}

fn request(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: names\r\n{fields}\r\n")
}

/// The names of the fields, as a server that folds names reads them.
fn folded(recorded: &Recorded) -> Vec<String> {
    let lines = recorded.lines[1..].iter().chain(&recorded.trailers);
    let names = lines.filter_map(|line| line.split_once(':'));
    let fold = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    names
        .map(|(name, _)| name.chars().map(fold).collect())
        .collect()
}

#[test]
fn no_spelling_of_a_protected_field_reaches_the_upstream() {
    for top in [STRANGER, "", "[limits]\nheader_underscores = \"pass\"\n"] {
        let names = Names::start(top);
        for fold in ["_", ".", "~", "+"] {
            for (name, value) in PROTECTED {
                let spelled = name.replace('-', fold);
                let recorded =
                    names.forwarded(request("/plain", &format!("{spelled}: {value}\r\n")));
                assert!(recorded.fields(&spelled).is_empty(), "{spelled}");
                // At most the field that the proxy writes.
                let folded = folded(&recorded);
                let variable = name.to_ascii_uppercase().replace('-', "_");
                let count = folded.iter().filter(|name| **name == variable).count();
                assert!(count <= 1, "{spelled}: {folded:?}");
                let shown = recorded.lines.join("\n");
                assert!(!shown.contains(&format!(": {value}")), "{spelled}: {shown}");
            }
        }
        // One of the hyphens is enough.
        let recorded = names.forwarded(request("/plain", "x-squad_owner: payments\r\n"));
        assert!(!folded(&recorded).contains(&"X_SQUAD_OWNER".to_owned()));
        let dropped = "portcullis_dropped_headers_total{reason=\"protected-header\"}";
        assert_eq!(names.count(dropped), 37);
    }
}

#[test]
fn a_stranger_does_not_describe_the_client() {
    let fields: String = PROTECTED
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let recorded = Names::start(STRANGER).forwarded(request("/plain", &fields));
    for (name, value) in PROTECTED {
        assert!(!recorded.fields(name).contains(&value), "{name}");
    }
    let recorded = Names::start("").forwarded(request("/plain", &fields));
    assert_eq!(recorded.fields("x-real-ip"), ["9.9.9.9"]);
    assert_eq!(recorded.fields("x-forwarded-prefix"), ["/admin"]);
}

#[test]
fn no_spelling_passes_in_trailers_or_is_removed_by_connection() {
    let names =
        Names::start("[limits]\nheader_underscores = \"pass\"\noverride_headers = \"pass\"\n");
    let recorded = names.forwarded(
        "POST /plain HTTP/1.1\r\nhost: names\r\ntransfer-encoding: chunked\r\nte: trailers\r\n\
         trailer: x-sum\r\n\r\n1\r\nx\r\n0\r\nx_squad_owner: gold\r\nx.sla.tier: gold\r\n\
         x_forwarded_for: 1.2.3.4\r\ncontent_length: 9\r\ntransfer_encoding: chunked\r\n\
         x-http-method-override: DELETE\r\nx_original_url: /admin\r\nx-sum: 1\r\n\r\n",
    );
    assert_eq!(recorded.trailers, ["x-sum: 1"]);
    let fields = "x-squad-owner: payments\r\nx-request-id: word-1\r\n\
                  connection: x_squad_owner, X-Squad_Owner, x_request_id, content_length\r\n";
    let recorded = names.forwarded(request("/plain", fields));
    assert_eq!(recorded.fields("x-squad-owner"), ["payments"]);
    assert_eq!(recorded.fields("x-request-id"), ["word-1"]);
}

#[test]
fn irregular_names_are_dropped_unless_the_operation_declares_them() {
    let names = Names::start("");
    let recorded = names.forwarded(request(
        "/plain",
        "x_tenant: B2\r\napi_key: a\r\nx-kept: 1\r\n",
    ));
    assert!(recorded.fields("x_tenant").is_empty() && recorded.fields("api_key").is_empty());
    assert_eq!(recorded.fields("x-kept"), ["1"]);
    let dropped = "portcullis_dropped_headers_total{reason=\"underscore-header\"}";
    assert_eq!(names.count(dropped), 2);
    // Declared names pass and are checked; names that fold to them do not pass.
    let recorded = names.forwarded(request(
        "/declared",
        "API_Key: a\r\napp_key: k\r\nx_tenant: B2\r\napi-key: B2\r\napp.key: other\r\nX-Tenant: b\r\n",
    ));
    assert_eq!(recorded.fields("api_key"), ["a"]);
    assert_eq!(recorded.fields("app_key"), ["k"]);
    assert_eq!(recorded.fields("x-tenant"), ["b"]);
    for name in ["x_tenant", "api-key", "app.key"] {
        assert!(recorded.fields(name).is_empty(), "{name}");
    }
    let (status, error, _) = names.refused(request("/declared", "api_key: B2\r\napp_key: k\r\n"));
    assert_eq!((status, &*error), (422, "CONTRACT_VIOLATION"));
}

#[test]
fn irregular_names_pass_or_are_refused_as_configured() {
    let names = Names::start("[limits]\nheader_underscores = \"pass\"\n");
    let recorded = names.forwarded(request("/plain", "x_tenant: B2\r\n"));
    assert_eq!(recorded.fields("x_tenant"), ["B2"]);
    let names = Names::start("[limits]\nheader_underscores = \"refuse\"\n");
    let (status, error, detail) = names.refused(request("/plain", "X_Tenant: B2\r\n"));
    assert_eq!((status, &*error), (400, "REFUSED_HEADER"));
    assert!(
        detail.contains("`x_tenant`") && detail.contains("limits.header_underscores"),
        "{detail}"
    );
    assert_eq!(
        names.count("portcullis_http_refusals_total{reason=\"underscore-header\"}"),
        1
    );
    names.forwarded(request("/declared", "api_key: a\r\napp_key: k\r\n"));
}

const OVERRIDES: [&str; 8] = [
    "X-HTTP-Method-Override",
    "X-HTTP-Method",
    "X-Method-Override",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Original-URI",
    "X_HTTP_Method_Override",
    "x.rewrite.url",
];

#[test]
fn overrides_of_method_and_url_are_refused() {
    let names = Names::start("");
    for name in OVERRIDES {
        let (status, error, detail) =
            names.refused(request("/plain", &format!("{name}: DELETE\r\n")));
        assert_eq!((status, &*error), (400, "REFUSED_HEADER"), "{name}");
        let named = format!("`{}`", name.to_ascii_lowercase());
        assert!(
            detail.contains(&named) && detail.contains("limits.override_headers"),
            "{detail}"
        );
    }
    assert_eq!(
        names.count("portcullis_http_refusals_total{reason=\"override-header\"}"),
        8
    );
    // The connection stays usable: the refusal is not about its framing.
    let mut client = names.app.client();
    client.send(request("/plain", "x-original-url: /admin\r\n"));
    assert_eq!(client.answer().status, 400);
    client.send(get("/plain"));
    assert_eq!(client.answer().status, 200);
}

#[test]
fn overrides_are_dropped_or_pass_as_configured() {
    let names = Names::start("[limits]\noverride_headers = \"drop\"\n");
    for name in OVERRIDES {
        let recorded = names.forwarded(request("/plain", &format!("{name}: DELETE\r\n")));
        assert!(recorded.fields(name).is_empty(), "{name}");
    }
    let names = Names::start("[limits]\noverride_headers = \"pass\"\n");
    let recorded = names.forwarded(request("/plain", "x-http-method-override: DELETE\r\n"));
    assert_eq!(recorded.fields("x-http-method-override"), ["DELETE"]);
}

#[test]
fn a_legacy_service_does_not_refuse_overrides() {
    let upstream = Upstream::ok();
    let app = App::start(Site::shop(upstream.address, "legacy = true", ""));
    let answer = app.ask(post("/items", "x-http-method-override: DELETE\r\n", "{}"));
    assert_eq!(answer.status, 200);
    assert_eq!(
        upstream.request().fields("x-http-method-override"),
        ["DELETE"]
    );
}
