//! Envoy with mutual TLS on both sides, as a mesh has it: one in front, one behind, and certificates
//! with SPIFFE IDs between them.

use std::process::Command;

use crate::support::app::{App, Site, admin, ask, get};
use crate::support::certificates::TestAuthority;
use crate::support::running_proxy::{RunningProxy, free_address};
use crate::support::tools::tool;
use crate::support::upstream::Upstream;

/// What both Envoys show, and the program.
const FILES: [(&str, &str); 3] = [
    ("front", "spiffe://prod/ns/checkout/sa/web"),
    ("own", "spiffe://prod/ns/payments/sa/portcullis"),
    ("behind", "spiffe://prod/ns/payments/sa/shop"),
];

fn tls(kind: &str, name: &str, more: &str) -> String {
    format!(
        "{{name: envoy.transport_sockets.tls, typed_config: {{\"@type\": \
         type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.{kind}TlsContext, {more} \
         common_tls_context: {{tls_certificates: [{{certificate_chain: {{filename: FOLDER/{name}.pem}}, \
         private_key: {{filename: FOLDER/{name}.key}}}}], validation_context: {{trusted_ca: \
         {{filename: FOLDER/ca.pem}}}}, ALPN}}}}}}"
    )
}

/// A listener that routes everything to a cluster.
fn listener(name: &str, port: u16, more: &str) -> String {
    format!(
        "  - name: {name}\n    address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}\n    \
         filter_chains:\n    - filters:\n      - name: http\n        typed_config:\n          \
         \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager\n          \
         stat_prefix: {name}\n          http_filters: [{{name: router, typed_config: {{\"@type\": \
         type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}}}]\n          \
         route_config: {{virtual_hosts: [{{name: all, domains: [\"*\"], routes: [{{match: {{prefix: /}}, \
         route: {{cluster: {name}}}}}]}}]}}\n{more}"
    )
}

fn cluster(name: &str, port: u16, more: &str) -> String {
    format!(
        "  - name: {name}\n    type: STATIC\n    load_assignment: {{cluster_name: {name}, endpoints: \
         [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: \
         {port}}}}}}}}}]}}]}}\n{more}"
    )
}

/// The configuration of both Envoys in one process.
fn configuration(ports: [u16; 4], folder: &str, is_http2: bool) -> String {
    let [front, own, behind, upstream] = ports;
    let http2 = "    typed_extension_protocol_options:\n      \
                 envoy.extensions.upstreams.http.v3.HttpProtocolOptions:\n        \
                 \"@type\": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions\n        \
                 explicit_http_config: {http2_protocol_options: {}}\n";
    let alpn = if is_http2 { "h2" } else { "http/1.1" };
    let to_own = format!(
        "    transport_socket: {}\n{}",
        tls("Upstream", "front", "sni: shop.test,"),
        if is_http2 { http2 } else { "" }
    );
    let from_own = format!(
        "      transport_socket: {}\n",
        tls("Downstream", "behind", "require_client_certificate: true,")
    );
    [
        "static_resources:\n  listeners:\n".to_owned(),
        listener("front", front, ""),
        listener("behind", behind, &from_own),
        "  clusters:\n".to_owned(),
        cluster("front", own, &to_own),
        cluster("behind", upstream, ""),
    ]
    .concat()
    .replace("FOLDER", folder)
    .replace("ALPN", &format!("alpn_protocols: [\"{alpn}\"]"))
}

#[cfg_attr(not(has_envoy), ignore = "needs envoy; .ci/run installs it")]
#[test]
fn a_mesh_of_envoy_authenticates_both_sides() {
    for is_http2 in [false, true] {
        let upstream = Upstream::ok();
        let authority = TestAuthority::new();
        let behind = free_address();
        let top = "[listen]\naddress = \"127.0.0.1:0\"\n[listen.tls]\n\
                   certificates = [{ cert = \"own.pem\", key = \"own.key\" }]\n\
                   client_auth = \"required\"\nclient_ca = \"ca.pem\"\n\
                   [identity]\nsource = \"certificate\"\n[identity.certificate]\n\
                   trust_domains = [\"prod\"]\n[catalog]\npath = \"squads.toml\"";
        let keys = "upstream_tls = { ca = \"ca.pem\", client_cert = \"own.pem\", client_key = \"own.key\", \
                    spiffe = \"spiffe://prod/ns/payments/sa/shop\" }";
        let squads = "[squads.payments]\nnamespaces = [\"payments\"]\n\
                      [squads.checkout]\ntier = \"gold\"\nnamespaces = [\"checkout\"]\n";
        let mut site = Site::new(top)
            .file("ca.pem", &authority.pem)
            .file("squads.toml", squads);
        for (name, id) in FILES {
            site = site.certificate(name, &authority.sign(&[id, "shop.test"]));
        }
        let folder = site.path("ca.pem").parent().unwrap().display().to_string();
        let url = format!("https://{behind}");
        let app = App::start(site.service("shop", crate::support::app::SHOP, &url, keys));
        let front = free_address();
        let ports = [
            front.port(),
            app.data.port(),
            behind.port(),
            upstream.address.port(),
        ];
        let mut command = Command::new(tool("envoy"));
        command.args(["--config-yaml", &configuration(ports, &folder, is_http2)]);
        command.args([
            "--concurrency",
            "1",
            "--use-dynamic-base-id",
            "--log-level",
            "warning",
        ]);
        let envoy = RunningProxy::start(&mut command, front);
        let request = |target: &str| {
            get(target).replace(
                "host: shop\r\n",
                "host: shop.test\r\nx-squad-owner: payments\r\n",
            )
        };
        for _ in 0..20 {
            let answer = ask(envoy.address, request("/items"));
            assert_eq!(
                (answer.status, &answer.body[..]),
                (200, &b"ok"[..]),
                "{answer:?}"
            );
            let request = upstream.request();
            // The certificate counts, and not what the client claims.
            assert_eq!(request.fields("x-squad-owner"), ["checkout"]);
        }
        let refused = ask(envoy.address, request("/items?limit=x"));
        assert_eq!(refused.status, 422, "{refused:?}");
        let metrics = admin(app.admin, "/metrics").1;
        let counted = "operation=\"listItems\",squad=\"checkout\",outcome=\"answered\"} 20";
        assert!(metrics.contains(counted), "{metrics}");
    }
}
