//! What the consumers of services use, as Prometheus text.
//!
//! The counts are those of the inventories, which each data core writes without a lock. They are summed
//! when they are read, and written here because the counters of the `metrics` crate are integers, and
//! these are seconds.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use portcullis_vocabulary::Catalog;

use super::inventory::{ExchangeUsage, TrafficInventory};
use super::metric_names::{
    CONSUMER_BYTES, CONSUMER_OWN, CONSUMER_UPSTREAM, Metric, MetricKind, SQUAD_INFO,
};

/// The inventories that are shown, and the cost centers of squads.
#[derive(Debug, Default)]
pub(super) struct ConsumerUsageText {
    inventories: Mutex<BTreeMap<String, Weak<TrafficInventory>>>,
    cost_centers: Mutex<BTreeMap<String, String>>,
}

impl ConsumerUsageText {
    /// Shows the inventory of a service from now on, instead of an earlier one.
    pub(super) fn show(&self, inventory: &Arc<TrafficInventory>) {
        let service = inventory.service().to_owned();
        lock(&self.inventories).insert(service, Arc::downgrade(inventory));
    }

    /// Shows the cost centers of these squads.
    pub(super) fn show_cost_centers(&self, catalog: &Catalog) {
        let squads = catalog.squads().iter();
        let centers = squads.filter_map(|squad| {
            let center = squad.cost_center.clone()?;
            Some((squad.name.to_string(), center))
        });
        *lock(&self.cost_centers) = centers.collect();
    }

    /// Adds the samples to the text of the other metrics.
    pub(super) fn write(&self, text: &mut String) {
        let rows = self.rows();
        for (metric, samples) in [
            (&CONSUMER_BYTES, byte_samples as UsageSamples),
            (&CONSUMER_UPSTREAM, upstream_samples),
            (&CONSUMER_OWN, own_samples),
        ] {
            let rows = rows.iter().flat_map(|(service, squad, usage)| {
                let samples = samples(usage).into_iter();
                samples.map(move |(label, value)| {
                    let labels = [service.as_str(), squad.as_ref()].into_iter().chain(label);
                    (labels.collect::<Vec<_>>(), value)
                })
            });
            write_metric(text, metric, rows);
        }
        let centers = lock(&self.cost_centers);
        let centers = centers.iter();
        let centers = centers.map(|(squad, center)| (vec![squad.as_str(), center], "1".to_owned()));
        write_metric(text, &SQUAD_INFO, centers);
    }

    fn rows(&self) -> Vec<(String, Arc<str>, ExchangeUsage)> {
        let inventories = lock(&self.inventories);
        let inventories = inventories.iter();
        let live = inventories.filter_map(|(service, weak)| Some((service, weak.upgrade()?)));
        live.flat_map(|(service, inventory)| {
            let squads = inventory.usage_by_squad().into_iter();
            squads.map(|(squad, usage)| (service.clone(), squad, usage))
        })
        .collect()
    }
}

/// The samples of one consumer, with a further label if the metric has one.
type UsageSamples = fn(&ExchangeUsage) -> Vec<(Option<&'static str>, String)>;

fn byte_samples(usage: &ExchangeUsage) -> Vec<(Option<&'static str>, String)> {
    vec![
        (Some("from-client"), usage.request_bytes.to_string()),
        (Some("from-upstream"), usage.response_bytes.to_string()),
    ]
}

fn upstream_samples(usage: &ExchangeUsage) -> Vec<(Option<&'static str>, String)> {
    vec![(None, usage.upstream.as_secs_f64().to_string())]
}

fn own_samples(usage: &ExchangeUsage) -> Vec<(Option<&'static str>, String)> {
    vec![(None, usage.own.as_secs_f64().to_string())]
}

/// Writes the samples of one metric in the text format 0.0.4; nothing without samples.
fn write_metric<'a>(
    text: &mut String,
    metric: &Metric,
    samples: impl Iterator<Item = (Vec<&'a str>, String)>,
) {
    let name = metric.name;
    let mut samples = samples.peekable();
    if samples.peek().is_none() {
        return;
    }
    write_heading(text, metric);
    for (values, value) in samples {
        let labels = metric.labels.iter().zip(values);
        let labels: Vec<String> = labels
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
            .collect();
        let _ = writeln!(text, "{name}{{{}}} {value}", labels.join(","));
    }
    text.push('\n');
}

/// Writes the lines before the samples of a metric.
pub(super) fn write_heading(text: &mut String, metric: &Metric) {
    let Metric { name, help, .. } = metric;
    let kind = match metric.kind {
        MetricKind::Counter => "counter",
        MetricKind::Gauge => "gauge",
        MetricKind::Histogram => "histogram",
    };
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// The value of a label, as the text format quotes it.
pub(super) fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use portcullis_vocabulary::Squad;

    use super::*;

    #[test]
    fn writes_what_each_squad_used() {
        let inventory = TrafficInventory::new("orders", 2);
        for core in 0..2 {
            let tally = inventory.tally(core, "listOrders", "checkout");
            tally.add_usage(ExchangeUsage {
                request_bytes: 10,
                response_bytes: 1,
                upstream: Duration::from_millis(1_250),
                own: Duration::from_micros(5),
            });
        }
        let usage = ConsumerUsageText::default();
        usage.show(&inventory);
        let squad = Squad {
            cost_center: Some("a\"b\\".to_owned()),
            ..Squad::named("checkout".parse().unwrap())
        };
        usage.show_cost_centers(&Catalog::new(vec![squad], vec![], vec![]));
        let mut text = String::new();
        usage.write(&mut text);
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                "portcullis_consumer_bytes_total{service=\"orders\",squad=\"checkout\",direction=\"from-client\"} 20",
                "portcullis_consumer_bytes_total{service=\"orders\",squad=\"checkout\",direction=\"from-upstream\"} 2",
                "",
                "portcullis_consumer_upstream_seconds_total{service=\"orders\",squad=\"checkout\"} 2.5",
                "",
                "portcullis_consumer_own_seconds_total{service=\"orders\",squad=\"checkout\"} 0.00001",
                "",
                "portcullis_squad_info{squad=\"checkout\",cost_center=\"a\\\"b\\\\\"} 1",
                "",
            ]
        );
        drop(inventory);
        let mut text = String::new();
        usage.write(&mut text);
        assert!(!text.contains("orders"), "{text}");
    }
}
