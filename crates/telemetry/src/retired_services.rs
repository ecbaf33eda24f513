//! Services that were removed from the configuration, which the metrics no longer show.
//!
//! The registry cannot forget a series while a data core may still count in it: the count would be
//! lost if the service came back. So series stay registered, and their lines are left out.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

/// The names of services that are not shown.
#[derive(Debug, Default)]
pub(super) struct RetiredServices(RwLock<BTreeSet<String>>);

impl RetiredServices {
    /// Leaves a service out from now on.
    pub(super) fn retire(&self, service: &str) {
        let mut retired = self.0.write().unwrap_or_else(PoisonError::into_inner);
        retired.insert(service.to_owned());
    }

    /// Shows a service again.
    pub(super) fn restore(&self, service: &str) {
        let mut retired = self.0.write().unwrap_or_else(PoisonError::into_inner);
        retired.remove(service);
    }

    /// The text without the lines of these services.
    pub(super) fn filter(&self, text: String) -> String {
        let retired = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if retired.is_empty() {
            return text;
        }
        let is_shown = |line: &&str| service_of(line).is_none_or(|name| !retired.contains(name));
        text.split_inclusive('\n').filter(is_shown).collect()
    }
}

/// The value of the label `service`. Quotes inside other values are escaped, and names of services
/// need no escaping.
fn service_of(line: &str) -> Option<&str> {
    let labels = &line[line.find('{')?..];
    let label = |start: &str| labels.find(start).map(|at| &labels[at + start.len()..]);
    let value = label("{service=\"").or_else(|| label(",service=\""))?;
    value.split_once('"').map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_the_lines_of_retired_services() {
        let text = "\
# HELP requests_total Requests.
requests_total{service=\"a\",squad=\"b\"} 1
requests_total{squad=\"b\",service=\"a\"} 2
requests_total{service=\"ab\",squad=\"a\"} 3
requests_total{squad=\",service=\\\"a\\\"\",service=\"b\"} 4
connections 5
";
        let retired = RetiredServices::default();
        assert_eq!(retired.filter(text.to_owned()), text);
        retired.retire("a");
        retired.retire("c");
        let shown = retired.filter(text.to_owned());
        let values: Vec<&str> = shown.lines().map(|line| &line[line.len() - 1..]).collect();
        assert_eq!(values, [".", "3", "4", "5"]);
        retired.restore("a");
        assert_eq!(retired.filter(text.to_owned()), text);
    }
}
