//! What is noted of a sampled request on its data core, until it is handed over.
//!
//! Everybody who learns something notes it here; the last one who lets go of the span, mostly the
//! answer's body when it has passed, ends it. Handing over never waits.
//!
//! Fields are copied: as they came they are pieces of the buffer that the connection read them into,
//! and a waiting span would keep all of it in memory.

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
use super::tracer::TracedRequest;
use crate::telemetry::inventory::MaskedViolation;
use crate::telemetry::recorders::RequestOutcome;

/// The span of a request that is under way.
#[derive(Debug)]
pub struct Span {
    note: RefCell<Option<SpanRecord>>,
    began: Instant,
    outlet: SpanSender,
}

/// Where spans go.
#[derive(Clone, Debug)]
pub(super) struct SpanSender {
    pub(super) sender: Sender<SpanRecord>,
    /// Counts what found no place in the queue.
    pub(super) lost: Counter,
}

/// All that is known of a request when it has ended.
#[derive(Debug)]
pub(super) struct SpanRecord {
    pub(super) own: TraceParent,
    pub(super) parent: Option<u64>,
    /// `tracestate` of the trace that is continued.
    pub(super) state: Option<Box<str>>,
    pub(super) started: SystemTime,
    pub(super) took: Duration,
    pub(super) method: Method,
    pub(super) version: Version,
    pub(super) host: Option<Box<str>>,
    pub(super) request_id: Box<str>,
    pub(super) status: Option<StatusCode>,
    pub(super) error: Option<&'static str>,
    /// Whether the service's answer broke off.
    pub(super) is_truncated: bool,
    pub(super) served: Option<ServiceAttributes>,
    /// How long the upstream was waited for in all, and how often it was asked.
    pub(super) upstream: (Duration, u32),
    pub(super) events: Vec<ViolationEvent>,
    pub(super) events_lost: u32,
}

/// A violation, at its time since the request began.
#[derive(Debug)]
pub(super) struct ViolationEvent {
    pub(super) after: Duration,
    pub(super) class: ViolationClass,
    pub(super) done: Enforcement,
    pub(super) schema: Option<String>,
    pub(super) keyword: Option<String>,
}

/// Which service a request was for, who called, and how it ended.
#[derive(Clone, Debug)]
pub struct ServiceAttributes {
    /// The service.
    pub service: String,
    /// The operation's name and its path in the contract, where one was found.
    pub operation: Option<(Arc<str>, Arc<str>)>,
    /// The contract's version and revision.
    pub contract: (Arc<str>, Arc<str>),
    /// The calling squad; `unknown` where it is.
    pub squad: String,
    /// The tier that decides.
    pub tier: Tier,
    /// The risk score of the service's deployment.
    pub risk_score: Option<u32>,
    /// How it ended.
    pub outcome: RequestOutcome,
}

impl Span {
    pub(super) fn begin(
        asked: TracedRequest<'_>,
        own: TraceParent,
        parent: Option<u64>,
        outlet: &SpanSender,
    ) -> Self {
        let record = SpanRecord {
            own,
            parent,
            state: parent.and_then(|_| state_of(asked)),
            started: SystemTime::now(),
            took: Duration::ZERO,
            method: asked.method.clone(),
            version: asked.version,
            host: asked.headers.get(HOST).and_then(copy),
            request_id: copy(asked.request_id).unwrap_or_default(),
            status: None,
            error: None,
            is_truncated: false,
            served: None,
            upstream: (Duration::ZERO, 0),
            events: Vec::new(),
            events_lost: 0,
        };
        Self {
            note: RefCell::new(Some(record)),
            began: Instant::now(),
            outlet: outlet.clone(),
        }
    }

    /// The request was answered with this status; by ourselves, where there is an error.
    pub fn answered(&self, status: StatusCode, error: Option<&'static str>) {
        self.note(|note| {
            note.status = Some(status);
            note.error = error;
        });
    }

    /// The answer of the service ended before its end.
    pub fn mark_truncated(&self) {
        self.note(|note| note.is_truncated = true);
    }

    /// The upstream was asked, and waited for.
    pub fn upstream_took(&self, time: Duration) {
        self.note(|note| {
            note.upstream.0 += time;
            note.upstream.1 += 1;
        });
    }

    /// A violation was found.
    pub fn record_violation(&self, finding: &MaskedViolation) {
        let after = self.began.elapsed();
        self.note(|note| {
            if note.events.len() == SPAN_EVENTS_MAX {
                note.events_lost += 1;
                return;
            }
            note.events.push(ViolationEvent {
                after,
                class: finding.class,
                done: finding.enforcement,
                schema: finding.schema.clone(),
                keyword: finding.keyword.clone(),
            });
        });
    }

    /// What the account of the request says at its end.
    pub fn set_service_attributes(&self, served: ServiceAttributes) {
        self.note(|note| note.served = Some(served));
    }

    fn note(&self, write: impl FnOnce(&mut SpanRecord)) {
        if let Some(note) = &mut *self.note.borrow_mut() {
            write(note);
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        let Some(mut note) = self.note.get_mut().take() else {
            return;
        };
        note.took = self.began.elapsed();
        if self.outlet.sender.try_send(note).is_err() {
            self.outlet.lost.increment(1);
        }
    }
}

fn copy(field: &HeaderValue) -> Option<Box<str>> {
    let text = field.to_str().ok()?;
    (text.len() <= SPAN_FIELD_BYTES_MAX).then(|| text.into())
}

/// `tracestate` as one list (W3C Trace Context section 3.3.1.1).
fn state_of(asked: TracedRequest<'_>) -> Option<Box<str>> {
    let fields = asked.headers.get_all(&TRACESTATE).iter();
    let texts: Option<Vec<&str>> = fields.map(|field| field.to_str().ok()).collect();
    texts
        .map(|texts| texts.join(","))
        .filter(|list| (1..=SPAN_FIELD_BYTES_MAX).contains(&list.len()))
        .map(Into::into)
}
