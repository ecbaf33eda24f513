//! The cost of a request in all layers, without sockets.
//!
//! An HTTP library reads requests from a pipe in memory and passes them to the whole pipeline,
//! which answers with the contract's examples (`mock`). `library` is the HTTP library without the
//! pipeline, so the difference is the cost of the pipeline. It does not include the connections to
//! the client and the upstream and the kernel; `e2e` measures them, too.

mod order;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use portcullis::source::load_contract;
use portcullis_breaker::{ServicePolicy, ServiceProtection};
use portcullis_contract::{CompileOptions, compile};
use portcullis_proxy::{
    ActiveConfig, ActiveService, ClientLimits, DataCore, DataCoreParts, InFlightCount,
    IncomingRequest, Peer, PublishedConfig, RequestHandler, UpstreamEndpointStore,
    UpstreamTlsStore,
};
use portcullis_telemetry::{Metrics, TrafficInventory};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PIPE_BYTES: usize = 64 * 1024;

/// A client on one end of a pipe.
struct PipeClient {
    runtime: LocalRuntime,
    pipe: DuplexStream,
    buffer: Vec<u8>,
}

impl PipeClient {
    /// Creates a client whose requests are answered by the task that `serve` spawns.
    fn new(serve: impl FnOnce(DuplexStream)) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
            .expect("a runtime");
        let (pipe, server_end) = tokio::io::duplex(PIPE_BYTES);
        {
            let _entered = runtime.enter();
            serve(server_end);
        }
        Self {
            runtime,
            pipe,
            buffer: vec![0; PIPE_BYTES],
        }
    }

    /// Sends a request and reads the response, which arrives in one piece.
    fn exchange(&mut self, request: &[u8], status: &str) {
        let Self {
            runtime,
            pipe,
            buffer,
        } = self;
        let read = runtime.block_on(async {
            pipe.write_all(request).await.expect("a pipe");
            pipe.read(buffer).await.expect("a pipe")
        });
        let response = buffer[..read].escape_ascii();
        assert_eq!(&buffer[9..12], status.as_bytes(), "{response}");
        assert!(buffer[..read].ends_with(b"}"), "a complete response");
    }
}

fn serve_pipeline(pipe: DuplexStream) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = portcullis_config::load(Some(&root.join("config.toml")), [], &Default::default());
    let config = config.expect("the shipped configuration");
    let contracts: Vec<_> = config
        .services
        .iter()
        .map(|service| {
            let documents =
                load_contract(service.contract.as_file().expect("a file"), &config.limits)
                    .expect("a contract");
            Arc::new(compile(documents, &CompileOptions::default()).expect("a valid contract"))
        })
        .collect();
    let services = config.services.iter().zip(contracts);
    let services = services.map(|(service, contract)| {
        let policy = ServicePolicy::default();
        let protection =
            ServiceProtection::new(&service.name, policy, &config.catalog, 1, Instant::now());
        Arc::new(ActiveService::new(
            &config,
            service,
            Some(contract),
            (protection, TrafficInventory::new(&service.name, 1)),
            None,
        ))
    });
    let services = services.collect();
    let config = Arc::new(config);
    let published = PublishedConfig::new(ActiveConfig::new(config, services));
    let endpoints = UpstreamEndpointStore::default();
    let parts = DataCoreParts {
        published: &published,
        keys: None,
        tracer: None,
        metrics: &Metrics::new(),
        in_flight: &InFlightCount::default(),
        upstream_tls: &UpstreamTlsStore::default(),
        endpoints: &endpoints,
    };
    let core = DataCore::new(0, &parts);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
    let peer = Rc::new(Peer::new(address.into(), false));
    let limits = ClientLimits::default();
    let limits = Rc::new(limits);
    let service = service_fn(move |request: Request<Incoming>| {
        let (core, peer, limits) = (Rc::clone(&core), Rc::clone(&peer), Rc::clone(&limits));
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let incoming = IncomingRequest::new(Request::from_parts(head, body), peer, &limits);
            Ok::<_, hyper::Error>(core.handle(incoming).await)
        }
    });
    tokio::task::spawn_local(http1::Builder::new().serve_connection(TokioIo::new(pipe), service));
}

fn serve_library(pipe: DuplexStream) {
    async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let body = request
            .into_body()
            .collect()
            .await
            .map(|body| body.to_bytes());
        assert!(body.is_ok());
        Ok(Response::new(Full::from(&b"{}"[..])))
    }
    let connection = http1::Builder::new().serve_connection(TokioIo::new(pipe), service_fn(answer));
    tokio::task::spawn_local(connection);
}

fn request(method: &str, target: &str, body: &str) -> Vec<u8> {
    let framing = match body.len() {
        0 => String::new(),
        length => format!(
            "content-type: application/json\r\ncontent-length: {length}\r\nprefer: code=201\r\n"
        ),
    };
    format!(
        "{method} {target} HTTP/1.1\r\nhost: orders.example.com\r\nuser-agent: bench/1.0\r\n\
         accept: application/json\r\nx-squad-owner: checkout\r\n{framing}\r\n{body}"
    )
    .into_bytes()
}

fn exchanges(criterion: &mut Criterion) {
    let mut pipeline = PipeClient::new(serve_pipeline);
    let mut library = PipeClient::new(serve_library);
    let get = request("GET", "/orders/0b9c8d5e-2f63-4f5a-8f0e-6f1f6f2b7a10", "");
    let cases = [
        ("GET", get, "200"),
        (
            "POST 1 KB",
            request("POST", "/orders", &order::order(1_000, true)),
            "201",
        ),
        (
            "POST 10 KB",
            request("POST", "/orders", &order::order(10_000, true)),
            "201",
        ),
        (
            "POST 1 KB refused",
            request("POST", "/orders", &order::order(1_000, false)),
            "422",
        ),
    ];
    for (name, request, status) in &cases {
        let mut group = criterion.benchmark_group(*name);
        group.bench_function("pipeline", |bencher| {
            bencher.iter(|| pipeline.exchange(request, status));
        });
        group.bench_function("library", |bencher| {
            bencher.iter(|| library.exchange(request, "200"));
        });
        group.finish();
    }
}

criterion_group!(benches, exchanges);
criterion_main!(benches);
