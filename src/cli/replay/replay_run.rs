//! Judging every record of every recording.

use std::path::Path;

use portcullis_contract::recorded::{
    ExchangeCheckLimits, ExchangeJudge, ExchangeVerdict, HarArchive, RecordError, RecordedExchange,
    read_line,
};
use portcullis_contract::{self as contract, CompileOptions, CompiledContract, Violation};
use portcullis_json::Tape;
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::enforcement::EnforcementCeilings;
use portcullis_vocabulary::enforcement::EnforcementPolicy;
use portcullis_vocabulary::enforcement::ViolationClass;
use portcullis_vocabulary::limits::TRAFFIC_LINE_BYTES_MAX;

use super::recording::{Recording, RecordingError, RecordingLines, open};
use super::replay_progress::ReplayProgress;
use super::replay_summary::ReplaySummary;
use super::replay_tally::{ReplayTally, ViolationExample};
use super::verdict_line::{EnforcedViolation, RecordPosition, VerdictLine};
use crate::cli::command_line::{EnforceScope, ReplayArgs, ReportFormat};
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::{ReportWriter, print_error};

/// The most records that are complained of one by one in a report for people.
const ERRORS_PRINTED_MAX: u64 = 10;

/// Judges all recordings that the arguments name.
pub(in crate::cli) fn replay(
    args: &ReplayArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let input = Path::new("-");
    if args.contract == input && args.traffic.iter().any(|path| path == input) {
        return Err(RunError::StdinTwice);
    }
    let limits = Limits::default();
    let contract = compile(args, &limits)?;
    let mut replaying = ReplayRun {
        args,
        contract: &contract,
        judge: ExchangeJudge::new(&contract, &policy(), bounds(&limits)),
        tally: ReplayTally::new(contract.operations.len()),
        progress: ReplayProgress::new(&args.traffic, args.format == ReportFormat::Json),
        out,
    };
    for path in &args.traffic {
        if let Err(error) = replaying.recording(path) {
            replaying.progress.clear();
            print_error(&error.to_string());
            replaying.tally.unreadable += 1;
        }
    }
    replaying.progress.clear();
    let ReplayRun {
        judge, tally, out, ..
    } = replaying;
    if args.format == ReportFormat::Text {
        let summary = ReplaySummary {
            contract: &contract,
            tally: &tally,
            counts: &|operation, class| counts(&judge, args.enforce, operation, class),
        };
        summary.print(out);
    }
    out.finish()?;
    Ok(match (tally.unreadable, tally.violating) {
        (0, 0) => CommandOutcome::Success,
        (0, _) => CommandOutcome::Finding,
        _ => CommandOutcome::CouldNotRun,
    })
}

fn compile(args: &ReplayArgs, limits: &Limits) -> Result<CompiledContract, RunError> {
    let documents = crate::source::load_contract(&args.contract, limits)?;
    let bases = args.base_path.iter().map(ToString::to_string);
    let options = CompileOptions {
        base_paths: (!args.base_path.is_empty()).then(|| bases.collect()),
        ..CompileOptions::default()
    };
    contract::compile(documents, &options).map_err(|problems| RunError::Contract { problems })
}

/// What classes do by default, for responses too: what is over can no longer be spoilt by
/// rejecting it.
fn policy() -> EnforcementPolicy {
    let ceilings = EnforcementCeilings {
        request: Enforcement::Reject,
        response: Enforcement::Reject,
    };
    EnforcementPolicy::new(ceilings, [], 1.0)
}

fn bounds(limits: &Limits) -> ExchangeCheckLimits {
    ExchangeCheckLimits {
        violations_max: limits.violations_max,
        json_depth_max: u32::try_from(limits.json_depth_max).unwrap_or(u32::MAX),
        decoded_bytes_max: limits.decoded_bytes_max,
        decoded_ratio_max: limits.decoded_ratio_max,
        body_bytes_max: limits.body_bytes_max as u64,
    }
}

struct ReplayRun<'a> {
    args: &'a ReplayArgs,
    contract: &'a CompiledContract,
    judge: ExchangeJudge<'a>,
    tally: ReplayTally,
    progress: ReplayProgress,
    out: &'a mut ReportWriter,
}

impl ReplayRun<'_> {
    fn recording(&mut self, path: &Path) -> Result<(), RecordingError> {
        let name = path.display().to_string();
        match open(path)? {
            Recording::Archive(text) => self.archive(&name, &text),
            Recording::Lines(lines) => {
                return self
                    .lines(&name, lines)
                    .map_err(|source| RecordingError::Io {
                        path: path.to_owned(),
                        source,
                    });
            }
        }
        Ok(())
    }

    fn lines(&mut self, source: &str, mut lines: RecordingLines) -> std::io::Result<()> {
        let mut tape = Tape::new();
        let mut index = 0;
        while let Some(line) = lines.next()? {
            let place = RecordPosition {
                source,
                line: line.number,
                index,
            };
            let exchange = match line.text {
                Some(text) => {
                    read_line(&mut tape, text).map_err(|fault| fault.offset_lines(line.number - 1))
                }
                None => Err(RecordError {
                    line: line.number,
                    column: 1,
                    message: format!("longer than {TRAFFIC_LINE_BYTES_MAX} bytes"),
                }),
            };
            self.record(place, exchange);
            self.progress.advance(line.bytes);
            index += 1;
        }
        Ok(())
    }

    fn archive(&mut self, source: &str, text: &[u8]) {
        let mut tape = Tape::new();
        let place = |line, index| RecordPosition {
            source,
            line,
            index,
        };
        match HarArchive::parse(&mut tape, text) {
            Ok(archive) => {
                for entry in archive.entries() {
                    self.record(place(entry.line, entry.index), entry.exchange);
                    self.progress.advance(0);
                }
            }
            Err(fault) => self.unreadable(place(fault.line, 0), &fault),
        }
    }

    fn record(
        &mut self,
        place: RecordPosition<'_>,
        exchange: Result<RecordedExchange<'_>, RecordError>,
    ) {
        match exchange {
            Ok(exchange) => self.exchange(place, &exchange),
            Err(fault) => self.unreadable(place, &fault),
        }
    }

    fn unreadable(&mut self, place: RecordPosition<'_>, fault: &RecordError) {
        self.tally.unreadable += 1;
        if self.args.format == ReportFormat::Json {
            self.out
                .line(VerdictLine::unreadable(place, fault).to_json());
            return;
        }
        if self.tally.unreadable <= ERRORS_PRINTED_MAX {
            self.progress.clear();
            print_error(&format!(
                "{}:{}:{}: {}",
                place.source, fault.line, fault.column, fault.message
            ));
        }
    }

    fn exchange(&mut self, place: RecordPosition<'_>, exchange: &RecordedExchange<'_>) {
        let verdict = self.judge.judge(exchange);
        let mut violations = verdict.violations();
        let is_violating = violations.any(|violation| {
            let Self { judge, args, .. } = self;
            counts(judge, args.enforce, verdict.operation, violation.class)
        });
        let classes = verdict.violations().map(|violation| violation.class);
        self.tally.add(verdict.operation, is_violating, classes);
        match self.args.format {
            ReportFormat::Json => self.print(place, exchange, &verdict, is_violating),
            ReportFormat::Text => self.keep_examples(place, exchange, &verdict),
        }
    }

    fn print(
        &mut self,
        place: RecordPosition<'_>,
        exchange: &RecordedExchange<'_>,
        verdict: &ExchangeVerdict,
        is_violating: bool,
    ) {
        let operation = verdict.operation.map(|id| self.contract.operation(id));
        let template = operation.map(|operation| &*operation.path);
        let found = verdict.violations().map(|violation| EnforcedViolation {
            enforcement: self
                .judge
                .enforcement(verdict.operation, violation.class)
                .as_str(),
            violation: violation.record(self.args.values),
        });
        let line = VerdictLine {
            place,
            method: Some(exchange.method.as_str()),
            path: template
                .filter(|_| !self.args.values)
                .or(Some(exchange.path)),
            operation: operation.map(|operation| &*operation.name),
            status: exchange.response.as_ref().map(|response| response.status),
            verdict: if is_violating { "violates" } else { "ok" },
            violations: found.collect(),
            fault: None,
        };
        self.out.line(line.to_json());
    }

    fn keep_examples(
        &mut self,
        place: RecordPosition<'_>,
        exchange: &RecordedExchange<'_>,
        verdict: &ExchangeVerdict,
    ) {
        for violation in verdict.violations() {
            self.tally
                .keep(violation.class, place, |place| ViolationExample {
                    place,
                    operation: match verdict.operation {
                        Some(id) => self.contract.operation(id).name.to_string(),
                        None => format!("{} {}", exchange.method, exchange.path),
                    },
                    sentence: violation.sentence(self.args.values),
                    advice: advice(violation),
                });
        }
    }
}

/// Whether violations of a class make an exchange violate the contract.
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
    let spot = violation.contract.as_ref();
    let spot = spot.map(|spot| format!("{}:{}", spot.file, spot.line));
    let parts: Vec<String> = expected.into_iter().chain(spot).collect();
    parts.join(", ")
}
