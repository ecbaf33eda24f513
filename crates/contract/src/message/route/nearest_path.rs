//! Suggests the declared path that is most similar to an unknown one.
//!
//! It allows for the usual mistakes of callers: one misspelt segment, wrong case, a trailing
//! slash, a missing base. Anyone can send an unknown path, so the work is bounded by the number of
//! templates compared and of edit distances computed.

use std::str;

use super::declared_route::Route;
use super::route_table::RouteTable;
use super::segment::TemplateSegment;

const ROUTES_MAX: usize = 2_000;
const DISTANCES_MAX: usize = 256;
const PATH_BYTES_MAX: usize = 512;

impl RouteTable {
    /// The declared template that is most similar to a path without a match.
    #[must_use]
    pub fn nearest(&self, path: &str) -> Option<&str> {
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        if path.len() > PATH_BYTES_MAX {
            return None;
        }
        let mut distances = DISTANCES_MAX;
        let candidates = self.routes.iter().take(ROUTES_MAX).filter_map(|route| {
            let full: Vec<&TemplateSegment> = route.segments().collect();
            let below_base = &full[route.base.segments.len()..];
            let cost = cost(&full, &segments, &mut distances)
                .or_else(|| Some(cost(below_base, &segments, &mut distances)? + 1))?;
            Some((cost, expressions(route), route))
        });
        let best = candidates.min_by_key(|&(cost, expressions, _)| (cost, expressions));
        best.map(|(_, _, route)| &*route.key)
    }
}

fn expressions(route: &Route) -> usize {
    route.base.names().len() + route.path.names().len()
}

/// The edits that turn a path into a match; `None` if more than one segment differs.
fn cost(template: &[&TemplateSegment], path: &[&str], distances: &mut usize) -> Option<usize> {
    let (template, template_slash) = strip_trailing_slash(
        template,
        |segment| matches!(segment, TemplateSegment::Literal(text) if text.is_empty()),
    );
    let (path, path_slash) = strip_trailing_slash(path, |segment| segment.is_empty());
    if template.len() != path.len() {
        return None;
    }
    let mut misspelt = None;
    for (expected, raw) in template.iter().zip(path) {
        match expected {
            TemplateSegment::Literal(text) if **text == *raw.as_bytes() => {}
            TemplateSegment::Literal(text) if misspelt.is_none() => misspelt = Some((text, raw)),
            TemplateSegment::Mixed(mixed) if mixed.captures(raw.as_bytes(), |_| ()) => {}
            TemplateSegment::Expression if !raw.is_empty() => {}
            _ => return None,
        }
    }
    let distance = match misspelt {
        Some((text, raw)) => distance(str::from_utf8(text).ok()?, raw, distances)?,
        None => 0,
    };
    Some(distance + usize::from(template_slash != path_slash))
}

fn strip_trailing_slash<T>(segments: &[T], is_empty: impl Fn(&T) -> bool) -> (&[T], bool) {
    match segments {
        [rest @ .., last] if is_empty(last) => (rest, true),
        _ => (segments, false),
    }
}

/// The edit distance of two segments; `None` if it is large for their length.
fn distance(expected: &str, raw: &str, budget: &mut usize) -> Option<usize> {
    if expected.eq_ignore_ascii_case(raw) {
        return Some(1);
    }
    let edits_max = (expected.len() / 3).clamp(1, 3);
    let ends = |text: &str| (text.bytes().next(), text.bytes().last());
    let ((first, last), (raw_first, raw_last)) = (ends(expected), ends(raw));
    let alike = first == raw_first || last == raw_last;
    if !alike || expected.len().abs_diff(raw.len()) > edits_max {
        return None;
    }
    *budget = budget.checked_sub(1)?;
    Some(strsim::osa_distance(expected, raw)).filter(|edits| *edits <= edits_max)
}
