//! Parameters of a header field's value (RFC 9110 section 5.6.6), read so that every recipient
//! reads the same ones.
//!
//! Recipients differ where a parameter is repeated, where its name has a `*` (RFC 8187 and RFC 2231
//! define what follows, and few implement it), and where a quoted value has a backslash. Values
//! with one of these are refused.

use super::media_range::is_token;

/// Why recipients may read other parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParameterFault {
    #[error("it is not a list of `; name=value`")]
    Malformed,
    #[error("a parameter's name has a `*`, which recipients read differently; send a plain name")]
    Extended,
    #[error("a parameter occurs more than once; send it once")]
    Repeated,
    #[error("a quoted value has a backslash, which recipients read differently; leave it out")]
    QuotedPair,
}

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeaderParameter<'a> {
    /// The name, as written.
    pub(crate) name: &'a str,
    /// The value, without its quotes.
    pub(crate) value: &'a str,
}

/// The parameters of a field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderParameters<'a> {
    list: Vec<HeaderParameter<'a>>,
    /// Whether the text is written as every recipient expects: no spaces before `;`, no empty
    /// parameters, unquoted values are tokens without apostrophes.
    pub(crate) is_plain: bool,
}

impl<'a> HeaderParameters<'a> {
    /// Reads `; name=value; …`: what follows the first element of the field's value.
    ///
    /// # Errors
    /// [`ParameterFault`].
    pub(crate) fn parse(text: &'a str) -> Result<Self, ParameterFault> {
        let mut found = Self {
            list: Vec::new(),
            is_plain: true,
        };
        let mut rest = text;
        while !rest.is_empty() {
            let trimmed = rest.trim_start_matches(is_space);
            found.is_plain &= trimmed.len() == rest.len();
            if trimmed.is_empty() {
                break;
            }
            let parameter = trimmed.strip_prefix(';').ok_or(ParameterFault::Malformed)?;
            rest = found.parameter(parameter.trim_start_matches(is_space))?;
        }
        Ok(found)
    }

    /// The value of a parameter.
    pub(crate) fn value(&self, name: &str) -> Option<&'a str> {
        let mut list = self.list.iter();
        list.find(|parameter| parameter.name.eq_ignore_ascii_case(name))
            .map(|parameter| parameter.value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &HeaderParameter<'a>> {
        self.list.iter()
    }

    /// Reads one parameter, and returns what follows it.
    fn parameter(&mut self, text: &'a str) -> Result<&'a str, ParameterFault> {
        if text.is_empty() || text.starts_with(';') {
            self.is_plain = false;
            return Ok(text);
        }
        let (name, after) = text.split_once('=').ok_or(ParameterFault::Malformed)?;
        if name.contains('*') {
            return Err(ParameterFault::Extended);
        }
        if !is_token(name) {
            return Err(ParameterFault::Malformed);
        }
        if self.value(name).is_some() {
            return Err(ParameterFault::Repeated);
        }
        let (value, rest) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, rest) = quoted.split_once('"').ok_or(ParameterFault::Malformed)?;
                if value.contains('\\') {
                    return Err(ParameterFault::QuotedPair);
                }
                (value, rest)
            }
            None => {
                let end = after.find([';', ' ', '\t']).unwrap_or(after.len());
                let (value, rest) = after.split_at(end);
                if value.is_empty() || value.contains(['"', '\\', ',']) {
                    return Err(ParameterFault::Malformed);
                }
                self.is_plain &= is_token(value) && !value.contains('\'');
                (value, rest)
            }
        };
        self.list.push(HeaderParameter { name, value });
        Ok(rest)
    }
}

/// Why recipients may read the parameters of a media type differently.
pub(crate) fn parameter_fault(media_type: &str) -> Option<ParameterFault> {
    let parameters = media_type.find(';').map(|at| &media_type[at..])?;
    HeaderParameters::parse(parameters).err()
}

const fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_parameters() {
        let check = |text: &str, expected: &[(&str, &str)], is_plain: bool| {
            let found = HeaderParameters::parse(text).unwrap();
            let list: Vec<_> = found.iter().map(|one| (one.name, one.value)).collect();
            assert_eq!(list, expected, "{text}");
            assert_eq!(found.is_plain, is_plain, "{text}");
        };
        check("", &[], true);
        check("; a=b", &[("a", "b")], true);
        check(";a=b;  C=\"d e;f\"", &[("a", "b"), ("C", "d e;f")], true);
        check("; a=\"\"", &[("a", "")], true);
        check(" ; a=b", &[("a", "b")], false);
        check("; a=b ", &[("a", "b")], false);
        check("; a=b;", &[("a", "b")], false);
        check(";; a=b", &[("a", "b")], false);
        check("; a=b:c", &[("a", "b:c")], false);
        check("; a=b'c", &[("a", "b'c")], false);
        let found = HeaderParameters::parse("; A=1; b=2").unwrap();
        assert_eq!((found.value("a"), found.value("c")), (Some("1"), None));
    }

    #[test]
    fn refuses_what_recipients_read_differently() {
        let check = |text: &str, fault| {
            assert_eq!(HeaderParameters::parse(text), Err(fault), "{text}");
        };
        check("; a*=utf-8''b", ParameterFault::Extended);
        check("; a*0=b", ParameterFault::Extended);
        check("; a=b; A=c", ParameterFault::Repeated);
        check("; a=\"b\\\"c\"", ParameterFault::QuotedPair);
        check("; a=\"b\\\\\"", ParameterFault::QuotedPair);
        for text in [
            "a=b",
            "; a",
            "; a=",
            "; =b",
            "; a =b",
            "; a= b",
            "; a=\"b",
            "; a=b\"",
            "; a=b c=d",
            "; a=b,c",
            "; a=\"b\"c",
            "; é=b",
        ] {
            check(text, ParameterFault::Malformed);
        }
        assert_eq!(parameter_fault("text/plain; x=1"), None);
        assert_eq!(parameter_fault("text/plain"), None);
        let twice = "application/json; charset=utf-8; charset=utf-16";
        assert_eq!(parameter_fault(twice), Some(ParameterFault::Repeated));
    }
}
