//! A candidate contract. It checks copies of live exchanges and affects no request.
//!
//! The check runs on its own thread, so a data core only pays for the copy. The queue is short;
//! exchanges that do not fit are counted as missed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::SystemTime;

use tokio::sync::mpsc::{Receiver, channel};

use portcullis_config::{Config, ServiceConfig};
use portcullis_contract::recorded::{
    ExchangeCheckLimits, ExchangeJudge, RecordedBody, RecordedExchange, RecordedResponse,
};
use portcullis_contract::{CompileOptions, CompiledContract, Violation};
use portcullis_proxy::{ShadowBody, ShadowExchange, ShadowSampler};
use portcullis_telemetry::Metrics;
use portcullis_vocabulary::Catalog;
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::limits::CHECK_STACK_BYTES;

/// The most exchanges that wait for the check. With the default body limit they take 64 MiB.
const QUEUE_MAX: usize = 64;

/// The most distinct refusals that are reported.
const REFUSALS_MAX: usize = 1000;

/// A running candidate. Its thread ends when the last [`ShadowSampler`] for it is dropped.
#[derive(Clone, Debug)]
pub(super) struct ShadowCandidate {
    pub(super) contract: Arc<CompiledContract>,
    /// The options that the contract was compiled with.
    pub(super) options: CompileOptions,
    pub(super) since: SystemTime,
    pub(super) sample: f64,
    pub(super) sampler: ShadowSampler,
    report: Arc<Mutex<CandidateReport>>,
    missed: Arc<AtomicU64>,
}

/// What the candidate has found so far.
#[derive(Clone, Debug, Default)]
pub(super) struct CandidateReport {
    /// Exchanges that were checked.
    pub(super) judged: u64,
    /// Exchanges that the candidate would have refused.
    pub(super) refused: u64,
    /// Exchanges or bodies that could not be checked, because they were missed or streamed.
    pub(super) unjudged: u64,
    pub(super) refusals: BTreeMap<RefusalKey, RefusalStats>,
}

/// Groups refusals by squad, operation and violation class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RefusalKey {
    pub(super) squad: String,
    pub(super) operation: String,
    pub(super) class: &'static str,
}

/// A count and an example that contains no payload values.
#[derive(Clone, Debug, Default)]
pub(super) struct RefusalStats {
    pub(super) count: u64,
    pub(super) example: String,
    pub(super) pointer: String,
    pub(super) schema: Option<String>,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
}

/// The work of the candidate's thread.
struct CandidateJudge {
    service: ServiceConfig,
    catalog: Arc<Catalog>,
    bounds: ExchangeCheckLimits,
    metrics: Metrics,
    report: Arc<Mutex<CandidateReport>>,
}

impl ShadowCandidate {
    /// Starts the thread of a candidate.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub(super) fn start(
        contract: Arc<CompiledContract>,
        options: CompileOptions,
        config: &Config,
        service: &ServiceConfig,
        metrics: &Metrics,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = channel(QUEUE_MAX);
        let missed = Arc::new(AtomicU64::new(0));
        let sample = service.reload.candidate_sample;
        let report = Arc::<Mutex<CandidateReport>>::default();
        let judge = CandidateJudge {
            service: service.clone(),
            catalog: Arc::clone(&config.catalog),
            bounds: bounds(config),
            metrics: metrics.clone(),
            report: Arc::clone(&report),
        };
        let compiled = Arc::clone(&contract);
        thread::Builder::new()
            .name("candidate".to_owned())
            .stack_size(CHECK_STACK_BYTES)
            .spawn(move || judge.judge_all(&compiled, receiver))?;
        Ok(Self {
            contract,
            options,
            since: SystemTime::now(),
            sample,
            sampler: ShadowSampler::new(sender, sample, Arc::clone(&missed)),
            report,
            missed,
        })
    }

    /// What the candidate has found so far.
    pub(super) fn report(&self) -> CandidateReport {
        let mut report = lock(&self.report).clone();
        report.unjudged += self.missed();
        report
    }

    /// Exchanges that did not fit in the queue.
    pub(super) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}

impl CandidateJudge {
    fn judge_all(self, contract: &CompiledContract, mut receiver: Receiver<ShadowExchange>) {
        let mut judge = ExchangeJudge::new(contract, &self.service.enforcement, self.bounds);
        while let Some(sampled) = receiver.blocking_recv() {
            self.judge(contract, &mut judge, &sampled);
        }
    }

    fn judge(
        &self,
        contract: &CompiledContract,
        judge: &mut ExchangeJudge<'_>,
        sampled: &ShadowExchange,
    ) {
        let verdict = judge.judge(&exchange(sampled));
        let squad = self.catalog.consumer_name(sampled.consumer);
        let operation = verdict
            .operation
            .map_or("unknown", |id| &contract.operation(id).name);
        let service = self.service.name.as_str();
        self.metrics.candidate_judged(service);
        let mut is_refused = false;
        let mut report = lock(&self.report);
        for violation in verdict.violations() {
            if judge.enforcement(verdict.operation, violation.class) != Enforcement::Reject {
                continue;
            }
            is_refused = true;
            let class = violation.class.as_str();
            self.metrics
                .candidate_refused(service, operation, class, squad);
            let key = RefusalKey {
                squad: squad.to_owned(),
                operation: operation.to_owned(),
                class,
            };
            report.add(key, violation, contract);
        }
        report.judged += 1;
        report.refused += u64::from(is_refused);
        report.unjudged += u64::from(matches!(sampled.body, ShadowBody::Streamed));
    }
}

impl CandidateReport {
    fn add(&mut self, key: RefusalKey, violation: &Violation, contract: &CompiledContract) {
        if self.refusals.len() >= REFUSALS_MAX && !self.refusals.contains_key(&key) {
            return;
        }
        let location = violation.contract.as_ref();
        let masked = Violation {
            pointer: contract.mask(&violation.pointer),
            ..violation.clone()
        };
        let stats = self.refusals.entry(key).or_insert_with(|| RefusalStats {
            count: 0,
            example: masked.sentence(false),
            pointer: masked.pointer,
            schema: location.map(|location| format!("#{}", location.pointer)),
            file: location.map(|location| location.file.to_string()),
            line: location.map(|location| location.line),
        });
        stats.count += 1;
    }
}

fn exchange(sampled: &ShadowExchange) -> RecordedExchange<'_> {
    RecordedExchange {
        method: sampled.method.clone(),
        authority: None,
        path: sampled.target.path(),
        query: sampled.target.query(),
        headers: sampled.headers.clone(),
        body: body(&sampled.body),
        response: sampled.answer.as_ref().map(|answer| RecordedResponse {
            status: answer.status,
            headers: answer.headers.clone(),
            body: body(&answer.body),
        }),
    }
}

fn body(sampled: &ShadowBody) -> RecordedBody<'_> {
    match sampled {
        ShadowBody::Absent => RecordedBody::Absent,
        ShadowBody::Streamed => RecordedBody::NotRecorded,
        ShadowBody::Whole(bytes) => RecordedBody::Bytes(Cow::Borrowed(bytes)),
    }
}

fn bounds(config: &Config) -> ExchangeCheckLimits {
    let limits = &config.limits;
    ExchangeCheckLimits {
        violations_max: limits.violations_max,
        json_depth_max: u32::try_from(limits.json_depth_max).unwrap_or(u32::MAX),
        body_bytes_max: limits.body_bytes_max as u64,
        decoded_bytes_max: limits.decoded_bytes_max,
        decoded_ratio_max: limits.decoded_ratio_max,
    }
}

fn lock(report: &Mutex<CandidateReport>) -> MutexGuard<'_, CandidateReport> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}
