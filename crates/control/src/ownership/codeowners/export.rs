//! Exports a catalog as a CODEOWNERS file.

use std::fmt::Write;

use crate::ownership::squad_boundaries::SquadBoundaries;
use portcullis_vocabulary::{PathPattern, PatternExtent, PatternSegment, Squad};

/// Writes a CODEOWNERS file that gives every path the same owner as the boundaries. `catalog` is
/// the source that the file names in its header.
pub fn export(boundaries: &SquadBoundaries, catalog: &str) -> String {
    let mut text = format!(
        "# Written by `portcullis owners codeowners` from {catalog}: change that instead.\n\
         # The last line that matches a path decides.\n\n"
    );
    let owners: Vec<_> = boundaries.owners().rev().collect();
    let patterns: Vec<String> = owners.iter().map(|owner| line(owner.pattern)).collect();
    let width = patterns.iter().map(|pattern| pattern.chars().count()).max();
    for (owner, pattern) in owners.iter().zip(&patterns) {
        let handles = codeowners_handles(owner.squad);
        let width = width.unwrap_or(0);
        let _ = writeln!(text, "{pattern:<width$}  {handles}");
    }
    text
}

/// The owners of a squad's lines.
pub fn codeowners_handles(squad: &Squad) -> String {
    if squad.codeowners.is_empty() {
        return format!("@{}", squad.name);
    }
    squad.codeowners.join(" ")
}

/// The pattern in the notation of CODEOWNERS.
fn line(pattern: &PathPattern) -> String {
    let segments = pattern.segments();
    if segments.is_empty() {
        return "*".to_owned();
    }
    let texts: Vec<&str> = segments.iter().map(text).collect();
    // A leading slash ties a pattern to the root; a leading `**` already starts at the root.
    let root = if segments[0] == PatternSegment::AnyDepth {
        ""
    } else {
        "/"
    };
    let below = match pattern.extent() {
        PatternExtent::Below => "/**",
        PatternExtent::Tree | PatternExtent::Alone => "",
    };
    format!("{root}{}{below}", texts.join("/")).replace(' ', "\\ ")
}

fn text(segment: &PatternSegment) -> &str {
    match segment {
        PatternSegment::Literal(text) | PatternSegment::Wild(text) => text,
        PatternSegment::AnyDepth => "**",
    }
}
