//! One verdict as a line of JSON. The document is stable: properties are added and never removed,
//! and each is always present.
//!
//! ```json
//! {"source": "traffic.jsonl", "line": 17, "index": 16, "time": null,
//!  "method": "POST", "path": "/orders", "operation": "createOrder", "status": 201,
//!  "verdict": "violates",
//!  "violations": [{"enforcement": "reject", "class": "invalid-body", "in": "body", "name": null,
//!    "pointer": "/lines/0/quantity", "keyword": "minimum", "expected": "≥ 1",
//!    "schema": "#/components/schemas/Line/properties/quantity/minimum",
//!    "file": "contracts/payments/orders/openapi.yaml", "line": 279,
//!    "message": "value is less than the minimum of 1"}],
//!  "fault": null}
//! ```
//!
//! `verdict` is `ok`, `violates` or `unreadable`. An unreadable record has a `fault` with `line`,
//! `column` and `message`; the properties of the exchange are then null. `line` is where the record
//! begins and `index` its number in the source, from 0. `time` is when the exchange began, if an
//! archive says so. `path` is the path template of the
//! operation, because paths contain values. It is the path itself if the request matches no
//! operation or with `--values`. `status` is null without a response.

use serde::Serialize;

use portcullis_contract::ViolationRecord;
use portcullis_contract::recorded::RecordError;

/// The verdict on one record.
#[derive(Debug, Serialize)]
pub(super) struct VerdictLine<'a> {
    #[serde(flatten)]
    pub(super) position: RecordPosition<'a>,
    pub(super) method: Option<&'a str>,
    pub(super) path: Option<&'a str>,
    pub(super) operation: Option<&'a str>,
    pub(super) status: Option<u16>,
    pub(super) verdict: &'static str,
    pub(super) violations: Vec<EnforcedViolation<'a>>,
    pub(super) fault: Option<FaultRecord<'a>>,
}

/// The position of a record.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct RecordPosition<'a> {
    pub(super) source: &'a str,
    pub(super) line: u64,
    pub(super) index: u64,
    pub(super) time: Option<&'a str>,
    /// Whether the record is an entry of an archive. All of them can be in one line.
    #[serde(skip)]
    pub(super) is_entry: bool,
}

/// A violation with its enforcement.
#[derive(Debug, Serialize)]
pub(super) struct EnforcedViolation<'a> {
    pub(super) enforcement: &'static str,
    #[serde(flatten)]
    pub(super) violation: ViolationRecord<'a>,
}

/// Why a record cannot be read.
#[derive(Debug, Serialize)]
pub(super) struct FaultRecord<'a> {
    line: u64,
    column: u32,
    message: &'a str,
}

impl RecordPosition<'_> {
    /// `file:line`, with the entry of an archive.
    pub(super) fn text(self) -> String {
        let Self { source, line, .. } = self;
        match self.entry() {
            Some(entry) => format!("{source}:{line} {entry}"),
            None => format!("{source}:{line}"),
        }
    }

    /// The entry of an archive, with its time.
    pub(super) fn entry(self) -> Option<String> {
        let Self { index, time, .. } = self;
        self.is_entry.then(|| match time {
            Some(time) => format!("log.entries[{index}] at {time}"),
            None => format!("log.entries[{index}]"),
        })
    }
}

impl<'a> VerdictLine<'a> {
    /// The verdict on a record that cannot be read.
    pub(super) fn unreadable(position: RecordPosition<'a>, error: &'a RecordError) -> Self {
        Self {
            position,
            method: None,
            path: None,
            operation: None,
            status: None,
            verdict: "unreadable",
            violations: Vec::new(),
            fault: Some(FaultRecord {
                line: error.line,
                column: error.column,
                message: &error.message,
            }),
        }
    }

    /// The line without its line break.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("all properties are strings and numbers")
    }
}
