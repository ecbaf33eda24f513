//! A body plan that does not borrow from the contract.

use portcullis_contract::{BodyPlan, DeclaredBody as ContractBody, MediaType};

/// A body plan that names the media type by index, so that it can be kept across an `await`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnedBodyPlan {
    Stream,
    Judge { media: usize, may_be_absent: bool },
}

impl OwnedBodyPlan {
    pub(super) fn of(plan: BodyPlan<'_>, body: Option<&ContractBody>) -> Self {
        let position = |media: &MediaType| {
            let content = &body?.content;
            content
                .iter()
                .position(|candidate| std::ptr::eq(candidate, media))
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
