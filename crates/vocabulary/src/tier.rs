//! Service level tiers, which rank traffic.
//!
//! The variants are in the order of their ranks, `Gold > Silver > Bronze`, so the lower of two
//! tiers is their `min`.

use std::fmt;
use std::str::FromStr;

/// A service level tier. Every caller has at least bronze.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// The lowest rank, and the rank of callers that claim no tier.
    #[default]
    Bronze,
    /// The middle rank.
    Silver,
    /// The highest rank.
    Gold,
}

/// The text is not the name of a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one of gold, silver, bronze")]
pub struct UnknownTier;

impl Tier {
    /// All tiers, lowest first.
    pub const ALL: [Self; 3] = [Self::Bronze, Self::Silver, Self::Gold];

    /// The stable name, as headers, files and labels have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bronze => "bronze",
            Self::Silver => "silver",
            Self::Gold => "gold",
        }
    }

    /// The tier that a request claims (`x-sla-tier`). Missing or unknown text is bronze, so a wrong
    /// claim never ranks above an honest one.
    pub fn from_claim(text: Option<&[u8]>) -> Self {
        text.and_then(|text| std::str::from_utf8(text).ok())
            .and_then(|text| text.parse().ok())
            .unwrap_or_default()
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Tier {
    type Err = UnknownTier;

    fn from_str(text: &str) -> Result<Self, UnknownTier> {
        Self::ALL
            .into_iter()
            .find(|tier| tier.as_str() == text)
            .ok_or(UnknownTier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gold_ranks_above_silver_above_bronze() {
        assert!(Tier::Gold > Tier::Silver && Tier::Silver > Tier::Bronze);
        assert_eq!(Tier::Gold.min(Tier::Bronze), Tier::Bronze);
    }

    #[test]
    fn text_and_tier_are_inverse() {
        for tier in Tier::ALL {
            assert_eq!(tier.to_string().parse(), Ok(tier));
        }
        assert_eq!("Gold".parse::<Tier>(), Err(UnknownTier));
    }

    #[test]
    fn an_unknown_claim_is_bronze() {
        let check = |claim: Option<&[u8]>, tier| assert_eq!(Tier::from_claim(claim), tier);
        check(None, Tier::Bronze);
        check(Some(b""), Tier::Bronze);
        check(Some(b"platinum"), Tier::Bronze);
        check(Some(b"\xff"), Tier::Bronze);
        check(Some(b"silver"), Tier::Silver);
        check(Some(b"gold"), Tier::Gold);
    }
}
