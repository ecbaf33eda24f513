//! Whom to ask after the provider of a service, step by step, across squads.

use std::fmt;
use std::str::FromStr;

use super::squad_name::SquadName;

/// The kinds of contacts of a squad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactKind {
    /// Whom to call when something fails.
    Oncall,
    /// The chat channel.
    Chat,
    /// The e-mail address.
    Email,
}

/// One step of an escalation: a contact of a squad, written `platform/oncall`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscalationStep {
    /// The squad.
    pub squad: SquadName,
    /// Which of its contacts.
    pub contact: ContactKind,
}

/// The text is not a step of an escalation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a squad and one of its contacts, such as \"platform/oncall\"; contacts are oncall, chat and email"
)]
pub struct InvalidEscalation;

impl ContactKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Oncall, Self::Chat, Self::Email];

    /// The key of the catalog.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oncall => "oncall",
            Self::Chat => "chat",
            Self::Email => "email",
        }
    }
}

impl FromStr for EscalationStep {
    type Err = InvalidEscalation;

    fn from_str(text: &str) -> Result<Self, InvalidEscalation> {
        let (squad, contact) = text.split_once('/').ok_or(InvalidEscalation)?;
        let mut kinds = ContactKind::ALL.into_iter();
        let contact = kinds.find(|kind| kind.as_str() == contact);
        Ok(Self {
            squad: squad.parse().map_err(|_| InvalidEscalation)?,
            contact: contact.ok_or(InvalidEscalation)?,
        })
    }
}

impl fmt::Display for EscalationStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.squad, self.contact.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_steps() {
        let step: EscalationStep = "platform/oncall".parse().unwrap();
        assert_eq!(
            (step.squad.as_str(), step.contact),
            ("platform", ContactKind::Oncall)
        );
        assert_eq!(step.to_string(), "platform/oncall");
        for text in [
            "platform",
            "platform/",
            "/oncall",
            "Platform/oncall",
            "a/pager",
            "a/b/chat",
        ] {
            assert_eq!(
                text.parse::<EscalationStep>(),
                Err(InvalidEscalation),
                "{text}"
            );
        }
    }
}
