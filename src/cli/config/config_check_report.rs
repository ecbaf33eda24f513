//! The result of `config check`, for programs and for humans.

use portcullis_config::{ConfigErrors, ConfigProblem};
use serde::Serialize;

use crate::app::{ConfigCheck, ConfigFinding, ServiceSummary};
use crate::cli::output::{ReportWriter, TextStyle, counted, text_width};

/// What `config check` found.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct ConfigCheckReport {
    config: String,
    pub(in crate::cli) errors: usize,
    pub(in crate::cli) warnings: usize,
    services: Vec<ServiceReport>,
    findings: Vec<FindingReport>,
}

#[derive(Debug, Serialize)]
struct ServiceReport {
    name: String,
    contract: String,
    /// Absent if the contract was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operations: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
}

#[derive(Debug, Serialize)]
struct FindingReport {
    level: &'static str,
    /// The file and line, the variable or the flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    message: String,
}

impl ConfigCheckReport {
    /// The report about a configuration that could be read.
    pub(in crate::cli) fn of_check(config: String, check: ConfigCheck) -> Self {
        let findings = check.findings.into_iter().map(FindingReport::of_finding);
        let services = check.services.into_iter().map(ServiceReport::of_summary);
        Self::new(config, services.collect(), findings.collect())
    }

    /// The report about a configuration that is refused.
    pub(in crate::cli) fn of_errors(config: String, errors: &ConfigErrors) -> Self {
        let findings = errors.problems().iter().map(FindingReport::of_problem);
        Self::new(config, Vec::new(), findings.collect())
    }

    fn new(config: String, services: Vec<ServiceReport>, findings: Vec<FindingReport>) -> Self {
        let errors = findings.iter().filter(|finding| finding.is_error()).count();
        Self {
            config,
            errors,
            warnings: findings.len() - errors,
            services,
            findings,
        }
    }

    /// Prints the report for humans.
    pub(in crate::cli) fn print(&self, out: &mut ReportWriter) {
        let width = |of: fn(&ServiceReport) -> &str| {
            let widths = self.services.iter().map(|service| text_width(of(service)));
            widths.max().unwrap_or_default()
        };
        let name_width = width(|service| &service.name);
        let provider_width = width(ServiceReport::provider);
        for service in &self.services {
            let name = format!("{:name_width$}", service.name);
            let name = out.paint(TextStyle::Bold, name).to_string();
            out.line(format_args!(
                "{name}  {:provider_width$}  {}",
                service.provider(),
                service.facts()
            ));
        }
        for finding in &self.findings {
            finding.print(out);
        }
        let Self {
            config,
            errors,
            warnings,
            ..
        } = self;
        let verdict = if *errors == 0 {
            "can start"
        } else {
            "has errors"
        };
        let verdict = out.paint(TextStyle::Bold, verdict).to_string();
        out.line(format_args!(
            "{config} {verdict}: {}, {}, {}",
            counted(self.services.len() as u64, "service"),
            counted(*errors as u64, "error"),
            counted(*warnings as u64, "warning")
        ));
    }
}

impl ServiceReport {
    fn of_summary(summary: ServiceSummary) -> Self {
        let (version, operations) = summary.compiled.unzip();
        Self {
            name: summary.name,
            contract: summary.contract,
            version,
            operations,
            provider: summary.provider,
        }
    }

    fn provider(&self) -> &str {
        self.provider.as_deref().unwrap_or("-")
    }

    fn facts(&self) -> String {
        let contract = &self.contract;
        match (&self.version, self.operations) {
            (Some(version), Some(operations)) => {
                let operations = counted(operations as u64, "operation");
                format!("{contract} {version}, {operations}")
            }
            _ => format!("{contract}, not read"),
        }
    }
}

impl FindingReport {
    fn of_finding(finding: ConfigFinding) -> Self {
        Self {
            level: if finding.is_error { "error" } else { "warning" },
            location: None,
            key: None,
            service: finding.service,
            message: finding.message,
        }
    }

    fn of_problem(problem: &ConfigProblem) -> Self {
        let key = problem.key();
        Self {
            level: "error",
            location: Some(problem.location().to_string()),
            key: (!key.is_empty()).then(|| key.to_owned()),
            service: None,
            message: problem.message().to_owned(),
        }
    }

    fn is_error(&self) -> bool {
        self.level == "error"
    }

    fn print(&self, out: &mut ReportWriter) {
        let style = if self.is_error() {
            TextStyle::Red
        } else {
            TextStyle::Yellow
        };
        let level = out.paint(style, self.level).to_string();
        let location = self.location.as_deref().into_iter();
        // Some messages name the service themselves.
        let service = self.service.as_deref();
        let service = service.filter(|_| !self.message.starts_with("service `"));
        let subject = location.chain(self.key.as_deref()).chain(service);
        let mut text = String::new();
        for part in subject {
            text.push_str(part);
            text.push_str(": ");
        }
        text.push_str(&self.message);
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        out.line(format_args!("{level}  {first}"));
        for line in lines {
            out.line(format_args!("  {line}"));
        }
    }
}
