//! What the workloads of a squad may use on Kubernetes: a quota for each namespace, and limits for
//! each container.
//!
//! A quantity is kept as it is written, so that manifests show what the catalog says.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// An amount of processors or memory as Kubernetes writes it: `8`, `500m`, `16Gi`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceQuantity {
    text: Box<str>,
    /// The amount in thousandths.
    thousandths: u128,
}

/// The text is not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a quantity of Kubernetes such as \"500m\", \"8\" or \"16Gi\"")]
pub struct InvalidQuantity;

/// What all workloads of a namespace may use together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceQuota {
    /// Processors that are reserved.
    pub requests_cpu: ResourceQuantity,
    /// Memory that is reserved.
    pub requests_memory: ResourceQuantity,
    /// Processors that may be used.
    pub limits_cpu: ResourceQuantity,
    /// Memory that may be used.
    pub limits_memory: ResourceQuantity,
    /// Pods.
    pub pods: u32,
}

/// What one container may use. The defaults apply to containers that say nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerLimits {
    /// The default limit of processors.
    pub cpu: ResourceQuantity,
    /// The default request of processors.
    pub cpu_request: ResourceQuantity,
    /// The default limit of memory.
    pub memory: ResourceQuantity,
    /// The default request of memory.
    pub memory_request: ResourceQuantity,
    /// The most memory that a container may ask for.
    pub memory_max: ResourceQuantity,
}

/// Suffixes with the thousandths that one unit has.
const SUFFIXES: [(&str, u128); 13] = [
    ("", 1_000),
    ("m", 1),
    ("k", 1_000_000),
    ("M", 1_000_000_000),
    ("G", 1_000_000_000_000),
    ("T", 1_000_000_000_000_000),
    ("P", 1_000_000_000_000_000_000),
    ("Ki", 1_000 << 10),
    ("Mi", 1_000 << 20),
    ("Gi", 1_000 << 30),
    ("Ti", 1_000 << 40),
    ("Pi", 1_000 << 50),
    ("Ei", 1_000 << 60),
];

/// The most digits of a number; more cannot be meant.
const DIGITS_MAX: usize = 9;

impl ResourceQuantity {
    /// The quantity as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has thousandths, which memory does not have.
    pub fn is_fraction(&self) -> bool {
        !self.thousandths.is_multiple_of(1_000)
    }

    /// A valid quantity of this program.
    fn known(text: &str) -> Self {
        text.parse().expect("the default is a quantity")
    }
}

impl FromStr for ResourceQuantity {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let end = text.find(|c: char| !c.is_ascii_digit());
        let (number, suffix) = text.split_at(end.unwrap_or(text.len()));
        let (_, unit) = SUFFIXES
            .iter()
            .find(|(name, _)| *name == suffix)
            .ok_or(InvalidQuantity)?;
        if !(1..=DIGITS_MAX).contains(&number.len()) {
            return Err(InvalidQuantity);
        }
        let number: u128 = number.parse().map_err(|_| InvalidQuantity)?;
        Ok(Self {
            text: text.into(),
            thousandths: number * unit,
        })
    }
}

/// By amount: `1024Mi` and `1Gi` are the same.
impl PartialOrd for ResourceQuantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.thousandths.cmp(&other.thousandths))
    }
}

impl fmt::Display for ResourceQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Default for NamespaceQuota {
    fn default() -> Self {
        let quantity = ResourceQuantity::known;
        Self {
            requests_cpu: quantity("8"),
            requests_memory: quantity("16Gi"),
            limits_cpu: quantity("16"),
            limits_memory: quantity("32Gi"),
            pods: 50,
        }
    }
}

impl Default for ContainerLimits {
    fn default() -> Self {
        let quantity = ResourceQuantity::known;
        Self {
            cpu: quantity("500m"),
            cpu_request: quantity("100m"),
            memory: quantity("512Mi"),
            memory_request: quantity("256Mi"),
            memory_max: quantity("2Gi"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_compared_by_amount() {
        let quantity = |text: &str| text.parse::<ResourceQuantity>().unwrap();
        assert!(quantity("500m") < quantity("1"));
        assert!(quantity("1000m") >= quantity("1"));
        assert!(quantity("1G") < quantity("1Gi"));
        assert!(quantity("1024Mi") >= quantity("1Gi"));
        assert!(quantity("999999999Ei") > quantity("999999999Pi"));
        assert!(quantity("1m").is_fraction() && !quantity("2000m").is_fraction());
        assert_eq!(quantity("16Gi").to_string(), "16Gi");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "m",
            "1.5",
            "-1",
            "1gi",
            "1 Gi",
            "1MiB",
            "1e3",
            "1234567890",
        ] {
            assert_eq!(
                text.parse::<ResourceQuantity>(),
                Err(InvalidQuantity),
                "{text}"
            );
        }
    }

    #[test]
    fn the_defaults_are_consistent() {
        let (quota, limits) = (NamespaceQuota::default(), ContainerLimits::default());
        assert!(quota.requests_cpu <= quota.limits_cpu);
        assert!(quota.requests_memory <= quota.limits_memory);
        assert!(limits.memory_request <= limits.memory && limits.memory <= limits.memory_max);
        assert!(limits.cpu_request <= limits.cpu);
    }
}
