//! The arguments of `portcullis owners costs`.

use std::path::PathBuf;

use clap::{Args as Flags, ValueEnum};

use super::billing_month::BillingMonth;
use portcullis_control::showback::MoneyAmount;

/// `portcullis owners costs`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis owners costs --prometheus http://prometheus:9090 --service orders --month 2026-11 --amount 1200
  portcullis owners costs ... --method bytes --format csv > orders-2026-11.csv

The amounts add up to the cent: each is rounded down, and the cents that are left go to the largest
remainders. A consumer that used nothing pays nothing. Months are those of UTC.

Exit codes: 0 fine, 2 could not run, for example because the service was not used in that month.")]
pub(in crate::cli::owners) struct CostsArgs {
    /// A Prometheus server that scrapes the proxies and keeps its samples for the month
    #[arg(long, value_name = "URL")]
    pub(super) prometheus: String,
    /// The service
    #[arg(long, value_name = "SERVICE")]
    pub(super) service: String,
    /// The month, such as 2026-11; of the current one, the time until now counts
    #[arg(long, value_name = "MONTH")]
    pub(super) month: BillingMonth,
    /// The amount to divide, with at most two decimals
    #[arg(long, value_name = "AMOUNT")]
    pub(super) amount: MoneyAmount,
    /// What the shares follow
    #[arg(long, value_enum, default_value_t)]
    pub(super) method: CostsMethod,
    /// The catalog, for cost centers
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub(super) catalog: PathBuf,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: CostsFormat,
}

/// What the shares of an amount follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum CostsMethod {
    /// The number of requests, whatever their outcome
    #[default]
    Requests,
    /// The time that requests spent waiting for the service
    Time,
    /// The bytes of the bodies of requests and responses
    Bytes,
}

/// How the shares are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum CostsFormat {
    /// For humans
    #[default]
    Text,
    /// For programs
    Json,
    /// For spreadsheets: comma-separated values
    Csv,
    /// For documents
    Markdown,
}

impl CostsMethod {
    /// The stable name.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Time => "time",
            Self::Bytes => "bytes",
        }
    }

    /// The unit of what is measured.
    pub(super) const fn unit(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Time => "seconds",
            Self::Bytes => "bytes",
        }
    }

    /// The metric.
    pub(super) const fn metric(self) -> &'static str {
        match self {
            Self::Requests => "portcullis_requests_total",
            Self::Time => "portcullis_consumer_upstream_seconds_total",
            Self::Bytes => "portcullis_consumer_bytes_total",
        }
    }

    /// How many weights one unit has: time is measured to the microsecond.
    pub(super) const fn weights_per_unit(self) -> u64 {
        match self {
            Self::Requests | Self::Bytes => 1,
            Self::Time => 1_000_000,
        }
    }
}
