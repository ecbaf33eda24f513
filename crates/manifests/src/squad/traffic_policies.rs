//! Who may call whom: nothing by default; DNS and the own squad; other squads by `[[dependencies]]`.
//!
//! A dependency needs a policy on both sides: egress of the caller and ingress of the provider. Other
//! squads reach only the port of the proxy, so no call passes it by. Namespaces are selected by the
//! label that the API server sets, which no one can give to another namespace.

use std::collections::BTreeMap;

use portcullis_vocabulary::{Catalog, Squad};
use serde_json::{Value, json};

use super::squad_metadata::metadata;
use super::squad_settings::SquadSettings;

/// The label of pods that belong to a service.
const SERVICE_LABEL: &str = "app.kubernetes.io/name";

/// The label of a namespace with its own name.
const NAMESPACE_LABEL: &str = "kubernetes.io/metadata.name";

/// Where pods ask for names if nodes cache them.
const NODE_CACHE: &str = "169.254.20.10/32";

/// The policies of one namespace of a squad.
pub(super) fn traffic_policies(
    catalog: &Catalog,
    squad: &Squad,
    namespace: &str,
    settings: &SquadSettings,
) -> Vec<Value> {
    let policy = |name: &str, spec: Value| {
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": metadata(squad, namespace, name),
            "spec": spec,
        })
    };
    let mut policies = vec![
        policy("default-deny", default_deny()),
        policy("allow-dns", allow_dns()),
        policy("allow-same-squad", allow_same_squad(squad)),
        policy("allow-monitoring", allow_monitoring(settings)),
    ];
    for (service, squads) in callers(catalog, squad) {
        let mut peers: Vec<Value> = squads
            .iter()
            .map(|(caller, service)| peer(caller, service))
            .collect();
        if let Some(gateway) = &settings.gateway_namespace {
            peers.push(json!({"namespaceSelector": namespaces(&[gateway.as_str()])}));
        }
        if !peers.is_empty() {
            let rule = json!({"from": peers, "ports": ports(settings.data_port)});
            let spec = json!({
                "podSelector": pods(service),
                "policyTypes": ["Ingress"],
                "ingress": [rule],
            });
            policies.push(policy(&format!("callers-of-{service}"), spec));
        }
    }
    for (service, providers) in calls(catalog, squad) {
        let peers: Vec<Value> = providers
            .iter()
            .map(|(provider, service)| peer(provider, service))
            .collect();
        let rule = json!({"to": peers, "ports": ports(settings.data_port)});
        let spec = json!({
            "podSelector": pods(service),
            "policyTypes": ["Egress"],
            "egress": [rule],
        });
        policies.push(policy(&format!("calls-of-{service}"), spec));
    }
    policies
}

/// A service of another squad, with that squad.
type ForeignService<'c> = (&'c Squad, &'c str);

/// The services of a squad, each with the services of other squads that call it.
fn callers<'c>(
    catalog: &'c Catalog,
    squad: &'c Squad,
) -> BTreeMap<&'c str, Vec<ForeignService<'c>>> {
    let own = squad
        .services
        .iter()
        .map(|service| (service.as_str(), Vec::new()));
    let mut callers: BTreeMap<&str, Vec<ForeignService<'_>>> = own.collect();
    for dependency in catalog.dependencies() {
        let Some(caller) = foreign(catalog, squad, &dependency.service) else {
            continue;
        };
        for used in &dependency.uses {
            let known = callers.get_mut(used.as_str());
            if let Some(known) = known.filter(|known| !known.contains(&caller)) {
                known.push(caller);
            }
        }
    }
    callers
}

/// The services of a squad that call services of other squads, with those.
fn calls<'c>(catalog: &'c Catalog, squad: &Squad) -> BTreeMap<&'c str, Vec<ForeignService<'c>>> {
    let own = catalog
        .dependencies()
        .iter()
        .filter(|dependency| squad.services.contains(&dependency.service));
    let calls = own.map(|dependency| {
        let uses = dependency.uses.iter();
        let uses = uses.filter_map(|used| foreign(catalog, squad, used));
        (dependency.service.as_str(), uses.collect::<Vec<_>>())
    });
    calls.filter(|(_, uses)| !uses.is_empty()).collect()
}

/// A service if another squad with namespaces provides it.
fn foreign<'c>(
    catalog: &'c Catalog,
    squad: &Squad,
    service: &'c str,
) -> Option<ForeignService<'c>> {
    let provider = catalog.provider_of(service)?;
    let is_foreign = provider.name != squad.name && !provider.namespaces.is_empty();
    is_foreign.then_some((provider, service))
}

fn default_deny() -> Value {
    json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
}

fn allow_dns() -> Value {
    let resolver = json!({
        "namespaceSelector": namespaces(&["kube-system"]),
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    });
    let cache = json!({"ipBlock": {"cidr": NODE_CACHE}});
    json!({
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [{
            "to": [resolver, cache],
            "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
        }],
    })
}

fn allow_same_squad(squad: &Squad) -> Value {
    let own: Vec<&str> = squad.namespaces.iter().map(String::as_str).collect();
    let peer = json!({"namespaceSelector": namespaces(&own)});
    json!({
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [peer]}],
        "egress": [{"to": [peer]}],
    })
}

fn allow_monitoring(settings: &SquadSettings) -> Value {
    let monitoring = namespaces(&[settings.monitoring_namespace.as_str()]);
    json!({
        "podSelector": {},
        "policyTypes": ["Ingress"],
        "ingress": [{
            "from": [{"namespaceSelector": monitoring}],
            "ports": ports(settings.admin_port),
        }],
    })
}

/// The pods of a service in all namespaces of its squad.
fn peer(squad: &Squad, service: &str) -> Value {
    let own: Vec<&str> = squad.namespaces.iter().map(String::as_str).collect();
    json!({"namespaceSelector": namespaces(&own), "podSelector": pods(service)})
}

fn pods(service: &str) -> Value {
    json!({"matchLabels": {(SERVICE_LABEL): service}})
}

fn namespaces(names: &[&str]) -> Value {
    json!({"matchExpressions": [{"key": NAMESPACE_LABEL, "operator": "In", "values": names}]})
}

fn ports(port: u16) -> Value {
    json!([{"port": port, "protocol": "TCP"}])
}
