//! Validates every record of every recording.

use std::path::Path;

use portcullis_contract::recorded::{
    ExchangeJudge, ExchangeVerdict, HarArchive, IgnoredProperties, RecordError, RecordedBody,
    RecordedExchange, read_line,
};
use portcullis_contract::{CompiledContract, Violation};
use portcullis_json::Tape;
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::enforcement::ViolationClass;
use portcullis_vocabulary::limits::TRAFFIC_LINE_BYTES_MAX;

use super::event_replay::replay_events;
use super::recorded_hosts::RecordedHosts;
use super::recording::{Recording, RecordingError, RecordingLines, open};
use super::replay_args::{EnforceScope, ReplayArgs};
use super::replay_findings::{RecordedViolation, ReplayFindings};
use super::replay_notes::ignored_note;
use super::replay_progress::ReplayProgress;
use super::replay_setup::{check_limits, compile, policy, service_hosts};
use super::replay_summary::ReplaySummary;
use super::replay_tally::{ReplayTally, ViolationExample};
use super::verdict_line::{EnforcedViolation, RecordPosition, VerdictLine};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{ReportWriter, print_error};
use crate::cli::report::{CommandReport, Report, ReportFormat, print_report};
use crate::cli::run_error::RunError;

const NO_EXCHANGE_OF_SERVICE: &str =
    "no exchange is for a host of the service; name the host of the recording with --host";
/// The most unreadable records that are reported one by one on standard error.
const ERRORS_PRINTED_MAX: u64 = 10;

/// Validates all recordings that the arguments name.
pub(crate) fn replay(
    args: &ReplayArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let stdin = Path::new("-");
    if args.contract == "-" && args.traffic.iter().any(|path| path == stdin) {
        return Err(RunError::StdinTwice);
    }
    let limits = Limits::default();
    let contract = compile(args, &limits)?;
    if let Some(events) = contract.events() {
        return replay_events(args, &contract, events, out);
    }
    let mut run = ReplayRun {
        args,
        contract: &contract,
        judge: ExchangeJudge::new(&contract, &policy(), check_limits(&limits)),
        hosts: RecordedHosts::new(&args.host, service_hosts(args)?, &contract),
        ignored: IgnoredProperties::default(),
        tally: ReplayTally::new(contract.operations.len()),
        findings: ReplayFindings::default(),
        progress: ReplayProgress::new(&args.traffic, args.format == ReportFormat::Json),
        out,
    };
    for path in &args.traffic {
        if let Err(error) = run.check_recording(path) {
            run.report_unreadable_recording(path, &error);
        }
    }
    run.progress.clear();
    let is_for_others = run.is_for_others();
    let outcome = run.outcome();
    let notes = run.notes();
    let ReplayRun {
        judge,
        tally,
        findings,
        out,
        ..
    } = run;
    let counts = |operation, class| counts(&judge, args.enforce, operation, class);
    let result = ReplayResult {
        contract_path: args.contract.clone(),
        summary: ReplaySummary {
            contract: &contract,
            tally: &tally,
            counts: &counts,
            notes: &notes,
        },
        findings: &findings,
    };
    if args.format == ReportFormat::Json {
        notes.iter().for_each(|note| print_error(note));
    }
    if is_for_others {
        print_error(NO_EXCHANGE_OF_SERVICE);
    }
    print_report(&result, args.format, out);
    out.finish()?;
    Ok(outcome)
}

/// The result of a replay, for printing.
struct ReplayResult<'a> {
    contract_path: String,
    summary: ReplaySummary<'a>,
    findings: &'a ReplayFindings,
}

impl CommandReport for ReplayResult<'_> {
    fn print_text(&self, out: &mut ReportWriter) {
        self.summary.print(out);
    }

    /// Prints nothing: each verdict was printed when the record had been validated.
    fn print_json(&self, _out: &mut ReportWriter) {}

    fn report(&self) -> Report {
        let Self { summary, .. } = self;
        self.findings
            .report(&self.contract_path, summary.totals(), summary.notes)
    }
}

struct ReplayRun<'a> {
    args: &'a ReplayArgs,
    contract: &'a CompiledContract,
    judge: ExchangeJudge<'a>,
    hosts: RecordedHosts,
    ignored: IgnoredProperties,
    tally: ReplayTally,
    findings: ReplayFindings,
    progress: ReplayProgress,
    out: &'a mut ReportWriter,
}

impl ReplayRun<'_> {
    fn outcome(&self) -> CommandOutcome {
        match (self.tally.unreadable, self.tally.violating) {
            (0, 0) if !self.is_for_others() => CommandOutcome::Success,
            (0, 1..) => CommandOutcome::Finding,
            _ => CommandOutcome::CouldNotRun,
        }
    }

    /// Whether all exchanges are for other hosts, so nothing was validated.
    fn is_for_others(&self) -> bool {
        self.tally.exchanges == 0 && self.hosts.others() > 0
    }

    /// What was not validated, and what was ignored.
    fn notes(&self) -> Vec<String> {
        self.hosts
            .note()
            .into_iter()
            .chain(ignored_note(&self.ignored))
            .collect()
    }

    fn check_recording(&mut self, path: &Path) -> Result<(), RecordingError> {
        let name = path.display().to_string();
        match open(path)? {
            Recording::Archive(text) => self.check_archive(&name, &text),
            Recording::Lines(lines) => {
                return self
                    .check_lines(&name, lines)
                    .map_err(|source| RecordingError::of_read(path, source));
            }
        }
        Ok(())
    }

    fn report_unreadable_recording(&mut self, path: &Path, error: &RecordingError) {
        let message = error.to_string();
        self.progress.clear();
        print_error(&message);
        self.tally.unreadable += 1;
        let source = path.display().to_string();
        self.findings.add_unreadable_recording(&source, &message);
    }

    fn check_lines(&mut self, source: &str, mut lines: RecordingLines) -> std::io::Result<()> {
        let mut tape = Tape::new();
        let mut index = 0;
        while let Some(line) = lines.next()? {
            let position = RecordPosition {
                source,
                line: line.number,
                index,
                time: None,
                is_entry: false,
            };
            let exchange = match line.text {
                Some(text) => read_line(&mut tape, text, &mut self.ignored)
                    .map_err(|error| error.offset_lines(line.number - 1)),
                None => Err(RecordError {
                    line: line.number,
                    column: 1,
                    message: format!("longer than {TRAFFIC_LINE_BYTES_MAX} bytes"),
                }),
            };
            self.check_record(position, exchange);
            self.progress.advance(line.bytes);
            index += 1;
        }
        Ok(())
    }

    fn check_archive(&mut self, source: &str, text: &[u8]) {
        let mut tape = Tape::new();
        let first = RecordPosition {
            source,
            line: 1,
            index: 0,
            time: None,
            is_entry: false,
        };
        match HarArchive::parse(&mut tape, text) {
            Ok(archive) => {
                for entry in archive.entries() {
                    let position = RecordPosition {
                        line: entry.line,
                        index: entry.index,
                        time: entry.started,
                        is_entry: true,
                        ..first
                    };
                    self.check_record(position, entry.exchange);
                    self.progress.advance(0);
                }
            }
            Err(error) => {
                let line = error.line;
                self.report_unreadable(RecordPosition { line, ..first }, &error);
            }
        }
    }

    fn check_record(
        &mut self,
        position: RecordPosition<'_>,
        exchange: Result<RecordedExchange<'_>, RecordError>,
    ) {
        match exchange {
            Ok(exchange) if !self.hosts.takes(exchange.authority) => {}
            Ok(exchange) => self.check_exchange(position, &exchange),
            Err(error) => self.report_unreadable(position, &error),
        }
    }

    fn report_unreadable(&mut self, position: RecordPosition<'_>, error: &RecordError) {
        self.tally.unreadable += 1;
        if self.args.format == ReportFormat::Json {
            self.out
                .line(VerdictLine::unreadable(position, error).to_json());
            return;
        }
        if self.args.format != ReportFormat::Text {
            self.findings.add_unreadable(position, error);
        }
        if self.tally.unreadable <= ERRORS_PRINTED_MAX {
            self.progress.clear();
            let entry = position.entry();
            let entry = entry.map_or_else(String::new, |entry| format!("{entry}: "));
            print_error(&format!(
                "{}:{}:{}: {entry}{}",
                position.source, error.line, error.column, error.message
            ));
        }
    }

    fn check_exchange(&mut self, position: RecordPosition<'_>, exchange: &RecordedExchange<'_>) {
        let verdict = self.judge.judge(exchange);
        let response = exchange.response.as_ref().map(|response| &response.body);
        let bodies = [Some(&exchange.body), response].into_iter().flatten();
        let is_missing = |body: &&RecordedBody<'_>| {
            matches!(body, RecordedBody::NotRecorded | RecordedBody::Unknown)
        };
        self.tally.bodies_missing += bodies.filter(is_missing).count() as u64;
        let mut violations = verdict.violations();
        let is_violating = violations.any(|violation| {
            let Self { judge, args, .. } = self;
            counts(judge, args.enforce, verdict.operation, violation.class)
        });
        let classes = verdict.violations().map(|violation| violation.class);
        self.tally.add(verdict.operation, is_violating, classes);
        match self.args.format {
            ReportFormat::Json => self.print_verdict(position, exchange, &verdict, is_violating),
            ReportFormat::Text => self.keep_examples(position, exchange, &verdict),
            _ => self.keep_findings(position, exchange, &verdict),
        }
    }

    fn print_verdict(
        &mut self,
        position: RecordPosition<'_>,
        exchange: &RecordedExchange<'_>,
        verdict: &ExchangeVerdict,
        is_violating: bool,
    ) {
        let operation = verdict.operation.map(|id| self.contract.operation(id));
        let template = operation.map(|operation| &*operation.path);
        let violations = verdict.violations().map(|violation| EnforcedViolation {
            enforcement: self
                .judge
                .enforcement(verdict.operation, violation.class)
                .as_str(),
            violation: violation.record(self.args.values),
        });
        let line = VerdictLine {
            position,
            method: Some(exchange.method.as_str()),
            path: template
                .filter(|_| !self.args.values)
                .or(Some(exchange.path)),
            operation: operation.map(|operation| &*operation.name),
            status: exchange.response.as_ref().map(|response| response.status),
            verdict: if is_violating { "violates" } else { "ok" },
            violations: violations.collect(),
            fault: None,
        };
        self.out.line(line.to_json());
    }

    fn keep_examples(
        &mut self,
        position: RecordPosition<'_>,
        exchange: &RecordedExchange<'_>,
        verdict: &ExchangeVerdict,
    ) {
        let operation = self.operation_name(exchange, verdict);
        for violation in verdict.violations() {
            self.tally
                .keep(violation.class, position, |place| ViolationExample {
                    place,
                    operation: operation.clone(),
                    sentence: violation.sentence(self.args.values),
                    advice: advice(violation),
                });
        }
    }

    fn keep_findings(
        &mut self,
        position: RecordPosition<'_>,
        exchange: &RecordedExchange<'_>,
        verdict: &ExchangeVerdict,
    ) {
        let operation = self.operation_name(exchange, verdict);
        for violation in verdict.violations() {
            let Self { judge, args, .. } = self;
            self.findings.add_violation(RecordedViolation {
                position,
                operation: &operation,
                violation,
                is_counted: counts(judge, args.enforce, verdict.operation, violation.class),
                shows_values: args.values,
            });
        }
    }

    /// The name of the operation, or method and path if the request matches none.
    fn operation_name(&self, exchange: &RecordedExchange<'_>, verdict: &ExchangeVerdict) -> String {
        match verdict.operation {
            Some(id) => self.contract.operation(id).name.to_string(),
            None => format!("{} {}", exchange.method, exchange.path),
        }
    }
}

/// Whether a violation of this class counts, so that the exchange violates the contract.
fn counts(
    judge: &ExchangeJudge<'_>,
    enforce: EnforceScope,
    operation: Option<u32>,
    class: ViolationClass,
) -> bool {
    match judge.enforcement(operation, class) {
        Enforcement::Reject => true,
        Enforcement::Report => enforce == EnforceScope::All,
        Enforcement::Off => false,
    }
}

fn advice(violation: &Violation) -> String {
    let expected = violation.expected.as_ref();
    let expected = expected.map(|expected| format!("expected {expected}"));
    let location = violation.contract.as_ref();
    let location = location.map(|at| format!("{}:{}", at.file, at.line));
    let parts: Vec<String> = expected.into_iter().chain(location).collect();
    parts.join(", ")
}
