//! The source of a parameter's text.

use super::declaration::Parameter;
use super::raw_pairs::RawPairs;

/// Contains a parameter's text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ParameterSource<'a> {
    /// One text: a captured path value, or a header's field lines joined by commas.
    One(&'a str),
    /// All pairs of the query, the cookies or a form, and the parameters that share them.
    Pairs(RawPairs<'a>, &'a [Parameter]),
}
