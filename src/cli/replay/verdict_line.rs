//! One judgement for programs: a JSON object on a line of its own. Its form is stable: members
//! are only ever added, and each is always there.
//!
//! ```json
//! {"source": "traffic.jsonl", "line": 17, "index": 16,
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
//! `verdict` is `ok`, `violates` or `unreadable`; only then there is a `fault`, with `line`,
//! `column` and `message`, and what the record would have told is null. `line` is where the record
//! begins and `index` its number in the source, from 0. `path` is the template of the operation,
//! because paths hold values; where no operation was found, or values are wanted, it is the path
//! itself. `status` is null without a response.

use serde::Serialize;

use portcullis_contract::ViolationRecord;
use portcullis_contract::recorded::RecordError;

/// The line.
#[derive(Debug, Serialize)]
pub(super) struct VerdictLine<'a> {
    #[serde(flatten)]
    pub(super) place: RecordPosition<'a>,
    pub(super) method: Option<&'a str>,
    pub(super) path: Option<&'a str>,
    pub(super) operation: Option<&'a str>,
    pub(super) status: Option<u16>,
    pub(super) verdict: &'static str,
    pub(super) violations: Vec<EnforcedViolation<'a>>,
    pub(super) fault: Option<FaultRecord<'a>>,
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct RecordPosition<'a> {
    pub(super) source: &'a str,
    pub(super) line: u64,
    pub(super) index: u64,
}

/// A violation with what would be done about it.
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

impl<'a> VerdictLine<'a> {
    /// The line of a record that cannot be read.
    pub(super) fn unreadable(place: RecordPosition<'a>, fault: &'a RecordError) -> Self {
        Self {
            place,
            method: None,
            path: None,
            operation: None,
            status: None,
            verdict: "unreadable",
            violations: Vec::new(),
            fault: Some(FaultRecord {
                line: fault.line,
                column: fault.column,
                message: &fault.message,
            }),
        }
    }

    /// The line as text, without its end.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("all members are text and numbers")
    }
}
