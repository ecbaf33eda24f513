//! The access log: one line for each logged exchange.
//!
//! Refusals and failures are always logged, other exchanges with a configured probability. The data
//! core formats the line and the log thread writes it. A line contains no payload value.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::ser::Serializer;

use portcullis_config::LogFormat;

use super::inventory::MaskedViolation;
use super::log::{LogSink, sink};
use super::request_outcome::RequestOutcome;

/// Writes access lines to the log of the process, if there is one.
#[derive(Clone, Debug)]
pub struct AccessLog(Option<LogSink>);

/// The fields of an access line. Fields are added, never removed or changed.
#[derive(Clone, Debug, Serialize)]
pub struct AccessLine<'a> {
    /// When the head of the request arrived.
    #[serde(skip)]
    pub at: SystemTime,
    /// The service, if the request matched one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<&'a str>,
    /// The operation; `unknown` if no operation matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<&'a str>,
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'a str>,
    /// The path template of the operation. For an unknown path, its known segments. The raw
    /// request target if so configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<&'a str>,
    /// The status; absent if the client disconnected before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How the request ended.
    #[serde(serialize_with = "outcome")]
    pub outcome: RequestOutcome,
    /// The error code, if Portcullis generated the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// Why the request was not answered by the service, or not completely: a name or a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// The calling squad.
    pub squad: &'a str,
    /// The tier that applied.
    pub tier: &'static str,
    /// The version of the calling service, if the request named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_version: Option<&'a str>,
    /// The squad that provides the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<&'a str>,
    /// The version of the contract that was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract_version: Option<&'a str>,
    /// The revision of that contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract_revision: Option<&'a str>,
    /// The request id.
    pub request_id: &'a str,
    /// The trace id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The IP address of the connected client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<IpAddr>,
    /// From the head of the request to the head of the response.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub took: Duration,
    /// The part of that time that was spent in Portcullis.
    #[serde(rename = "own_ms", serialize_with = "milliseconds")]
    pub own: Duration,
    /// The contract violations.
    #[serde(skip_serializing_if = "<[ViolationFields<'_>]>::is_empty")]
    pub violations: Vec<ViolationFields<'a>>,
}

/// A violation in an access line.
#[derive(Clone, Debug, Serialize)]
pub struct ViolationFields<'a> {
    class: &'static str,
    enforcement: &'static str,
    #[serde(rename = "in")]
    part: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    pointer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyword: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

/// The message that marks access lines in the log.
const MESSAGE: &str = "exchange";

/// An access line as JSON, in the format of the other log lines.
#[derive(Serialize)]
struct JsonAccessLine<'a> {
    timestamp: String,
    level: &'static str,
    message: &'static str,
    #[serde(flatten)]
    line: &'a AccessLine<'a>,
}

impl AccessLog {
    /// The access log of this process.
    pub fn of_process() -> Self {
        Self(sink())
    }

    /// Whether lines are written at all.
    pub const fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// Queues a line for the log thread.
    pub fn write(&self, line: &AccessLine<'_>) {
        let Some(LogSink { format, writer }) = &self.0 else {
            return;
        };
        let text = match format {
            LogFormat::Json => line.json(),
            LogFormat::Text => line.text(),
        };
        // A full queue drops the line and counts it.
        let _ = writer.clone().write_all(text.as_bytes());
    }
}

impl<'a> From<&'a MaskedViolation> for ViolationFields<'a> {
    fn from(finding: &'a MaskedViolation) -> Self {
        Self {
            class: finding.class.as_str(),
            enforcement: finding.enforcement.as_str(),
            part: finding.part,
            name: finding.name.as_deref(),
            pointer: &finding.pointer,
            keyword: finding.keyword.as_deref(),
            schema: finding.schema.as_deref(),
            file: finding.place.as_ref().map(|(file, _)| &**file),
            line: finding.place.as_ref().map(|(_, line)| *line),
        }
    }
}

impl AccessLine<'_> {
    fn json(&self) -> String {
        let line = JsonAccessLine {
            timestamp: humantime::format_rfc3339_micros(self.at).to_string(),
            level: self.level(),
            message: MESSAGE,
            line: self,
        };
        let mut text = serde_json::to_string(&line).expect("a line has text keys only");
        text.push('\n');
        text
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{} {:>5} {MESSAGE}: {} {} {} {}",
            humantime::format_rfc3339_micros(self.at),
            self.level(),
            self.method.unwrap_or("-"),
            self.path.unwrap_or("-"),
            self.status
                .map_or_else(|| "-".to_owned(), |status| status.to_string()),
            self.outcome.as_str(),
        );
        let mut add = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = write!(text, " {name}={value}");
            }
        };
        let peer = self.peer.map(|peer| peer.to_string());
        // It may be a sentence.
        let reason = self.reason.map(|reason| format!("{reason:?}"));
        add("error", self.error);
        add("reason", reason.as_deref());
        add("service", self.service);
        add("operation", self.operation);
        add("squad", Some(self.squad));
        add("tier", Some(self.tier));
        add("caller_version", self.caller_version);
        add("provider", self.provider);
        add("contract_version", self.contract_version);
        add("contract_revision", self.contract_revision);
        add("duration_ms", Some(&format!("{:.3}", ms(self.took))));
        add("own_ms", Some(&format!("{:.3}", ms(self.own))));
        add("request_id", Some(self.request_id));
        add("trace_id", self.trace_id.as_deref());
        add("peer", peer.as_deref());
        for violation in &self.violations {
            add("violation", Some(&violation.words()));
        }
        text.push('\n');
        text
    }

    const fn level(&self) -> &'static str {
        match self.outcome {
            RequestOutcome::Answered
            | RequestOutcome::Abandoned
            | RequestOutcome::Disconnected
            | RequestOutcome::Idle => "INFO",
            RequestOutcome::Refused
            | RequestOutcome::Shed
            | RequestOutcome::Failed
            | RequestOutcome::Unanswered
            | RequestOutcome::Unsent
            | RequestOutcome::Truncated
            | RequestOutcome::Drained => "WARN",
        }
    }
}

impl ViolationFields<'_> {
    /// `invalid-body(body /lines/0/quantity minimum openapi.yaml:88)`.
    fn words(&self) -> String {
        let place = self.file.zip(self.line);
        let place = place.map(|(file, line)| format!("{file}:{line}"));
        let about = [
            Some(self.part),
            self.name,
            Some(self.pointer).filter(|pointer| !pointer.is_empty()),
            self.keyword,
            place.as_deref(),
        ];
        let about: Vec<&str> = about.into_iter().flatten().collect();
        format!("{}({})", self.class, about.join(" "))
    }
}

fn outcome<S: Serializer>(outcome: &RequestOutcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(outcome.as_str())
}

fn milliseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(ms(*time))
}

fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};

    fn line(violations: Vec<ViolationFields<'_>>) -> AccessLine<'_> {
        AccessLine {
            at: SystemTime::UNIX_EPOCH,
            service: Some("orders"),
            operation: Some("createOrder"),
            method: Some("POST"),
            path: Some("/orders"),
            status: Some(422),
            outcome: RequestOutcome::Refused,
            error: Some("CONTRACT_VIOLATION"),
            reason: None,
            squad: "checkout",
            tier: "gold",
            caller_version: None,
            provider: Some("payments"),
            contract_version: Some("1.4.0"),
            contract_revision: Some("sha256:00"),
            request_id: "r-1",
            trace_id: None,
            peer: Some(IpAddr::from([127, 0, 0, 1])),
            took: Duration::from_micros(1234),
            own: Duration::from_micros(34),
            violations,
        }
    }

    fn finding() -> MaskedViolation {
        MaskedViolation {
            class: ViolationClass::InvalidBody,
            enforcement: Enforcement::Reject,
            part: "body",
            name: None,
            pointer: "/lines/0/quantity".into(),
            keyword: Some("minimum".into()),
            schema: Some("#/components/schemas/Line".into()),
            place: Some(("openapi.yaml".into(), 88)),
        }
    }

    #[test]
    fn json_lines_contain_one_object() {
        let finding = finding();
        let text = line(vec![ViolationFields::from(&finding)]).json();
        assert!(text.ends_with("}\n") && text.lines().count() == 1, "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["timestamp"], "1970-01-01T00:00:00.000000Z");
        assert_eq!(
            (&value["level"], &value["message"]),
            (&"WARN".into(), &"exchange".into())
        );
        assert_eq!(value["duration_ms"], 1.234);
        assert_eq!(value["violations"][0]["pointer"], "/lines/0/quantity");
        assert_eq!(value["violations"][0]["line"], 88);
        assert!(value.get("trace_id").is_none());
    }

    /// Every field of a JSON line is in the text line, by its name or in the first words.
    #[test]
    fn text_lines_lack_no_field() {
        let finding = finding();
        let mut line = line(vec![ViolationFields::from(&finding)]);
        line.reason = Some("the service is \"down\"");
        line.caller_version = Some("2.0.0");
        line.trace_id = Some("0af7".to_owned());
        let text = line.text();
        assert!(
            text.contains(r#" reason="the service is \"down\"" "#),
            "{text}"
        );
        let value: serde_json::Value = serde_json::from_str(&line.json()).unwrap();
        for name in value.as_object().unwrap().keys() {
            let is_in_front = [
                "timestamp",
                "level",
                "message",
                "method",
                "path",
                "status",
                "outcome",
            ];
            let is_shown = text.contains(&format!(" {name}="))
                || is_in_front.contains(&name.as_str())
                || name == "violations" && text.contains(" violation=");
            assert!(is_shown, "{name} is missing in {text}");
        }
    }

    #[test]
    fn text_lines_contain_the_same_fields() {
        let finding = finding();
        let text = line(vec![ViolationFields::from(&finding)]).text();
        let expected = "1970-01-01T00:00:00.000000Z  WARN exchange: POST /orders 422 refused \
            error=CONTRACT_VIOLATION service=orders operation=createOrder squad=checkout tier=gold \
            provider=payments contract_version=1.4.0 contract_revision=sha256:00 duration_ms=1.234 \
            own_ms=0.034 request_id=r-1 peer=127.0.0.1 \
            violation=invalid-body(body /lines/0/quantity minimum openapi.yaml:88)\n";
        assert_eq!(text, expected);
    }
}
