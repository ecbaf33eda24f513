//! The access log: one line for each logged exchange.
//!
//! Refusals and failures are always logged, other exchanges with a configured probability. The data
//! core formats the line and the log thread writes it. A line contains no payload value.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;
use serde::ser::Serializer;

use portcullis_config::LogFormat;

use super::egress::EgressFields;
use super::inventory::MaskedViolation;
use super::line_folding::{FoldVerdict, FoldedLines, LineKind};
use super::log::{LogSink, sink};
use super::request_outcome::RequestOutcome;
use super::upgrade_records::UpgradeFields;

/// Writes access lines to the log of the process, if there is one.
#[derive(Clone, Debug)]
pub struct AccessLog(Option<LogSink>);

/// The fields of an access line. Fields are added, never removed or changed.
#[derive(Clone, Debug, Serialize)]
pub struct AccessLine<'a> {
    /// When the head of the request arrived.
    #[serde(skip)]
    pub at: SystemTime,
    /// The service, if the request matched one; the one that calls, if it came through the forward proxy.
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
    /// Where the call of a service went, if it came through the forward proxy.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub egress: Option<EgressFields<'a>>,
    /// What passed over the connection, if it was upgraded.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<UpgradeFields>,
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

/// The message that marks the number of lines that were folded.
const FOLDED_MESSAGE: &str = "exchanges alike";

/// A line as JSON, in the format of the other log lines.
#[derive(Serialize)]
struct JsonLine<'a, T> {
    timestamp: String,
    level: &'static str,
    message: &'static str,
    #[serde(flatten)]
    fields: &'a T,
}

#[derive(Serialize)]
struct JsonFoldedLines<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(flatten)]
    lines: &'a FoldedLines,
}

impl<T: Serialize> JsonLine<'_, T> {
    fn text(&self) -> String {
        let mut text = serde_json::to_string(self).expect("a line has text keys only");
        text.push('\n');
        text
    }
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

    /// Whether a line of this kind is written now. Others of its kind within the interval are only
    /// counted, and their number is written later. An interval of zero folds nothing.
    pub fn admits(&self, kind: LineKind<'_>, interval: Duration) -> bool {
        let Some(sink) = &self.0 else {
            return false;
        };
        if interval.is_zero() {
            return true;
        }
        let verdict = sink.folder().line(kind, Instant::now(), interval);
        match verdict {
            FoldVerdict::Fold => false,
            FoldVerdict::Write(before) => {
                before.iter().for_each(|lines| self.queue(lines));
                true
            }
        }
    }

    /// Writes how many lines were folded in the intervals that have ended at `now`, or in all of
    /// them. Call it every second, because the traffic may have stopped.
    pub fn write_folded(&self, now: Option<Instant>) {
        let Some(sink) = &self.0 else {
            return;
        };
        let ended = sink.folder().take_ended(now);
        ended.iter().for_each(|lines| self.queue(lines));
    }

    /// Queues a line for the log thread.
    pub fn write(&self, line: &AccessLine<'_>) {
        self.queue(line);
    }

    fn queue(&self, line: &impl LogLine) {
        let Some(LogSink { format, writer, .. }) = &self.0 else {
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

/// A line in both formats, with the same fields.
trait LogLine {
    fn json(&self) -> String;
    fn text(&self) -> String;
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

impl LogLine for AccessLine<'_> {
    fn json(&self) -> String {
        let line = JsonLine {
            timestamp: humantime::format_rfc3339_micros(self.at).to_string(),
            level: level_of(Some(self.outcome)),
            message: MESSAGE,
            fields: self,
        };
        line.text()
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{} {:>5} {MESSAGE}: {} {} {} {}",
            humantime::format_rfc3339_micros(self.at),
            level_of(Some(self.outcome)),
            self.method.unwrap_or("-"),
            self.path.unwrap_or("-"),
            self.status
                .map_or_else(|| "-".to_owned(), |status| status.to_string()),
            self.outcome.as_str(),
        );
        let peer = self.peer.map(|peer| peer.to_string());
        add(&mut text, "error", self.error);
        if let Some(reason) = self.reason {
            // It may be a sentence. Writing to a string cannot fail.
            let _ = write!(text, " reason={reason:?}");
        }
        for (name, value) in [
            ("service", self.service),
            ("operation", self.operation),
            ("squad", Some(self.squad)),
            ("tier", Some(self.tier)),
            ("caller_version", self.caller_version),
            ("provider", self.provider),
            ("contract_version", self.contract_version),
            ("contract_revision", self.contract_revision),
            ("request_id", Some(self.request_id)),
            ("trace_id", self.trace_id.as_deref()),
            ("peer", peer.as_deref()),
            ("duration_ms", Some(&*format!("{:.3}", ms(self.took)))),
            ("own_ms", Some(&*format!("{:.3}", ms(self.own)))),
        ] {
            add(&mut text, name, value);
        }
        add(
            &mut text,
            "destination",
            self.egress.map(|egress| egress.destination),
        );
        add(
            &mut text,
            "verdict",
            self.egress.map(|egress| egress.verdict),
        );
        text.extend(self.upgrade.map(|upgrade| upgrade.words()));
        for violation in &self.violations {
            add(&mut text, "violation", Some(&violation.words()));
        }
        text.push('\n');
        text
    }
}

impl LogLine for FoldedLines {
    fn json(&self) -> String {
        let line = JsonLine {
            timestamp: humantime::format_rfc3339_micros(self.at).to_string(),
            level: level_of(self.outcome),
            message: FOLDED_MESSAGE,
            fields: &JsonFoldedLines {
                outcome: self.outcome.map(RequestOutcome::as_str),
                lines: self,
            },
        };
        line.text()
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{} {:>5} {FOLDED_MESSAGE}: … and {} alike",
            humantime::format_rfc3339_micros(self.at),
            level_of(self.outcome),
            self.alike,
        );
        let status = self.status.map(|status| status.to_string());
        for (name, value) in [
            ("service", self.service.as_deref()),
            ("operation", self.operation.as_deref()),
            ("squad", self.squad.as_deref()),
            ("outcome", self.outcome.map(RequestOutcome::as_str)),
            ("status", status.as_deref()),
            ("error", self.error),
            ("class", self.class),
        ] {
            add(&mut text, name, value);
        }
        text.push('\n');
        text
    }
}

/// Adds a field to a text line. Text that a contract or a client chose stays one word of one line.
fn add(text: &mut String, name: &str, value: Option<&str>) {
    // Writing to a string cannot fail.
    let _ = match value {
        None => Ok(()),
        Some(value) if value.contains(|c: char| c.is_control() || c == '"') => {
            write!(text, " {name}={value:?}")
        }
        Some(value) => write!(text, " {name}={value}"),
    };
}

/// The level of a line. Lines of several outcomes are as urgent as a refusal.
const fn level_of(outcome: Option<RequestOutcome>) -> &'static str {
    match outcome {
        Some(
            RequestOutcome::Answered
            | RequestOutcome::Abandoned
            | RequestOutcome::Disconnected
            | RequestOutcome::Idle,
        ) => "INFO",
        Some(
            RequestOutcome::Refused
            | RequestOutcome::Shed
            | RequestOutcome::Failed
            | RequestOutcome::Unanswered
            | RequestOutcome::Unsent
            | RequestOutcome::Truncated
            | RequestOutcome::Drained,
        )
        | None => "WARN",
    }
}

impl ViolationFields<'_> {
    /// `invalid-body(reject body /lines/0/quantity minimum #/components/schemas/Line
    /// openapi.yaml:88)`.
    fn words(&self) -> String {
        let place = self.file.zip(self.line);
        let place = place.map(|(file, line)| format!("{file}:{line}"));
        let about = [
            Some(self.enforcement),
            Some(self.part),
            self.name,
            Some(self.pointer).filter(|pointer| !pointer.is_empty()),
            self.keyword,
            self.schema,
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
            egress: None,
            upgrade: None,
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
        line.upgrade = Some(UpgradeFields {
            open: Duration::from_secs(60),
            from_client: 12,
            from_upstream: 34,
        });
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
            provider=payments contract_version=1.4.0 contract_revision=sha256:00 request_id=r-1 \
            peer=127.0.0.1 duration_ms=1.234 own_ms=0.034 \
            violation=invalid-body(reject body /lines/0/quantity minimum \
            #/components/schemas/Line openapi.yaml:88)\n";
        assert_eq!(text, expected);
    }

    /// Every field of the JSON line is in the text line, as a field or as one of the first words.
    #[test]
    fn both_formats_contain_the_same_fields() {
        let finding = finding();
        let full = AccessLine {
            caller_version: Some("2.1"),
            egress: Some(EgressFields {
                destination: "api.example.com:443",
                verdict: "declared",
            }),
            trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
            ..line(vec![ViolationFields::from(&finding)])
        };
        let json: serde_json::Value = serde_json::from_str(&full.json()).unwrap();
        let mut expected: Vec<String> = Vec::new();
        for (name, value) in json.as_object().unwrap() {
            match value {
                serde_json::Value::String(text) => expected.push(text.clone()),
                serde_json::Value::Number(number) => expected.push(number.to_string()),
                serde_json::Value::Array(violations) => {
                    let fields = violations[0].as_object().unwrap().values();
                    expected.extend(fields.map(|field| match field.as_str() {
                        Some(text) => text.to_owned(),
                        None => field.to_string(),
                    }));
                }
                other => panic!("{name}: {other}"),
            }
        }
        let text = full.text();
        for value in expected {
            assert!(text.contains(&value), "{value}: {text}");
        }
    }

    #[test]
    fn folded_lines_say_how_many_and_of_what_kind() {
        let folded = FoldedLines {
            at: SystemTime::UNIX_EPOCH,
            alike: 412,
            service: Some("orders".to_owned()),
            operation: Some("createOrder".to_owned()),
            squad: Some("checkout".to_owned()),
            outcome: Some(RequestOutcome::Refused),
            status: Some(422),
            error: Some("CONTRACT_VIOLATION"),
            class: Some("invalid-body"),
        };
        assert_eq!(
            folded.text(),
            "1970-01-01T00:00:00.000000Z  WARN exchanges alike: … and 412 alike service=orders \
             operation=createOrder squad=checkout outcome=refused status=422 \
             error=CONTRACT_VIOLATION class=invalid-body\n"
        );
        let json: serde_json::Value = serde_json::from_str(&folded.json()).unwrap();
        assert_eq!(json["message"], "exchanges alike");
        assert_eq!(
            (&json["alike"], &json["status"]),
            (&412.into(), &422.into())
        );
    }

    #[test]
    fn a_text_line_stays_one_line() {
        let text = AccessLine {
            contract_version: Some("1\n2\u{1b}[2J"),
            ..line(Vec::new())
        }
        .text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
