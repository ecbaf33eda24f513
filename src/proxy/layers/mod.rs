//! The layers of the pipeline, in the order in which a request meets them.

mod answer;
mod route;
mod find;
mod head;
mod body;
mod forward;

pub(super) use answer::{answer, refuse_stream};
pub(super) use body::judge_body;
pub(super) use find::find;
pub(super) use forward::forward;
pub(super) use head::judge_head;
pub(super) use route::route;

use std::rc::Rc;

use http::{HeaderValue, Request, Response};

use crate::config::enforcement::Enforcement;
use crate::contract::route::Captures;
use crate::contract::{BodyPlan, MediaType, RequestBody as ContractBody, Violation};

use super::answer::Cause;
use super::answer_body::AnswerBody;
use super::body::RequestBody;
use super::forward_body::ForwardBody;
use super::headers::Peer;
use super::ledger::Ledger;

/// A request with its id.
#[derive(Debug)]
pub(super) struct Identified {
    pub(super) request: Request<RequestBody>,
    pub(super) peer: Rc<Peer>,
}

/// A request whose service and consumer are known.
#[derive(Debug)]
pub(super) struct Routed<B = RequestBody> {
    pub(super) request: Request<B>,
    pub(super) peer: Rc<Peer>,
    pub(super) ledger: Rc<Ledger>,
    /// Violations that do not keep it from passing.
    pub(super) reported: Vec<Violation>,
}

/// A request whose operation is known, with the values of its path; or one that passes without.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) routed: Routed,
    pub(super) operation: Option<(u32, Captures)>,
}

/// A request whose head was judged.
#[derive(Debug)]
pub(super) struct HeadJudged {
    pub(super) routed: Routed,
    pub(super) plan: OwnedPlan,
}

/// A request that may go out.
#[derive(Debug)]
pub(super) struct Judged(pub(super) Routed<ForwardBody>);

/// An answer of the service.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) response: Response<AnswerBody>,
    pub(super) reported: Vec<Violation>,
}

/// A request that its service did not answer.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) cause: Cause,
    pub(super) ledger: Option<Rc<Ledger>>,
}

impl Refused {
    pub(super) fn new(cause: Cause, ledger: &Rc<Ledger>) -> Self {
        Self {
            cause,
            ledger: Some(Rc::clone(ledger)),
        }
    }
}

/// A body plan by position in the contract, so that it can be kept while a body is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnedPlan {
    Stream,
    Judge { media: usize, may_be_absent: bool },
}

impl OwnedPlan {
    pub(super) fn of(plan: BodyPlan<'_>, body: Option<&ContractBody>) -> Self {
        let position = |media: &MediaType| {
            let content = &body?.content;
            content.iter().position(|known| std::ptr::eq(known, media))
        };
        let (media, may_be_absent) = match plan {
            BodyPlan::Stream => return Self::Stream,
            BodyPlan::Judge(media) => (media, false),
            BodyPlan::JudgeIfPresent(media, _) => (media, true),
        };
        position(media).map_or(Self::Stream, |media| Self::Judge {
            media,
            may_be_absent,
        })
    }

    pub(super) fn borrow(self, body: Option<&ContractBody>) -> BodyPlan<'_> {
        match (self, body) {
            (
                Self::Judge {
                    media,
                    may_be_absent: false,
                },
                Some(body),
            ) => BodyPlan::Judge(&body.content[media]),
            (
                Self::Judge {
                    media,
                    may_be_absent: true,
                },
                Some(body),
            ) => BodyPlan::JudgeIfPresent(&body.content[media], body),
            (Self::Stream, _) | (Self::Judge { .. }, None) => BodyPlan::Stream,
        }
    }
}

impl<B> Routed<B> {
    /// The request without its body, and the body.
    pub(super) fn split(self) -> (Routed<()>, B) {
        let (head, body) = self.request.into_parts();
        let Self {
            peer,
            ledger,
            reported,
            ..
        } = self;
        (
            Routed {
                request: Request::from_parts(head, ()),
                peer,
                ledger,
                reported,
            },
            body,
        )
    }

    /// The request with another body.
    pub(super) fn with_body<C>(self, body: C) -> Routed<C> {
        let Self {
            request,
            peer,
            ledger,
            reported,
        } = self;
        Routed {
            request: request.map(|_| body),
            peer,
            ledger,
            reported,
        }
    }

    /// Decides about violations: refuses if one of them is to be rejected, and remembers the
    /// others.
    pub(super) fn decide(
        &mut self,
        violations: Vec<Violation>,
        allow: Option<&str>,
    ) -> Result<(), Refused> {
        if violations.is_empty() {
            return Ok(());
        }
        let policy = self.ledger.service.policy(self.ledger.operation());
        let is_rejectable =
            |violation: &Violation| policy.of(violation.class) == Enforcement::Reject;
        // Drawn only when it matters: a roll-out rejects a share of what it could reject.
        let rejects = violations.iter().any(is_rejectable) && fastrand::f64() < policy.sample();
        for violation in &violations {
            let done = match is_rejectable(violation) && rejects {
                true => Enforcement::Reject,
                false => Enforcement::Report,
            };
            self.ledger.violated(violation.class, done);
        }
        if !rejects {
            self.reported.extend(violations);
            return Ok(());
        }
        let (mut rejected, others): (Vec<_>, Vec<_>) =
            violations.into_iter().partition(is_rejectable);
        rejected.extend(others);
        let cause = Cause::Violations {
            violations: rejected,
            allow: allow.map(str::to_owned),
        };
        Err(Refused::new(cause, &self.ledger))
    }
}

/// `x-portcullis-violations`: how many, and of which classes.
pub(super) fn report_header(violations: &[Violation]) -> Option<HeaderValue> {
    let mut classes: Vec<&str> = violations
        .iter()
        .map(|violation| violation.class.as_str())
        .collect();
    classes.sort_unstable();
    classes.dedup();
    HeaderValue::from_str(&format!("{}; {}", violations.len(), classes.join(", "))).ok()
}
