//! Violation classes and what is done about them.
//!
//! A class is one way in which an exchange violates its contract. Its name is stable: it is used
//! in configurations, refusals, metrics and logs. The message checks find violations and the proxy
//! acts on them; both take the classes from here.

use std::fmt;

/// One way in which an exchange violates its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ViolationClass {
    /// No path of the contract matches.
    UnknownPath,
    /// The path is declared, the method is not.
    UnknownMethod,
    /// The operation is called after its sunset.
    AfterSunset,
    /// The path is ambiguous: invalid escapes, `..`, `//`, backslashes.
    MalformedPath,
    /// The credentials that the contract requires are missing.
    MissingCredentials,
    /// A required parameter is absent.
    MissingParameter,
    /// A parameter's value does not match its schema.
    InvalidParameter,
    /// A parameter with a single value is sent more than once.
    DuplicateParameter,
    /// The query has a parameter that is not declared.
    UnknownQuery,
    /// The request has a header that is not declared.
    UnknownHeader,
    /// The request has a cookie that is not declared.
    UnknownCookie,
    /// The required body is absent.
    MissingBody,
    /// The contract declares no body, and the request has one.
    UnexpectedBody,
    /// The body's media type is not declared.
    UnsupportedMediaType,
    /// The body's content coding or charset is not supported.
    UnsupportedEncoding,
    /// The body exceeds the configured limit.
    BodyTooLarge,
    /// The body is not valid in its media type: broken JSON, for example.
    MalformedBody,
    /// A JSON object has the same key twice, which parsers read differently.
    DuplicateKey,
    /// The body does not match its schema.
    InvalidBody,
    /// The body has a property that its schema does not declare.
    UnknownBodyProperty,
    /// The check of the request takes more work than a message may take.
    CheckLimit,
    /// The contract cannot be read where it says which credentials the request needs.
    UnreadableCredentials,
    /// The contract cannot be read where it describes the rest of the request.
    Unreadable,
    /// The response's status is not declared.
    UndeclaredStatus,
    /// A required header of the response is absent.
    MissingHeader,
    /// A header of the response does not match its schema.
    InvalidHeader,
    /// The response's media type is not declared.
    UndeclaredMediaType,
    /// The response's body is not valid in its media type.
    MalformedResponseBody,
    /// The response's body does not match its schema.
    InvalidResponseBody,
    /// The check of the response takes more work than a message may take.
    ResponseCheckLimit,
    /// The contract cannot be read where it describes the response.
    UnreadableResponse,
}

/// What is done about a class of violations, in ascending order of severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Enforcement {
    /// The class is not checked.
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
    pub const ALL: [Self; 31] = [
        Self::UnknownPath,
        Self::UnknownMethod,
        Self::AfterSunset,
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
        Self::CheckLimit,
        Self::UnreadableCredentials,
        Self::Unreadable,
        Self::UndeclaredStatus,
        Self::MissingHeader,
        Self::InvalidHeader,
        Self::UndeclaredMediaType,
        Self::MalformedResponseBody,
        Self::InvalidResponseBody,
        Self::ResponseCheckLimit,
        Self::UnreadableResponse,
    ];

    /// The classes of messages that a contract describes where it cannot be read.
    pub const UNREADABLE: [Self; 3] = [
        Self::UnreadableCredentials,
        Self::Unreadable,
        Self::UnreadableResponse,
    ];

    /// The classes of what only the body of a request can show.
    const OF_REQUEST_BODIES: [Self; 10] = [
        Self::MissingBody,
        Self::UnsupportedMediaType,
        Self::UnsupportedEncoding,
        Self::BodyTooLarge,
        Self::MalformedBody,
        Self::DuplicateKey,
        Self::InvalidBody,
        Self::UnknownBodyProperty,
        Self::CheckLimit,
        Self::Unreadable,
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
            Self::AfterSunset => "after-sunset",
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
            Self::CheckLimit => "check-limit",
            Self::UnreadableCredentials => "unreadable-credentials",
            Self::Unreadable => "unreadable",
            Self::UndeclaredStatus => "undeclared-status",
            Self::MissingHeader => "missing-header",
            Self::InvalidHeader => "invalid-header",
            Self::UndeclaredMediaType => "undeclared-media-type",
            Self::MalformedResponseBody => "malformed-response-body",
            Self::InvalidResponseBody => "invalid-response-body",
            Self::ResponseCheckLimit => "response-check-limit",
            Self::UnreadableResponse => "unreadable-response",
        }
    }

    /// Whether the class is about responses.
    pub const fn is_of_response(self) -> bool {
        matches!(
            self,
            Self::UndeclaredStatus
                | Self::MissingHeader
                | Self::InvalidHeader
                | Self::UndeclaredMediaType
                | Self::MalformedResponseBody
                | Self::InvalidResponseBody
                | Self::ResponseCheckLimit
                | Self::UnreadableResponse
        )
    }

    /// Whether the contract is at fault and not the message: it cannot be read where it describes it.
    pub const fn is_unreadable(self) -> bool {
        matches!(
            self,
            Self::UnreadableCredentials | Self::Unreadable | Self::UnreadableResponse
        )
    }

    /// The class with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }

    /// The enforcement if nothing is configured, which is to reject. OpenAPI does not say whether
    /// undeclared query parameters and bodies are errors, and honest clients send them, so they are
    /// reported. Every browser and every hop sends undeclared headers and cookies, so those are not
    /// even counted. The end of an operation is announced by its answers and reported, until the operator
    /// decides that it is final. What a contract does not say about data, the upstream decides, so it is reported;
    /// but credentials that are not known to be required must not be skipped.
    const fn default_enforcement(self) -> Enforcement {
        match self {
            Self::UnknownQuery | Self::UnexpectedBody | Self::Unreadable => Enforcement::Report,
            Self::UnreadableResponse | Self::AfterSunset => Enforcement::Report,
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
    /// Each enforcement, with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("reject", Self::Reject),
        ("report", Self::Report),
        ("off", Self::Off),
    ];

    /// Those that leave nothing unreported.
    pub const REPORTING_NAMES: [(&'static str, Self); 2] =
        [("reject", Self::Reject), ("report", Self::Report)];

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

/// The strictest enforcement for each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnforcementCeilings {
    /// For requests; rejecting by default.
    pub request: Enforcement,
    /// For responses; reporting by default, because the request has already been served.
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
    /// The policy of a service. The ceilings limit the defaults of the classes: `report` turns
    /// rejections into reports. A class named in `classes` is enforced exactly as given there.
    /// `sample`, from 0 to 1, is the share of rejectable exchanges that are rejected.
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

    /// The same policy with one enforcement for all that a contract leaves unread.
    #[must_use]
    pub fn with_unreadable(mut self, enforcement: Enforcement) -> Self {
        for class in ViolationClass::UNREADABLE {
            self.by_class[class.index()] = enforcement;
            self.is_named[class.index()] = true;
        }
        self
    }

    /// The policy of an operation whose contract sets its own ceilings, which replace those of the
    /// service. Classes that the configuration names do not change.
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

    /// Whether any class of response violations is checked.
    pub fn checks_responses(&self) -> bool {
        let mut classes = ViolationClass::ALL.into_iter();
        classes.any(|class| class.is_of_response() && self.of(class) != Enforcement::Off)
    }

    /// Whether any class of violations is checked that only the body of a request can show. If none
    /// is, the body need not be read.
    pub fn checks_request_bodies(&self) -> bool {
        let mut classes = ViolationClass::OF_REQUEST_BODIES.into_iter();
        classes.any(|class| self.of(class) != Enforcement::Off)
    }

    /// What is done about this class.
    pub const fn of(&self, class: ViolationClass) -> Enforcement {
        self.by_class[class.index()]
    }

    /// The share of rejectable exchanges that are rejected, from 0 to 1; the others pass and are
    /// reported.
    pub const fn sample(&self) -> f64 {
        self.sample
    }
}

impl Default for EnforcementPolicy {
    /// The policy of a service without configuration: each class has its default, and every
    /// rejectable request is rejected.
    fn default() -> Self {
        Self::new(EnforcementCeilings::default(), [], 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_identify_classes() {
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
    fn bodies_are_read_only_if_a_class_needs_them() {
        let policy = |request, class, enforcement| {
            let ceilings = EnforcementCeilings {
                request,
                ..EnforcementCeilings::default()
            };
            EnforcementPolicy::new(ceilings, [(class, enforcement)], 1.0)
        };
        for class in ViolationClass::ALL {
            let only = policy(Enforcement::Off, class, Enforcement::Report);
            let is_of_body = ViolationClass::OF_REQUEST_BODIES.contains(&class);
            assert_eq!(only.checks_request_bodies(), is_of_body, "{class}");
            let without = policy(Enforcement::Report, class, Enforcement::Off);
            assert!(without.checks_request_bodies(), "{class}");
        }
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
