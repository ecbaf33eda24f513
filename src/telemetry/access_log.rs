//! The access log: one line for each exchange that is worth one.
//!
//! Refusals and failures always have a line, ordinary exchanges by a configured share. A line is
//! made where the request was counted and written elsewhere; it holds no value of any message.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::ser::Serializer;

use crate::config::LogFormat;

use super::inventory::MaskedViolation;
use super::log::{LogSink, sink};
use super::recorders::RequestOutcome;

/// Where lines of exchanges go; nowhere in a process that does not log.
#[derive(Clone, Debug)]
pub struct AccessLog(Option<LogSink>);

/// One exchange, as its line tells it. Members are only ever added.
#[derive(Clone, Debug, Serialize)]
pub struct AccessLine<'a> {
    /// When the request's head had arrived.
    #[serde(skip)]
    pub at: SystemTime,
    /// The service; none where the request belonged to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<&'a str>,
    /// The operation; `unknown` where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<&'a str>,
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'a str>,
    /// The operation's path template, or what of an unknown path may be told; the raw target where
    /// that is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<&'a str>,
    /// The status that was sent; none where the client went away before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How it ended.
    #[serde(serialize_with = "outcome")]
    pub outcome: RequestOutcome,
    /// Why Portcullis answered itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// Who called.
    pub squad: &'a str,
    /// The tier that decided.
    pub tier: &'static str,
    /// The version of the calling service, where it said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_version: Option<&'a str>,
    /// Who provides the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<&'a str>,
    /// Version of the contract that judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract_version: Option<&'a str>,
    /// Its revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract_revision: Option<&'a str>,
    /// The request's id.
    pub request_id: &'a str,
    /// The trace that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The client's address, as it connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<IpAddr>,
    /// Until the head of the answer.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub took: Duration,
    /// The part of it that Portcullis took.
    #[serde(rename = "own_ms", serialize_with = "milliseconds")]
    pub own: Duration,
    /// What departed from the contract.
    #[serde(skip_serializing_if = "<[ViolationFields<'_>]>::is_empty")]
    pub violations: Vec<ViolationFields<'a>>,
}

/// One violation in a line.
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

/// What tells a line of an exchange from the other lines of a log.
const MESSAGE: &str = "exchange";

/// A line as JSON, in the shape of the other lines.
#[derive(Serialize)]
struct JsonAccessLine<'a> {
    timestamp: String,
    level: &'static str,
    message: &'static str,
    #[serde(flatten)]
    line: &'a AccessLine<'a>,
}

impl AccessLog {
    /// Where this process logs.
    pub fn of_process() -> Self {
        Self(sink())
    }

    /// Whether lines go anywhere.
    pub const fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// Hands a line over to be written.
    pub fn write(&self, line: &AccessLine<'_>) {
        let Some(LogSink { format, writer }) = &self.0 else {
            return;
        };
        let text = match format {
            LogFormat::Json => line.json(),
            LogFormat::Text => line.text(),
        };
        // What cannot be written is counted where it is lost.
        let _lost = writer.clone().write_all(text.as_bytes());
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
                // Writing to a string does not fail.
                let _ = write!(text, " {name}={value}");
            }
        };
        add("error", self.error);
        add("service", self.service);
        add("operation", self.operation);
        add("squad", Some(self.squad));
        add("tier", Some(self.tier));
        add("duration_ms", Some(&format!("{:.3}", ms(self.took))));
        add("own_ms", Some(&format!("{:.3}", ms(self.own))));
        add("request_id", Some(self.request_id));
        add("trace_id", self.trace_id.as_deref());
        for violation in &self.violations {
            add("violation", Some(&violation.words()));
        }
        text.push('\n');
        text
    }

    const fn level(&self) -> &'static str {
        match self.outcome {
            RequestOutcome::Answered | RequestOutcome::Abandoned => "INFO",
            RequestOutcome::Refused
            | RequestOutcome::Shed
            | RequestOutcome::Failed
            | RequestOutcome::Unanswered => "WARN",
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
    fn a_line_is_one_json_object() {
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

    #[test]
    fn a_line_for_people_says_the_same() {
        let finding = finding();
        let text = line(vec![ViolationFields::from(&finding)]).text();
        let expected = "1970-01-01T00:00:00.000000Z  WARN exchange: POST /orders 422 refused \
            error=CONTRACT_VIOLATION service=orders operation=createOrder squad=checkout tier=gold \
            duration_ms=1.234 own_ms=0.034 request_id=r-1 \
            violation=invalid-body(body /lines/0/quantity minimum openapi.yaml:88)\n";
        assert_eq!(text, expected);
    }
}
