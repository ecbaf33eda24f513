//! Violation classes and what is done about them.
//!
//! A class is one way in which a request departs from its contract. Its name is stable: it
//! stands in configurations, refusals, metrics and logs. This is a vocabulary: `contract`
//! finds violations, `proxy` acts on them, and both name the classes from here.

use std::fmt;

/// One way in which an exchange departs from its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ViolationClass {
    /// No path of the contract matches.
    UnknownPath,
    /// The path is declared, the method is not.
    UnknownMethod,
    /// The path cannot be read in one way only: bad escapes, `..`, `//`, backslashes.
    MalformedPath,
    /// The credentials that the contract asks for are not there.
    MissingCredentials,
    /// A required parameter is absent.
    MissingParameter,
    /// A parameter's value does not match its schema.
    InvalidParameter,
    /// A parameter that holds one value came more than once.
    DuplicateParameter,
    /// The query holds a parameter that is not declared.
    UnknownQuery,
    /// A header that is not declared.
    UnknownHeader,
    /// A cookie that is not declared.
    UnknownCookie,
    /// The required body is absent.
    MissingBody,
    /// A body where the contract declares none.
    UnexpectedBody,
    /// The body's media type is not declared.
    UnsupportedMediaType,
    /// The body's content coding or charset cannot be read.
    UnsupportedEncoding,
    /// The body exceeds the configured bound.
    BodyTooLarge,
    /// The body is not what its media type says: broken JSON, for example.
    MalformedBody,
    /// A JSON object holds one key twice, which two parsers may read in two ways.
    DuplicateKey,
    /// The body does not match its schema.
    InvalidBody,
    /// The body holds a member that its schema does not declare.
    UnknownBodyProperty,
    /// The response's status is not declared.
    UndeclaredStatus,
    /// A required header of the response is absent.
    MissingHeader,
    /// A header of the response does not match its schema.
    InvalidHeader,
    /// The response's media type is not declared.
    UndeclaredMediaType,
    /// The response's body is not what its media type says.
    MalformedResponseBody,
    /// The response's body does not match its schema.
    InvalidResponseBody,
}

/// What is done about a class of violations; the order is that of severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Enforcement {
    /// Nothing: the class is not looked for.
    Off,
    /// The request passes and the violation is counted.
    Report,
    /// The request is refused.
    #[default]
    Reject,
}

/// What a service does about each class of violations.
#[derive(Clone, Debug, PartialEq)]
pub struct EnforcementPolicy {
    by_class: [Enforcement; ViolationClass::COUNT],
    /// The classes that the configuration names.
    is_named: [bool; ViolationClass::COUNT],
    ceilings: EnforcementCeilings,
    sample: f64,
}

impl ViolationClass {
    /// How many classes there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Every class, in the order of [`index`](Self::index).
    pub const ALL: [Self; 25] = [
        Self::UnknownPath,
        Self::UnknownMethod,
        Self::MalformedPath,
        Self::MissingCredentials,
        Self::MissingParameter,
        Self::InvalidParameter,
        Self::DuplicateParameter,
        Self::UnknownQuery,
        Self::UnknownHeader,
        Self::UnknownCookie,
        Self::MissingBody,
        Self::UnexpectedBody,
        Self::UnsupportedMediaType,
        Self::UnsupportedEncoding,
        Self::BodyTooLarge,
        Self::MalformedBody,
        Self::DuplicateKey,
        Self::InvalidBody,
        Self::UnknownBodyProperty,
        Self::UndeclaredStatus,
        Self::MissingHeader,
        Self::InvalidHeader,
        Self::UndeclaredMediaType,
        Self::MalformedResponseBody,
        Self::InvalidResponseBody,
    ];

    /// The class's number, dense from 0, for tables.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The class's stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownPath => "unknown-path",
            Self::UnknownMethod => "unknown-method",
            Self::MalformedPath => "malformed-path",
            Self::MissingCredentials => "missing-credentials",
            Self::MissingParameter => "missing-parameter",
            Self::InvalidParameter => "invalid-parameter",
            Self::DuplicateParameter => "duplicate-parameter",
            Self::UnknownQuery => "unknown-query",
            Self::UnknownHeader => "unknown-header",
            Self::UnknownCookie => "unknown-cookie",
            Self::MissingBody => "missing-body",
            Self::UnexpectedBody => "unexpected-body",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::UnsupportedEncoding => "unsupported-encoding",
            Self::BodyTooLarge => "body-too-large",
            Self::MalformedBody => "malformed-body",
            Self::DuplicateKey => "duplicate-key",
            Self::InvalidBody => "invalid-body",
            Self::UnknownBodyProperty => "unknown-body-property",
            Self::UndeclaredStatus => "undeclared-status",
            Self::MissingHeader => "missing-header",
            Self::InvalidHeader => "invalid-header",
            Self::UndeclaredMediaType => "undeclared-media-type",
            Self::MalformedResponseBody => "malformed-response-body",
            Self::InvalidResponseBody => "invalid-response-body",
        }
    }

    /// Whether it is about a response.
    pub const fn is_of_response(self) -> bool {
        matches!(
            self,
            Self::UndeclaredStatus
                | Self::MissingHeader
                | Self::InvalidHeader
                | Self::UndeclaredMediaType
                | Self::MalformedResponseBody
                | Self::InvalidResponseBody
        )
    }

    /// The class of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }

    /// What is done where nothing is configured: reject. Where OpenAPI is silent about what is
    /// not declared, honest clients are among the senders, so it is reported; undeclared
    /// headers and cookies come with every browser and every hop and are not even counted.
    pub const fn default_enforcement(self) -> Enforcement {
        match self {
            Self::UnknownQuery | Self::UnexpectedBody => Enforcement::Report,
            Self::UnknownHeader | Self::UnknownCookie | Self::UnknownBodyProperty => {
                Enforcement::Off
            }
            _ => Enforcement::Reject,
        }
    }
}

impl fmt::Display for ViolationClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Enforcement {
    /// Each enforcement with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("reject", Self::Reject),
        ("report", Self::Report),
        ("off", Self::Off),
    ];

    /// The enforcement's stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Report => "report",
            Self::Off => "off",
        }
    }
}

impl fmt::Display for Enforcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The most that is done about violations, by direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnforcementCeilings {
    /// Of requests; rejecting by default.
    pub request: Enforcement,
    /// Of responses; reporting by default, since the request was served already.
    pub response: Enforcement,
}

impl Default for EnforcementCeilings {
    fn default() -> Self {
        Self {
            request: Enforcement::Reject,
            response: Enforcement::Report,
        }
    }
}

impl EnforcementCeilings {
    const fn of(self, class: ViolationClass) -> Enforcement {
        if class.is_of_response() {
            self.response
        } else {
            self.request
        }
    }
}

impl EnforcementPolicy {
    /// The policy of a service. The ceilings hold over the defaults of the classes (`report`
    /// turns what would be rejected into reports); a class named in `classes` is enforced
    /// exactly as it says. `sample`, between 0 and 1, is the share of rejectable exchanges that
    /// are really rejected.
    pub fn new(
        ceilings: EnforcementCeilings,
        classes: impl IntoIterator<Item = (ViolationClass, Enforcement)>,
        sample: f64,
    ) -> Self {
        let mut by_class =
            ViolationClass::ALL.map(|class| class.default_enforcement().min(ceilings.of(class)));
        let mut is_named = [false; ViolationClass::COUNT];
        for (class, enforcement) in classes {
            by_class[class.index()] = enforcement;
            is_named[class.index()] = true;
        }
        Self {
            by_class,
            is_named,
            ceilings,
            sample: sample.clamp(0.0, 1.0),
        }
    }

    /// The policy of an operation whose contract asks for an enforcement of its own: ceilings in
    /// the place of the service's. Classes that the configuration names stay as it says.
    #[must_use]
    pub fn with_ceilings(
        &self,
        request: Option<Enforcement>,
        response: Option<Enforcement>,
    ) -> Self {
        let ceilings = EnforcementCeilings {
            request: request.unwrap_or(self.ceilings.request),
            response: response.unwrap_or(self.ceilings.response),
        };
        let is_named = |class: &ViolationClass| self.is_named[class.index()];
        let named = ViolationClass::ALL.into_iter().filter(is_named);
        Self::new(
            ceilings,
            named.map(|class| (class, self.of(class))),
            self.sample,
        )
    }

    /// Whether any violation of responses is looked for.
    pub fn checks_responses(&self) -> bool {
        let mut classes = ViolationClass::ALL.into_iter();
        classes.any(|class| class.is_of_response() && self.of(class) != Enforcement::Off)
    }

    /// What is done about this class.
    pub const fn of(&self, class: ViolationClass) -> Enforcement {
        self.by_class[class.index()]
    }

    /// The share of rejectable requests that are really rejected, between 0 and 1; the others
    /// pass and are reported.
    pub const fn sample(&self) -> f64 {
        self.sample
    }
}

impl Default for EnforcementPolicy {
    /// The policy of a service whose configuration says nothing: every class by its default,
    /// every rejectable request rejected.
    fn default() -> Self {
        Self::new(EnforcementCeilings::default(), [], 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_inverse_to_classes() {
        for (index, class) in ViolationClass::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), index);
            assert_eq!(ViolationClass::from_name(class.as_str()), Some(class));
        }
        for (name, enforcement) in Enforcement::NAMES {
            assert_eq!(enforcement.as_str(), name);
        }
        assert_eq!(ViolationClass::from_name("Unknown-Path"), None);
    }

    #[test]
    fn a_named_class_wins_over_the_ceiling_and_the_ceiling_over_defaults() {
        use Enforcement::{Off, Reject, Report};
        use ViolationClass::{InvalidBody, UnknownHeader, UnknownPath, UnknownQuery};
        let check = |request, classes: &[_], class, expected| {
            let ceilings = EnforcementCeilings {
                request,
                ..EnforcementCeilings::default()
            };
            let policy = EnforcementPolicy::new(ceilings, classes.iter().copied(), 1.0);
            assert_eq!(policy.of(class), expected, "{request} {class}");
        };
        check(Reject, &[], InvalidBody, Reject);
        check(Reject, &[], UnknownQuery, Report);
        check(Reject, &[], UnknownHeader, Off);
        check(Report, &[], InvalidBody, Report);
        check(Report, &[], UnknownHeader, Off);
        check(Off, &[], InvalidBody, Off);
        check(Off, &[], UnknownQuery, Off);
        check(Report, &[(UnknownPath, Reject)], UnknownPath, Reject);
        check(Reject, &[(UnknownHeader, Reject)], UnknownHeader, Reject);
        check(Reject, &[(InvalidBody, Off)], InvalidBody, Off);
    }
}
