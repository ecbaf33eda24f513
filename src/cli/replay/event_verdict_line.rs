//! The verdict about one event as a line of JSON. The document is stable: properties are added and
//! never removed, and each is always present.
//!
//! ```json
//! {"source": "events.jsonl", "line": 17, "index": 16, "time": null,
//!  "channel": "orders", "message": "OrderCreated", "verdict": "violates",
//!  "violations": [{"fault": "invalid-event", "pointer": "/payload/total", "keyword": "minimum",
//!    "schema": "#/components/schemas/Order/properties/total/minimum",
//!    "file": "events.asyncapi.yaml", "line": 31, "message": "value is less than the minimum of 0"}],
//!  "fault": null}
//! ```
//!
//! `verdict` is `ok`, `violates` or `unreadable`. The `fault` of a violation is `unknown-channel`,
//! `unknown-message`, `content-type`, `invalid-event` or `unjudged`. `message` is the message that
//! accepts the event, or that it resembles most.

use serde_json::{Value, json};

use portcullis_contract::recorded::{EventViolation, RecordError};

use super::verdict_line::RecordPosition;

/// The verdict about one event.
#[derive(Debug)]
pub(super) struct EventVerdictLine<'a> {
    pub(super) position: RecordPosition<'a>,
    pub(super) channel: Option<&'a str>,
    pub(super) message: Option<&'a str>,
    pub(super) verdict: &'static str,
    pub(super) violations: &'a [EventViolation],
    pub(super) with_values: bool,
    pub(super) fault: Option<&'a RecordError>,
}

impl<'a> EventVerdictLine<'a> {
    /// The verdict about a record that cannot be read.
    pub(super) fn unreadable(position: RecordPosition<'a>, error: &'a RecordError) -> Self {
        Self {
            position,
            channel: None,
            message: None,
            verdict: "unreadable",
            violations: &[],
            with_values: false,
            fault: Some(error),
        }
    }

    /// The line without its line break.
    pub(super) fn to_json(&self) -> String {
        let RecordPosition {
            source,
            line,
            index,
            time,
            ..
        } = self.position;
        let violations: Vec<Value> = self
            .violations
            .iter()
            .map(|violation| self.violation(violation))
            .collect();
        let fault = self.fault.map(
            |error| json!({"line": error.line, "column": error.column, "message": error.message}),
        );
        let document = json!({
            "source": source,
            "line": line,
            "index": index,
            "time": time,
            "channel": self.channel,
            "message": self.message,
            "verdict": self.verdict,
            "violations": violations,
            "fault": fault,
        });
        document.to_string()
    }

    fn violation(&self, violation: &EventViolation) -> Value {
        let contract = violation.contract.as_ref();
        let message = if self.with_values {
            &violation.message
        } else {
            &violation.masked
        };
        json!({
            "fault": violation.fault.as_str(),
            "pointer": violation.pointer,
            "keyword": violation.keyword,
            "schema": contract.map(|at| format!("#{}", at.pointer)),
            "file": contract.map(|at| &*at.file),
            "line": contract.map(|at| at.line),
            "message": message,
        })
    }
}
