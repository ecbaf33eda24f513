//! The shares of an amount, and their formats.
//!
//! As JSON:
//!
//! ```json
//! {
//!   "service": "orders", "month": "2026-11", "is_partial": false, "method": "requests",
//!   "unit": "requests", "amount": "1200.00",
//!   "consumers": [{
//!     "squad": "checkout", "cost_center": "4713", "used": 300.0, "share": 0.75, "amount": "900.00"
//!   }],
//!   "cost_centers": [{ "cost_center": "4713", "amount": "900.00" }],
//!   "queries": ["…"]
//! }
//! ```

use std::collections::BTreeMap;

use portcullis_control::showback::MoneyAmount;
use serde::{Serialize, Serializer};

use super::costs_args::CostsArgs;
use super::usage_queries::UsageQueries;
use crate::cli::output::{ReportWriter, TextTable, escape_line, escape_markdown};

/// The shares of an amount.
#[derive(Debug, Serialize)]
pub(super) struct CostsReport {
    service: String,
    month: String,
    /// Whether the month is not over, so its shares will change.
    is_partial: bool,
    method: &'static str,
    unit: &'static str,
    #[serde(serialize_with = "as_text")]
    amount: MoneyAmount,
    consumers: Vec<ConsumerCost>,
    cost_centers: Vec<CenterCost>,
    queries: Vec<String>,
}

/// The share of one consumer.
#[derive(Debug, Serialize)]
pub(super) struct ConsumerCost {
    pub(super) squad: String,
    pub(super) cost_center: Option<String>,
    /// What it used, in the unit of the method.
    pub(super) used: f64,
    /// Its share of what all used, from 0 to 1.
    pub(super) share: f64,
    #[serde(serialize_with = "as_text")]
    pub(super) amount: MoneyAmount,
}

/// The sum of the consumers of one cost center; none for those without.
#[derive(Debug, Serialize)]
struct CenterCost {
    cost_center: Option<String>,
    #[serde(serialize_with = "as_text")]
    amount: MoneyAmount,
}

fn as_text<S: Serializer>(amount: &MoneyAmount, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&amount.to_string())
}

impl CostsReport {
    pub(super) fn new(
        args: &CostsArgs,
        consumers: Vec<ConsumerCost>,
        queries: &UsageQueries,
        is_partial: bool,
    ) -> Self {
        let mut centers = BTreeMap::<Option<String>, u64>::new();
        for consumer in &consumers {
            *centers.entry(consumer.cost_center.clone()).or_default() += consumer.amount.cents;
        }
        let centers = centers.into_iter().map(|(cost_center, cents)| CenterCost {
            cost_center,
            amount: MoneyAmount { cents },
        });
        Self {
            service: args.service.clone(),
            month: args.month.to_string(),
            is_partial,
            method: args.method.as_str(),
            unit: args.method.unit(),
            amount: args.amount,
            consumers,
            cost_centers: centers.collect(),
            queries: queries.expressions.to_vec(),
        }
    }

    /// Comma-separated values, with a line of names and without a total.
    pub(super) fn csv(&self) -> String {
        let mut text = format!(
            "service,month,squad,cost_center,{},share,amount\n",
            self.unit
        );
        for of in &self.consumers {
            let cells = [
                self.service.clone(),
                self.month.clone(),
                of.squad.clone(),
                of.cost_center.clone().unwrap_or_default(),
                of.used_text(),
                format!("{:.6}", of.share),
                of.amount.to_string(),
            ];
            let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
            text += &format!("{}\n", cells.join(","));
        }
        text
    }

    /// A table for a document, with the method and the total.
    pub(super) fn markdown(&self) -> String {
        let mut text = format!(
            "### {}\n\n| squad | cost center | {} | share | amount |\n|---|---|---:|---:|---:|\n",
            escape_markdown(&self.title()),
            self.unit
        );
        for of in &self.consumers {
            text += &format!(
                "| {} | {} | {} | {} | {} |\n",
                escape_markdown(&of.squad),
                escape_markdown(of.cost_center.as_deref().unwrap_or_default()),
                of.used_text(),
                of.percent(),
                of.amount
            );
        }
        text += &format!(
            "| **total** | | | | **{}** |\n\n{}\n",
            self.amount,
            self.rule()
        );
        text
    }

    pub(super) fn print_text(&self, out: &mut ReportWriter) {
        out.line(self.title());
        let head = ["squad", "cost center", self.unit, "share", "amount"];
        let mut table = TextTable::new(head, &[2, 3, 4]);
        for of in &self.consumers {
            table.row([
                of.squad.clone(),
                escape_line(of.cost_center.as_deref().unwrap_or("-")),
                of.used_text(),
                of.percent(),
                of.amount.to_string(),
            ]);
        }
        let empty = String::new;
        table.row([
            "total".to_owned(),
            empty(),
            empty(),
            empty(),
            self.amount.to_string(),
        ]);
        table.print(out, "  ");
        out.line(self.rule());
    }

    fn title(&self) -> String {
        let partial = if self.is_partial { ", until now" } else { "" };
        format!(
            "{} in {}{partial}, by {}",
            self.service, self.month, self.method
        )
    }

    fn rule(&self) -> String {
        "Amounts are rounded down, and the cents that are left go to the largest remainders."
            .to_owned()
    }
}

impl ConsumerCost {
    fn used_text(&self) -> String {
        if self.used.fract() == 0.0 {
            format!("{:.0}", self.used)
        } else {
            format!("{:.6}", self.used)
        }
    }

    fn percent(&self) -> String {
        format!("{:.2} %", self.share * 100.0)
    }
}

/// A cell, quoted as RFC 4180 says.
fn csv_cell(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_need_it() {
        assert_eq!(csv_cell("4711"), "4711");
        assert_eq!(csv_cell("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
