//! The comparison as text for humans, the most severe change first.

use portcullis_compat::{ChangeCertainty, ChangeLevel, CompatFinding, CompatReport};

use super::diff_places::{place_text, reach_text};
use super::diff_result::{ComparedContract, DiffResult, SquadTotals, broken_part_note};
use crate::cli::output::{ReportWriter, TextStyle, counted, shorten};

/// The longest witness that is shown, in characters. JSON has the whole of it.
const WITNESS_MAX: usize = 400;

/// Prints the comparison.
pub(super) fn print(comparison: &DiffResult, out: &mut ReportWriter) {
    for compared in &comparison.contracts {
        print_contract(compared, out);
    }
    for (path, identity) in &comparison.removed {
        let word = out.paint(TextStyle::Red, "breaking").to_string();
        out.line(path);
        out.line(format_args!(
            "  {word}  contract {} removed",
            identity.title
        ));
        out.line("");
    }
    for (path, identity) in &comparison.added {
        out.line(path);
        out.line(format_args!("  info  contract {} added", identity.title));
        out.line("");
    }
    for note in &comparison.notes {
        out.line(format_args!("note: {note}"));
    }
    for (entries, what) in [
        (&comparison.expired, "an approval has expired"),
        (
            &comparison.stale,
            "an approval matches no change of these contracts; remove it",
        ),
        (
            &comparison.ambiguous,
            "an approval matches changes of several contracts and covers none of them; name the \
             contract with `contract`",
        ),
    ] {
        for entry in entries {
            let entry = format!("warning: {what}: {entry}");
            let painted = out.paint(TextStyle::Yellow, entry).to_string();
            out.line(painted);
        }
    }
    print_squads(comparison, out);
    print_summary(comparison, out);
}

fn print_contract(compared: &ComparedContract, out: &mut ReportWriter) {
    let report = &compared.report;
    let CompatReport { old, new, .. } = report;
    let title = out.paint(TextStyle::Bold, &compared.path).to_string();
    out.line(format_args!(
        "{title}  {} {} → {}",
        new.title, old.version, new.version
    ));
    for note in report.broken_parts.iter().map(broken_part_note) {
        let note = out
            .paint(TextStyle::Yellow, format!("  {note}"))
            .to_string();
        out.line(note);
    }
    for note in &report.notes {
        let note = out
            .paint(TextStyle::Yellow, format!("  warning: {note}"))
            .to_string();
        out.line(note);
    }
    for finding in &report.findings {
        print_finding(finding, out);
    }
    let semver = &report.semver;
    let suggested = semver
        .suggested
        .as_deref()
        .unwrap_or("the version is not a semantic version");
    let verdict = match semver.is_sufficient {
        Some(true) => "the new version is sufficient".to_owned(),
        Some(false) => format!("the version should be at least {suggested}"),
        None => suggested.to_owned(),
    };
    out.line("");
    out.line(format_args!(
        "  version: {} change; {verdict}",
        semver.required
    ));
    out.line("");
}

fn print_finding(finding: &CompatFinding, out: &mut ReportWriter) {
    let style = match finding.level {
        ChangeLevel::Breaking | ChangeLevel::Unknown => TextStyle::Red,
        ChangeLevel::Warning => TextStyle::Yellow,
        ChangeLevel::Info => TextStyle::Dim,
    };
    let level = match finding.approval {
        Some(_) => "approved",
        None => finding.level.as_str(),
    };
    let level = out.paint(style, format_args!("{level:<8}")).to_string();
    let rule = out
        .paint(TextStyle::Dim, format_args!("[{}]", finding.rule))
        .to_string();
    out.line(format_args!(
        "    {level}  {}: {} {rule}",
        place_text(finding),
        finding.message
    ));
    if let Some(reach) = reach_text(finding) {
        out.line(format_args!("              {reach}"));
    }
    if let Some(setting) = setting_text(finding) {
        out.line(format_args!("              {setting}"));
    }
    if let Some(approval) = &finding.approval {
        out.line(format_args!(
            "              approved by {}: {}",
            approval.owner, approval.reason
        ));
    }
    let source = finding.new.as_ref().or(finding.old.as_ref());
    if let Some(source) = source.filter(|_| finding.level > ChangeLevel::Info) {
        out.line(format_args!(
            "              at {}:{}",
            source.file, source.line
        ));
    }
    match &finding.certainty {
        ChangeCertainty::Unknown(reason) => {
            out.line(format_args!("              not proved: {reason}"));
        }
        ChangeCertainty::Unshown(reason) => {
            out.line(format_args!("              no example: {reason}"));
        }
        ChangeCertainty::Rule | ChangeCertainty::Witnessed | ChangeCertainty::Proved => {}
    }
    if let Some(witness) = &finding.witness {
        let payload = shorten(&witness.payload(), WITNESS_MAX);
        out.line(format_args!("              for example {payload}"));
        out.line(format_args!(
            "              rejected: {}",
            shorten(&witness.refusal, WITNESS_MAX)
        ));
        if let Some(reason) = &witness.no_message {
            out.line(format_args!("              no whole message: {reason}"));
        }
        let response = witness.response.as_ref();
        if let Some(line) = response.map(|response| response.line()) {
            out.line(format_args!(
                "              {}",
                shorten(&line, WITNESS_MAX)
            ));
        }
        if let Some(curl) = witness.curl() {
            out.line(format_args!(
                "              {}",
                shorten(&curl, WITNESS_MAX)
            ));
        }
    }
}

/// The level that the finding has without a setting, if it has one.
pub(super) fn setting_text(finding: &CompatFinding) -> Option<String> {
    let replaced = finding.replaced_level?.as_str();
    Some(format!("{replaced} without the level setting"))
}

fn print_squads(comparison: &DiffResult, out: &mut ReportWriter) {
    let squads = comparison.by_squad();
    let is_one_contract = comparison.contracts.len() + comparison.removed.len() < 2;
    if is_one_contract || squads.is_empty() {
        return;
    }
    out.line("squad               breaking  unknown  warning  info");
    for (squad, totals) in squads {
        let SquadTotals {
            breaking,
            unknown,
            warning,
            info,
        } = totals;
        out.line(format_args!(
            "{squad:<18}  {breaking:>8}  {unknown:>7}  {warning:>7}  {info:>4}"
        ));
    }
    out.line("");
}

fn print_summary(comparison: &DiffResult, out: &mut ReportWriter) {
    let counts = comparison.counts();
    let style = match comparison.level() {
        Some(ChangeLevel::Breaking | ChangeLevel::Unknown) => TextStyle::Red,
        Some(ChangeLevel::Warning) => TextStyle::Yellow,
        Some(ChangeLevel::Info) | None => TextStyle::Bold,
    };
    let mut text = format!(
        "{} breaking, {} unknown, {}, {}",
        counts.breaking,
        counts.unknown,
        counted(counts.warning as u64, "warning"),
        counted(counts.info as u64, "info"),
    );
    for (count, word) in [
        (counts.approved, "approved"),
        (counts.disabled, "turned off"),
        (comparison.unchanged, "contracts unchanged"),
        (comparison.unreadable.len(), "unreadable"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {count} {word}"));
        }
    }
    let painted = out.paint(style, text).to_string();
    out.line(painted);
}
