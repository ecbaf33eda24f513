//! Validates every event of every recording by an AsyncAPI contract.

use std::collections::BTreeMap;
use std::path::Path;

use portcullis_contract::recorded::{
    EventFault, EventFlow, EventVerdict, EventViolation, IgnoredProperties, RecordError,
    RecordedEvent, judge_event, read_event_line,
};
use portcullis_contract::{CompiledContract, EventContract};
use portcullis_json::Tape;
use portcullis_vocabulary::limits::TRAFFIC_LINE_BYTES_MAX;

use super::event_verdict_line::EventVerdictLine;
use super::recording::{Recording, RecordingError, RecordingLines, open};
use super::replay_args::ReplayArgs;
use super::replay_findings::{ReplayFindings, event_finding};
use super::replay_notes::ignored_note;
use super::replay_progress::ReplayProgress;
use super::verdict_line::RecordPosition;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{ReportWriter, TextStyle, counted, print_error};
use crate::cli::report::{CommandReport, Report, ReportFormat, print_report};
use crate::cli::run_error::RunError;

/// The most unreadable records that are reported one by one on standard error.
const ERRORS_PRINTED_MAX: u64 = 10;
/// The most examples that are kept of a fault.
const EXAMPLES_MAX: usize = 3;
/// The name of events that belong to no message.
const NO_MESSAGE: &str = "(no message)";

/// Validates all recordings that the arguments name.
pub(super) fn replay_events(
    args: &ReplayArgs,
    contract: &CompiledContract,
    events: &EventContract,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let mut run = EventReplay {
        args,
        contract,
        events,
        ignored: IgnoredProperties::default(),
        tally: EventTally::default(),
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
    let EventReplay {
        ignored,
        tally,
        findings,
        out,
        ..
    } = run;
    let outcome = match (tally.unreadable, tally.violating) {
        (0, 0) => CommandOutcome::Success,
        (0, 1..) => CommandOutcome::Finding,
        _ => CommandOutcome::CouldNotRun,
    };
    let result = EventReplayResult {
        contract_path: &args.contract,
        notes: ignored_note(&ignored)
            .into_iter()
            .chain(unused_note(args))
            .collect(),
        declared: events.messages.len(),
        tally,
        findings,
    };
    if args.format == ReportFormat::Json {
        result.notes.iter().for_each(|note| print_error(note));
    }
    print_report(&result, args.format, out);
    out.finish()?;
    Ok(outcome)
}

struct EventReplay<'a> {
    args: &'a ReplayArgs,
    contract: &'a CompiledContract,
    events: &'a EventContract,
    ignored: IgnoredProperties,
    tally: EventTally,
    findings: ReplayFindings,
    progress: ReplayProgress,
    out: &'a mut ReportWriter,
}

/// The sum of all verdicts.
#[derive(Debug, Default)]
struct EventTally {
    events: u64,
    violating: u64,
    unreadable: u64,
    /// The events and the violating ones of each message.
    messages: BTreeMap<String, [u64; 2]>,
    faults: BTreeMap<EventFault, FaultExamples>,
}

#[derive(Debug, Default)]
struct FaultExamples {
    events: u64,
    /// Where the event is, and what is wrong.
    examples: Vec<(String, String)>,
}

impl EventReplay<'_> {
    fn check_recording(&mut self, path: &Path) -> Result<(), RecordingError> {
        match open(path)? {
            Recording::Archive(_) => Err(RecordingError::UnreadFormat {
                path: path.to_owned(),
                advice: "an HTTP Archive has no events; record them as JSON Lines of channel, \
                         headers, payload and key",
            }),
            Recording::Lines(lines) => self
                .check_lines(&path.display().to_string(), lines)
                .map_err(|source| RecordingError::of_read(path, source)),
        }
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
            let event = match line.text {
                Some(text) => read_event_line(&mut tape, text, &mut self.ignored)
                    .map_err(|error| error.offset_lines(line.number - 1)),
                None => Err(RecordError {
                    line: line.number,
                    column: 1,
                    message: format!("longer than {TRAFFIC_LINE_BYTES_MAX} bytes"),
                }),
            };
            match event {
                Ok(event) => self.check_event(position, &event),
                Err(error) => self.report_unreadable(position, &error),
            }
            self.progress.advance(line.bytes);
            index += 1;
        }
        Ok(())
    }

    fn report_unreadable(&mut self, position: RecordPosition<'_>, error: &RecordError) {
        self.tally.unreadable += 1;
        if self.args.format == ReportFormat::Json {
            let line = EventVerdictLine::unreadable(position, error);
            return self.out.line(line.to_json());
        }
        if self.args.format != ReportFormat::Text {
            self.findings.add_unreadable(position, error);
        }
        if self.tally.unreadable <= ERRORS_PRINTED_MAX {
            self.progress.clear();
            print_error(&format!(
                "{}:{}:{}: {}",
                position.source, error.line, error.column, error.message
            ));
        }
    }

    fn check_event(&mut self, position: RecordPosition<'_>, event: &RecordedEvent) {
        let verdict = judge_event(self.contract, EventFlow::Any, event);
        let message = verdict.message.map(|number| &self.events.messages[number]);
        let name = message.map_or_else(
            || NO_MESSAGE.to_owned(),
            |message| self.events.name_of(message),
        );
        self.tally.add(position, &name, &verdict, self.args.values);
        match self.args.format {
            ReportFormat::Json => {
                let line = EventVerdictLine {
                    position,
                    channel: Some(&event.channel),
                    message: message.map(|message| &*message.name),
                    verdict: if verdict.violations.is_empty() {
                        "ok"
                    } else {
                        "violates"
                    },
                    violations: &verdict.violations,
                    with_values: self.args.values,
                    fault: None,
                };
                self.out.line(line.to_json());
            }
            ReportFormat::Text => {}
            _ => {
                let violations = verdict.violations.iter();
                violations.for_each(|violation| {
                    let values = self.args.values;
                    self.findings
                        .add(|| event_finding(position, &name, violation, values));
                });
            }
        }
    }
}

impl EventTally {
    fn add(
        &mut self,
        position: RecordPosition<'_>,
        name: &str,
        verdict: &EventVerdict,
        with_values: bool,
    ) {
        let is_violating = !verdict.violations.is_empty();
        self.events += 1;
        self.violating += u64::from(is_violating);
        let counts = self.messages.entry(name.to_owned()).or_default();
        counts[0] += 1;
        counts[1] += u64::from(is_violating);
        let mut seen: Vec<EventFault> = Vec::new();
        for violation in &verdict.violations {
            let EventViolation { fault, .. } = violation;
            if seen.contains(fault) {
                continue;
            }
            seen.push(*fault);
            let known = self.faults.entry(*fault).or_default();
            known.events += 1;
            if known.examples.len() < EXAMPLES_MAX {
                let place = format!("{}  {name}", position.text());
                known
                    .examples
                    .push((place, violation.sentence(with_values)));
            }
        }
    }
}

/// A sentence about options that are for requests and have no effect on events.
fn unused_note(args: &ReplayArgs) -> Option<String> {
    let given = [
        ("--base-path", !args.base_path.is_empty()),
        ("--host", !args.host.is_empty()),
        ("--config", args.config.is_some()),
    ];
    let given = given.into_iter().filter(|(_, is_given)| *is_given);
    let names: Vec<&str> = given.map(|(name, _)| name).collect();
    let verb = if names.len() == 1 { "has" } else { "have" };
    (!names.is_empty()).then(|| {
        let names = names.join(" and ");
        format!("{names} {verb} no effect on events: the contract is AsyncAPI")
    })
}

/// The result of a replay, for printing.
struct EventReplayResult<'a> {
    contract_path: &'a str,
    notes: Vec<String>,
    declared: usize,
    tally: EventTally,
    findings: ReplayFindings,
}

impl EventReplayResult<'_> {
    fn totals(&self) -> String {
        let EventTally {
            events,
            violating,
            unreadable,
            messages,
            ..
        } = &self.tally;
        let used = messages.keys().filter(|name| *name != NO_MESSAGE).count();
        let mut text = format!(
            "{}, {violating} violating, {used} of {} used",
            counted(*events, "event"),
            counted(self.declared as u64, "message"),
        );
        if *unreadable > 0 {
            text.push_str(&format!(", {} unreadable", counted(*unreadable, "record")));
        }
        text
    }
}

impl CommandReport for EventReplayResult<'_> {
    fn print_text(&self, out: &mut ReportWriter) {
        for (name, [events, violating]) in &self.tally.messages {
            let counts = format!("{}, {violating} violating", counted(*events, "event"));
            out.line(format_args!("  {name}: {counts}"));
        }
        for (fault, known) in &self.tally.faults {
            let name = out.paint(TextStyle::Red, fault.as_str()).to_string();
            out.line("");
            out.line(format_args!("{name}, {}", counted(known.events, "event")));
            for (place, sentence) in &known.examples {
                out.line(format_args!("  {place}"));
                out.line(format_args!("    {sentence}"));
            }
        }
        for note in &self.notes {
            out.line("");
            out.line(note);
        }
        let style = match (self.tally.unreadable, self.tally.violating) {
            (0, 0) => TextStyle::Bold,
            _ => TextStyle::Red,
        };
        let totals = out.paint(style, self.totals()).to_string();
        out.line("");
        out.line(totals);
    }

    /// Prints nothing: each verdict was printed when the event had been validated.
    fn print_json(&self, _out: &mut ReportWriter) {}

    fn report(&self) -> Report {
        self.findings
            .report(self.contract_path, self.totals(), &self.notes)
    }
}
