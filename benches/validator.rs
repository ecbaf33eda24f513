//! Validates requests against the sample contract, with the functions that the proxy calls.

#![allow(
    dead_code,
    clippy::panic,
    reason = "each benchmark uses a part, and stops at the first error"
)]

use std::hint::black_box;
use std::path::Path;

use http::{HeaderMap, HeaderValue, Method};
use portcullis::source::load_contract;
use portcullis_contract::route::{PathCaptures, RouteMatch, check_path};
use portcullis_contract::{
    BodyDeclaration, BodyLength, BodyPlan, CheckScratch, CheckSettings, CompileOptions,
    CompiledContract, RequestHead, Violation, check_body, check_head, compile,
};
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::enforcement::EnforcementPolicy;

const PATH: &str = "/orders";
const QUERY: &str = "limit=20&status=placed,paid";

/// The state with which one data core validates requests.
pub(crate) struct RequestValidator {
    contract: CompiledContract,
    policy: EnforcementPolicy,
    headers: HeaderMap,
    captures: PathCaptures,
    scratch: CheckScratch,
}

impl RequestValidator {
    pub(crate) fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = root.join("contracts/payments/orders/openapi.yaml");
        let documents = load_contract(&file, &Limits::default()).expect("a readable contract");
        let contract = compile(documents, &CompileOptions::default()).expect("a valid contract");
        let fields = [
            ("host", "orders.example.com"),
            ("user-agent", "bench/1.0"),
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("idempotency-key", "4f7a1c2e9b"),
        ];
        let headers = fields
            .into_iter()
            .map(|(name, value)| {
                (
                    name.parse().expect("a field name"),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        Self {
            contract,
            policy: EnforcementPolicy::default(),
            headers,
            captures: PathCaptures::default(),
            scratch: CheckScratch::default(),
        }
    }

    /// Finds an operation, as the proxy does: the path is checked first.
    pub(crate) fn route(&mut self, method: &Method) -> u32 {
        let path = black_box(PATH);
        assert!(check_path(path).is_ok(), "an ordinary path");
        match self.contract.match_route(method, path, &mut self.captures) {
            RouteMatch::Found { operation } => operation,
            _ => panic!("the contract declares {method} {PATH}"),
        }
    }

    /// Validates the parameters of an operation.
    pub(crate) fn parameters(&mut self, operation: u32, query: Option<&str>) -> BodyPlan<'_> {
        let body = match query {
            Some(_) => BodyLength::Absent,
            None => BodyLength::Known,
        };
        let head = RequestHead {
            path: PATH,
            query: black_box(query),
            headers: black_box(&self.headers),
            captures: &self.captures,
            body,
        };
        let mut violations = Vec::new();
        let plan = check_head(
            &self.contract,
            self.contract.operation(operation),
            head,
            settings(&self.policy),
            &mut self.scratch,
            &mut violations,
        );
        assert!(violations.is_empty(), "{violations:?}");
        plan
    }

    /// The head of a request without a body and with two query parameters, without its routing.
    pub(crate) fn query_parameters(&mut self, operation: u32) {
        self.parameters(operation, Some(QUERY));
    }

    /// The head of a POST.
    pub(crate) fn head(&mut self) -> BodyPlan<'_> {
        let operation = self.route(&Method::POST);
        self.parameters(operation, None)
    }

    /// Parses and validates the body of a POST.
    pub(crate) fn body(&mut self, body: &[u8]) -> Vec<Violation> {
        let RouteMatch::Found { operation } =
            self.contract
                .match_route(&Method::POST, PATH, &mut self.captures)
        else {
            panic!("the contract declares POST {PATH}");
        };
        let BodyDeclaration::Declared(declared) = &self.contract.operation(operation).body else {
            panic!("the operation declares a body");
        };
        let mut violations = Vec::new();
        check_body(
            &self.contract,
            BodyPlan::Judge(&declared.content[0]),
            &self.headers,
            black_box(body),
            settings(&self.policy),
            &mut self.scratch,
            &mut violations,
        );
        violations
    }
}

fn settings(policy: &EnforcementPolicy) -> CheckSettings<'_> {
    CheckSettings::new(policy, &Limits::default())
}
