//! A candidate: a next contract that judges what passes and decides nothing.
//!
//! It works on copies of exchanges, on a thread of its own, so all that it costs a data core is
//! the copying. Its queue is short: what it has no time for is counted as missed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::SystemTime;

use tokio::sync::mpsc::{Receiver, channel};

use crate::config::{Config, ServiceConfig};
use crate::proxy::{ShadowBody, ShadowExchange, ShadowSampler};
use crate::telemetry::Metrics;
use portcullis_contract::recorded::{
    ExchangeCheckLimits, ExchangeJudge, RecordedBody, RecordedExchange, RecordedResponse,
};
use portcullis_contract::{CompileOptions, CompiledContract, Violation};
use portcullis_vocabulary::Catalog;
use portcullis_vocabulary::enforcement::Enforcement;

/// Samples that wait for their judgement: at the bound of bodies, 64 MiB by default.
const QUEUE_MAX: usize = 64;

/// The most kinds of refusals that are told apart.
const KINDS_MAX: usize = 1000;

/// A candidate at work. Dropping it ends it, once what is in force has no tap to it any more.
#[derive(Clone, Debug)]
pub(in crate::app) struct ShadowCandidate {
    pub(in crate::app) contract: Arc<CompiledContract>,
    /// How it was compiled.
    pub(in crate::app) options: CompileOptions,
    pub(in crate::app) since: SystemTime,
    pub(in crate::app) sample: f64,
    pub(in crate::app) tap: ShadowSampler,
    report: Arc<Mutex<CandidateReport>>,
    missed: Arc<AtomicU64>,
}

/// What it has found.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct CandidateReport {
    /// Exchanges judged.
    pub(in crate::app) judged: u64,
    /// Those that it would have refused.
    pub(in crate::app) refused: u64,
    /// Exchanges, or bodies of them, that could not be judged: they were missed or streamed.
    pub(in crate::app) unjudged: u64,
    pub(in crate::app) refusals: BTreeMap<RefusalKey, RefusalStats>,
}

/// One kind of refusal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::app) struct RefusalKey {
    pub(in crate::app) squad: String,
    pub(in crate::app) operation: String,
    pub(in crate::app) class: &'static str,
}

/// How often, and an example without values of payloads.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct RefusalStats {
    pub(in crate::app) count: u64,
    pub(in crate::app) example: String,
    pub(in crate::app) pointer: String,
    pub(in crate::app) schema: Option<String>,
    pub(in crate::app) file: Option<String>,
    pub(in crate::app) line: Option<u32>,
}

/// What the candidate judges by.
struct CandidateJudge {
    service: ServiceConfig,
    catalog: Arc<Catalog>,
    bounds: ExchangeCheckLimits,
    metrics: Metrics,
    report: Arc<Mutex<CandidateReport>>,
}

impl ShadowCandidate {
    /// Puts a candidate to work.
    ///
    /// # Errors
    /// When its thread cannot be started.
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
        let bench = CandidateJudge {
            service: service.clone(),
            catalog: Arc::clone(&config.catalog),
            bounds: bounds(config),
            metrics: metrics.clone(),
            report: Arc::clone(&report),
        };
        let judged_by = Arc::clone(&contract);
        thread::Builder::new()
            .name("candidate".to_owned())
            .spawn(move || bench.judge_all(&judged_by, receiver))?;
        Ok(Self {
            contract,
            options,
            since: SystemTime::now(),
            sample,
            tap: ShadowSampler::new(sender, sample, Arc::clone(&missed)),
            report,
            missed,
        })
    }

    /// What it has found so far.
    pub(in crate::app) fn report(&self) -> CandidateReport {
        let mut report = lock(&self.report).clone();
        report.unjudged += self.missed();
        report
    }

    /// Exchanges that it had no time for.
    pub(in crate::app) fn missed(&self) -> u64 {
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
            let kind = RefusalKey {
                squad: squad.to_owned(),
                operation: operation.to_owned(),
                class,
            };
            report.note(kind, violation, contract);
        }
        report.judged += 1;
        report.refused += u64::from(is_refused);
        report.unjudged += u64::from(matches!(sampled.body, ShadowBody::Streamed));
    }
}

impl CandidateReport {
    fn note(&mut self, kind: RefusalKey, violation: &Violation, contract: &CompiledContract) {
        if self.refusals.len() >= KINDS_MAX && !self.refusals.contains_key(&kind) {
            return;
        }
        let spot = violation.contract.as_ref();
        let masked = Violation {
            pointer: contract.mask(&violation.pointer),
            ..violation.clone()
        };
        let found = self.refusals.entry(kind).or_insert_with(|| RefusalStats {
            count: 0,
            example: masked.sentence(false),
            pointer: masked.pointer,
            schema: spot.map(|spot| format!("#{}", spot.pointer)),
            file: spot.map(|spot| spot.file.to_string()),
            line: spot.map(|spot| spot.line),
        });
        found.count += 1;
    }
}

fn exchange(sampled: &ShadowExchange) -> RecordedExchange<'_> {
    RecordedExchange {
        method: sampled.method.clone(),
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
