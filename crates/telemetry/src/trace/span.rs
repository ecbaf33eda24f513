//! The record of a sampled request on its data core.
//!
//! Each step of the request adds what it knows. The span ends when its last reference is dropped,
//! usually with the response body, and is queued for export without waiting.
//!
//! Header values are copied. Otherwise a queued span would keep the whole read buffer of its
//! connection in memory.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::header::HOST;
use http::{HeaderValue, Method, StatusCode, Version};
use metrics::Counter;
use tokio::sync::mpsc::Sender;

use portcullis_vocabulary::Tier;
use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};
use portcullis_vocabulary::limits::{SPAN_EVENTS_MAX, SPAN_FIELD_BYTES_MAX};

use super::trace_parent::{TRACESTATE, TraceParent};
use super::traced_request::TracedRequest;
use crate::inventory::MaskedViolation;
use crate::request_outcome::RequestOutcome;

/// The span of a request in flight.
#[derive(Debug)]
pub struct Span {
    record: RefCell<Option<SpanRecord>>,
    began: Instant,
    sender: SpanSender,
}

/// The queue of spans to export.
#[derive(Clone, Debug)]
pub(super) struct SpanSender {
    pub(super) queue: Sender<SpanRecord>,
    /// Counts the spans that did not fit in the queue.
    pub(super) lost: Counter,
}

/// What is recorded of a request.
#[derive(Debug)]
pub(super) struct SpanRecord {
    pub(super) own: TraceParent,
    pub(super) parent: Option<u64>,
    /// The `tracestate` of a continued trace.
    pub(super) state: Option<Box<str>>,
    pub(super) started: SystemTime,
    pub(super) took: Duration,
    pub(super) method: Method,
    pub(super) version: Version,
    pub(super) host: Option<Box<str>>,
    pub(super) request_id: Box<str>,
    pub(super) status: Option<StatusCode>,
    pub(super) error: Option<&'static str>,
    /// Whether the upstream's response was truncated.
    pub(super) is_truncated: bool,
    pub(super) served: Option<ServiceAttributes>,
    /// The total time spent waiting for the upstream, and the number of attempts.
    pub(super) upstream: (Duration, u32),
    pub(super) events: Vec<ViolationEvent>,
    pub(super) events_lost: u32,
}

/// A violation, with its time since the start of the request.
#[derive(Debug)]
pub(super) struct ViolationEvent {
    pub(super) after: Duration,
    pub(super) class: ViolationClass,
    pub(super) enforcement: Enforcement,
    pub(super) schema: Option<String>,
    pub(super) keyword: Option<String>,
}

/// The service, the caller and the outcome of a request.
#[derive(Clone, Debug)]
pub struct ServiceAttributes {
    /// The service.
    pub service: String,
    /// The operation's name and path template, if an operation matched.
    pub operation: Option<(Arc<str>, Arc<str>)>,
    /// The contract's version and revision.
    pub contract: (Arc<str>, Arc<str>),
    /// The calling squad, or `unknown`.
    pub squad: String,
    /// The tier that applied.
    pub tier: Tier,
    /// The risk score of the service's deployment.
    pub risk_score: Option<u32>,
    /// How the request ended.
    pub outcome: RequestOutcome,
}

impl Span {
    pub(super) fn begin(
        request: TracedRequest<'_>,
        own: TraceParent,
        parent: Option<u64>,
        sender: &SpanSender,
    ) -> Self {
        let record = SpanRecord {
            own,
            parent,
            state: parent.and_then(|_| state_of(request)),
            started: SystemTime::now(),
            took: Duration::ZERO,
            method: request.method.clone(),
            version: request.version,
            host: request.headers.get(HOST).and_then(copy),
            request_id: copy(request.request_id).unwrap_or_default(),
            status: None,
            error: None,
            is_truncated: false,
            served: None,
            upstream: (Duration::ZERO, 0),
            events: Vec::new(),
            events_lost: 0,
        };
        Self {
            record: RefCell::new(Some(record)),
            began: Instant::now(),
            sender: sender.clone(),
        }
    }

    /// Records the status of the response, and the error code if Portcullis generated it.
    pub fn answered(&self, status: StatusCode, error: Option<&'static str>) {
        self.update(|record| {
            record.status = Some(status);
            record.error = error;
        });
    }

    /// Records that the upstream's response was truncated.
    pub fn mark_truncated(&self) {
        self.update(|record| record.is_truncated = true);
    }

    /// Records an attempt and the time that it waited for the upstream.
    pub fn upstream_took(&self, time: Duration) {
        self.update(|record| {
            record.upstream.0 += time;
            record.upstream.1 += 1;
        });
    }

    /// Records a violation.
    pub fn record_violation(&self, finding: &MaskedViolation) {
        let after = self.began.elapsed();
        self.update(|record| {
            if record.events.len() == SPAN_EVENTS_MAX {
                record.events_lost += 1;
                return;
            }
            record.events.push(ViolationEvent {
                after,
                class: finding.class,
                enforcement: finding.enforcement,
                schema: finding.schema.clone(),
                keyword: finding.keyword.clone(),
            });
        });
    }

    /// Records the service, the caller and the outcome, at the end of the request.
    pub fn set_service_attributes(&self, served: ServiceAttributes) {
        self.update(|record| record.served = Some(served));
    }

    fn update(&self, write: impl FnOnce(&mut SpanRecord)) {
        if let Some(record) = &mut *self.record.borrow_mut() {
            write(record);
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        let Some(mut record) = self.record.get_mut().take() else {
            return;
        };
        record.took = self.began.elapsed();
        if self.sender.queue.try_send(record).is_err() {
            self.sender.lost.increment(1);
        }
    }
}

fn copy(field: &HeaderValue) -> Option<Box<str>> {
    let text = field.to_str().ok()?;
    (text.len() <= SPAN_FIELD_BYTES_MAX).then(|| text.into())
}

/// The `tracestate` fields as one list (W3C Trace Context, section 3.3.1.1).
fn state_of(request: TracedRequest<'_>) -> Option<Box<str>> {
    let fields = request.headers.get_all(&TRACESTATE).iter();
    let texts: Option<Vec<&str>> = fields.map(|field| field.to_str().ok()).collect();
    texts
        .map(|texts| texts.join(","))
        .filter(|list| (1..=SPAN_FIELD_BYTES_MAX).contains(&list.len()))
        .map(Into::into)
}
