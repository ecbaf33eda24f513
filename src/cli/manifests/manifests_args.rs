//! The arguments of `portcullis manifests`.

use std::path::PathBuf;

use clap::{Args as Flags, Subcommand, ValueEnum};

use super::alertmanager_args::AlertmanagerArgs;
use super::argument_values::{bucket, image, web_address, word};
use super::catalog_args::CatalogArgs;
use super::store_args::{PgbouncerArgs, PostgresArgs, RedisArgs};

/// `portcullis manifests`.
#[derive(Clone, Debug, Flags)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  portcullis manifests sidecar --service orders --image registry.example.com/portcullis:0.1.0 \\
      --pod-network 10.244.0.0/16 --app-port 3000 > sidecar/kustomization.yaml
  portcullis manifests squad --all | kubectl apply -f -
  portcullis manifests postgres | psql -v ON_ERROR_STOP=1 -d shop

Everything is printed on standard output, and the same input gives the same text. Environment variables
do not apply to the configuration.

Exit codes: 0 fine, 2 could not run.")]
pub(crate) struct ManifestsArgs {
    /// The kind of manifest
    #[command(subcommand)]
    pub(super) kind: ManifestsKind,
}

/// The kinds of manifests.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum ManifestsKind {
    /// Run the proxy in the pods of a service: a ConfigMap, and a patch for its workload
    Sidecar(SidecarArgs),
    /// Isolate squads: namespaces, quotas, limits, rights and network policies
    Squad(SquadArgs),
    /// Run the proxy in front of several services: a Deployment with scaling and monitoring
    Gateway(GatewayArgs),
    /// Add the sidecar to annotated pods by a policy of the API server
    Injection(InjectionArgs),
    /// Give each squad a role, a schema and a limit of connections: SQL for PostgreSQL
    Postgres(PostgresArgs),
    /// Give each squad a pool: sections for PgBouncer
    Pgbouncer(PgbouncerArgs),
    /// Give each squad a user for its own keys: commands for Redis
    Redis(RedisArgs),
    /// Deploy all services with Argo CD: a project for each squad, and the set of applications
    Argocd(ArgocdArgs),
    /// Run the gate before each sync of a service with Argo CD: a hook
    GateHook(GateHookArgs),
    /// Judge a rollout with Argo Rollouts: an analysis of violations and circuit breakers
    Rollouts(RolloutsArgs),
    /// Watch the objectives of services: rules for Prometheus, or specifications of Sloth or OpenSLO
    Slo(SloArgs),
    /// Route alerts to squads, with their escalations: a configuration of Alertmanager
    Alertmanager(AlertmanagerArgs),
}

/// How the proxy runs in a pod.
#[derive(Clone, Debug, Flags)]
pub(super) struct ProxyArgs {
    /// The configuration [default: PORTCULLIS_CONFIG, else config.toml]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The image of the proxy
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    pub(super) image: String,
    /// The networks of the callers' pods, which may name their squad; separated by commas
    #[arg(long, value_name = "NETWORK", value_delimiter = ',')]
    pub(super) pod_network: Vec<String>,
}

/// `portcullis manifests squad`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis manifests squad payments | kubectl apply -f -
  portcullis manifests squad --all --gateway-namespace portcullis > squads.yaml

Nothing is allowed by default. Allowed are DNS, calls within a squad, and the calls of [[dependencies]] to
the port of the proxy. Pods are selected by the label app.kubernetes.io/name: the name of the service.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct SquadArgs {
    /// The squad
    #[arg(value_name = "SQUAD", required_unless_present = "all")]
    pub(super) squad: Option<String>,
    /// All squads that have namespaces
    #[arg(long, conflicts_with = "squad")]
    pub(super) all: bool,
    /// The catalog
    #[command(flatten)]
    pub(super) catalog: CatalogArgs,
    /// What is in front of the name of a squad in the name of its group of users
    #[arg(long, value_name = "PREFIX", default_value = "squad:")]
    pub(super) group_prefix: String,
    /// The namespace of the Prometheus that scrapes the proxies
    #[arg(long, value_name = "NAMESPACE", default_value = "monitoring")]
    pub(super) monitoring_namespace: String,
    /// The namespace of a gateway that calls the services
    #[arg(long, value_name = "NAMESPACE")]
    pub(super) gateway_namespace: Option<String>,
    /// The port of the proxies for clients
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(super) port: u16,
    /// The admin port of the proxies
    #[arg(long, value_name = "PORT", default_value_t = 9901)]
    pub(super) admin_port: u16,
}

/// `portcullis manifests sidecar`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis manifests sidecar --service orders --image registry.example.com/portcullis:0.1.0 \\
      --pod-network 10.244.0.0/16 --app-port 3000 > sidecar/kustomization.yaml
      and in the kustomization of the service: components: [sidecar]
  portcullis manifests sidecar ... --format config-map | kubectl apply -n pay-prod -f -
  portcullis manifests sidecar ... --format patch > patch.yaml
      kubectl patch deployment orders -n pay-prod --patch-file patch.yaml

The proxy serves this service alone, for all hosts. Needs Kubernetes 1.30 or later.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct SidecarArgs {
    /// The service of the configuration
    #[arg(long, value_name = "SERVICE")]
    pub(super) service: String,
    /// How the proxy runs
    #[command(flatten)]
    pub(super) proxy: ProxyArgs,
    /// The port that the application listens on, in the pod [default: that of the configured
    /// upstream if it is on this machine]
    #[arg(long, value_name = "PORT")]
    pub(super) app_port: Option<u16>,
    /// The port of the proxy for clients
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(super) port: u16,
    /// The container of the application; it then waits before it gets SIGTERM
    #[arg(long, value_name = "NAME")]
    pub(super) container: Option<String>,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: SidecarFormat,
}

/// The forms of a sidecar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum SidecarFormat {
    /// A component of kustomize with both
    #[default]
    Component,
    /// A strategic merge patch for a Deployment or StatefulSet
    Patch,
    /// The ConfigMap that the patch and the injection mount
    ConfigMap,
}

/// `portcullis manifests gateway`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis manifests gateway --config gateway.toml --image registry.example.com/portcullis:0.1.0 \\
      | kubectl apply -f -

The PodMonitor scrapes the sidecars, too. The metric for --requests-per-second needs an adapter:
see docs/kubernetes.md.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct GatewayArgs {
    /// How the proxy runs
    #[command(flatten)]
    pub(super) proxy: ProxyArgs,
    /// The namespace of the gateway
    #[arg(long, value_name = "NAMESPACE", default_value = "portcullis")]
    pub(super) namespace: String,
    /// The least replicas
    #[arg(long, value_name = "COUNT", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) replicas_min: u32,
    /// The most replicas
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) replicas_max: u32,
    /// Requests per second of one replica above which replicas are added, besides their processor use
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) requests_per_second: Option<u32>,
}

/// `portcullis manifests injection`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis manifests injection --image registry.example.com/portcullis:0.1.0 | kubectl apply -f -
      and in the pod template: annotations: {portcullis.dev/contract: portcullis-orders}

The annotation names the ConfigMap of `portcullis manifests sidecar --format config-map`. Only pods in
namespaces with the label portcullis.dev/squad are changed, which `portcullis manifests squad` sets.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct InjectionArgs {
    /// The image of the proxy
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    pub(super) image: String,
    /// The port of the proxies for clients, as in their ConfigMaps
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(super) port: u16,
    /// The admin port of the proxies, as in their ConfigMaps
    #[arg(long, value_name = "PORT", default_value_t = 9901)]
    pub(super) admin_port: u16,
    /// The version of the API
    #[arg(long, value_enum, default_value_t)]
    pub(super) api: AdmissionApi,
}

/// The versions of the API of mutating policies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum AdmissionApi {
    /// Kubernetes 1.32 and 1.33
    V1alpha1,
    /// Kubernetes 1.34 and 1.35
    #[default]
    V1beta1,
    /// Kubernetes 1.36 and later
    V1,
}

/// `portcullis manifests argocd`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis manifests argocd --repository https://git.example.com/shop.git | kubectl apply -f -

The set has an application for each service in each namespace of its squad.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct ArgocdArgs {
    /// The catalog
    #[command(flatten)]
    pub(super) catalog: CatalogArgs,
    /// The Git repository of the services
    #[arg(long, value_name = "URL", value_parser = word)]
    pub(super) repository: String,
    /// The branch, tag or commit
    #[arg(long, value_name = "REV", default_value = "HEAD", value_parser = word)]
    pub(super) revision: String,
    /// The folder of a service: {squad}, {service} and {namespace} stand for their names
    #[arg(
        long,
        value_name = "PATH",
        default_value = "services/{service}/deploy",
        value_parser = word
    )]
    pub(super) path: String,
    /// What is in that folder
    #[arg(long, value_enum, default_value_t)]
    pub(super) source: SourceKind,
    /// The API server of the destination
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://kubernetes.default.svc",
        value_parser = web_address
    )]
    pub(super) server: String,
    /// The namespace of Argo CD
    #[arg(long, value_name = "NAMESPACE", default_value = "argocd")]
    pub(super) namespace: String,
}

/// What a folder of a service has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum SourceKind {
    /// A chart
    #[default]
    Helm,
    /// A kustomization
    Kustomize,
}

/// `portcullis manifests gate-hook`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis manifests gate-hook --service orders --image registry.example.com/portcullis:0.1.0 \\
      --registry s3://deployments/prod > services/orders/deploy/templates/gate.yaml

A hook belongs to the manifests of its service.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct GateHookArgs {
    /// The service of the configuration
    #[arg(long, value_name = "SERVICE")]
    pub(super) service: String,
    /// The configuration [default: PORTCULLIS_CONFIG, else config.toml]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The image of this program
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    pub(super) image: String,
    /// Where deployments are recorded: s3://bucket/prefix
    #[arg(long, value_name = "s3://...", value_parser = bucket)]
    pub(super) registry: String,
    /// A Prometheus server that scrapes the proxies
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub(super) prometheus: Option<String>,
}

/// `portcullis manifests rollouts`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis manifests rollouts --prometheus http://prometheus.monitoring:9090 | kubectl apply -n pay-prod -f -

A Rollout names the template `portcullis` with the argument `service`.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct RolloutsArgs {
    /// The Prometheus server that scrapes the proxies
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub(super) prometheus: String,
    /// The most violations in responses, as a share of the responses
    #[arg(long, value_name = "SHARE", default_value_t = 0.01)]
    pub(super) violations_max: f64,
}

/// `portcullis manifests slo`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis manifests slo > rules/objectives.yaml
  portcullis manifests slo --service orders --format sloth | sloth generate -i -

Objectives are written in the catalog, [services.NAME.slo] and [slo.tiers.NAME], and in contracts,
x-slo. Contracts are those at SQUAD/SERVICE/ next to the catalog. docs/slo.md says what counts.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct SloArgs {
    /// The catalog
    #[command(flatten)]
    pub(super) catalog: CatalogArgs,
    /// A configuration whose services have contracts in other places
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The service [default: all that have objectives]
    #[arg(long, value_name = "SERVICE")]
    pub(super) service: Option<String>,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: SloFormat,
}

/// The forms of objectives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum SloFormat {
    /// A file of rules for Prometheus
    #[default]
    Prometheus,
    /// The rules as an object of the Prometheus Operator
    PrometheusRule,
    /// A specification of Sloth for each service
    Sloth,
    /// An OpenSLO object for each objective
    Openslo,
}
