//! An amount of money in hundredths of its currency, which is not named.

use std::fmt;
use std::str::FromStr;

/// An amount of money, exact to the hundredth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MoneyAmount {
    /// The number of hundredths.
    pub cents: u64,
}

/// The text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an amount above 0 with at most two decimals, such as 1200 or 1199.95")]
pub struct InvalidAmount;

impl FromStr for MoneyAmount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        if !are_digits(whole) || !are_digits(decimals) || decimals.len() > 2 {
            return Err(InvalidAmount);
        }
        let decimals = format!("{decimals:0<2}");
        let cents = format!("{whole}{decimals}")
            .parse()
            .map_err(|_| InvalidAmount)?;
        if cents == 0 {
            return Err(InvalidAmount);
        }
        Ok(Self { cents })
    }
}

impl fmt::Display for MoneyAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:02}", self.cents / 100, self.cents % 100);
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_amounts() {
        for (text, cents, shown) in [
            ("1200", 120_000, "1200.00"),
            ("0.5", 50, "0.50"),
            ("1199.95", 119_995, "1199.95"),
        ] {
            let amount: MoneyAmount = text.parse().unwrap();
            assert_eq!((amount.cents, amount.to_string().as_str()), (cents, shown));
        }
        for text in [
            "",
            "0",
            "-1",
            "1.",
            ".5",
            "1.234",
            "1,200",
            "1e3",
            "€5",
            "99999999999999999999",
        ] {
            assert_eq!(text.parse::<MoneyAmount>(), Err(InvalidAmount), "{text}");
        }
    }
}
