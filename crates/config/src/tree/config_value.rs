//! Conversion of values to types, one function for each type.
//!
//! The error says what was expected, with the bounds in the unit of the key, and suggests a value
//! where the intention is clear.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use http::HeaderName;
use humantime::format_duration;
use ipnet::IpNet;

use super::config_problem::{ConfigValueError, nearest};
use super::config_tree::{ConfigNode, ConfigValue};

/// A converted value.
pub(crate) type ConfigValueResult<T> = Result<T, ConfigValueError>;

/// A string that is not blank.
pub(crate) fn text(node: &ConfigNode) -> ConfigValueResult<String> {
    let text = node.text().filter(|text| !text.trim().is_empty());
    text.map(str::to_owned)
        .ok_or_else(|| ConfigValueError::expected("a string"))
}

/// A string, or a list of strings. The text of a variable is split at commas.
pub(crate) fn texts(node: &ConfigNode) -> ConfigValueResult<Vec<String>> {
    let fault = || ConfigValueError::expected("a string or a non-empty list of strings");
    let texts: Option<Vec<String>> = match &node.value {
        ConfigValue::List(items) => items.iter().map(|item| text(item).ok()).collect(),
        ConfigValue::Untyped(several) => {
            Some(several.split(',').map(|one| one.trim().into()).collect())
        }
        _ => text(node).ok().map(|one| vec![one]),
    };
    texts
        .filter(|texts| !texts.is_empty() && texts.iter().all(|text| !text.is_empty()))
        .ok_or_else(fault)
}

/// A header name.
pub(crate) fn header(node: &ConfigNode) -> ConfigValueResult<HeaderName> {
    let name = node.text().and_then(|text| text.parse().ok());
    name.ok_or_else(|| ConfigValueError::expected("a header name such as \"authorization\""))
}

/// A string that a type parses by its own `FromStr`.
pub(crate) fn parsed<T: FromStr<Err: ToString>>(node: &ConfigNode) -> ConfigValueResult<T> {
    let text = node
        .text()
        .ok_or_else(|| ConfigValueError::expected("a string"))?;
    text.parse().map_err(|error: T::Err| {
        let message = error.to_string();
        ConfigValueError::expected(message.strip_prefix("expected ").unwrap_or(&message))
    })
}

/// `true` or `false`.
pub(crate) fn boolean(node: &ConfigNode) -> ConfigValueResult<bool> {
    match &node.value {
        ConfigValue::Boolean(value) => Ok(*value),
        ConfigValue::Untyped(text) if text == "true" => Ok(true),
        ConfigValue::Untyped(text) if text == "false" => Ok(false),
        _ => Err(ConfigValueError::expected("true or false")),
    }
}

/// One of a few words.
pub(crate) fn word<T: Copy>(
    words: &[(&'static str, T)],
) -> impl Fn(&ConfigNode) -> ConfigValueResult<T> {
    move |node| {
        let text = node.text().unwrap_or_default();
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(*value);
        }
        let names: Vec<_> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
        let fault = ConfigValueError::expected(names.join(" or "));
        Err(match nearest(text, words.iter().map(|(word, _)| *word)) {
            Some(near) => fault.with_advice(format!("{near:?}")),
            None => fault,
        })
    }
}

/// A whole number within a range.
pub(crate) fn count<T>(range: RangeInclusive<T>) -> impl Fn(&ConfigNode) -> ConfigValueResult<T>
where
    T: FromStr + PartialOrd + std::fmt::Display,
{
    move |node| {
        let count = node.number().and_then(|text| text.parse().ok());
        count.filter(|count| range.contains(count)).ok_or_else(|| {
            ConfigValueError::expected(format!(
                "a whole number from {} to {}",
                range.start(),
                range.end()
            ))
        })
    }
}

/// A ratio from 0 to 1.
pub(crate) fn share(node: &ConfigNode) -> ConfigValueResult<f64> {
    let share = node.number().and_then(|text| text.parse().ok());
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| ConfigValueError::expected("a share from 0.0 to 1.0"))
}

/// A size in bytes: a whole number, or a string with a unit.
pub(crate) fn size(
    range: RangeInclusive<usize>,
) -> impl Fn(&ConfigNode) -> ConfigValueResult<usize> {
    move |node| {
        let text = node.number().or_else(|| node.text());
        let bytes = text.and_then(|text| text.trim().parse().ok());
        let bytes = bytes.and_then(|ByteSize(bytes)| usize::try_from(bytes).ok());
        bytes.filter(|bytes| range.contains(bytes)).ok_or_else(|| {
            let (least, most) = (size_text(*range.start()), size_text(*range.end()));
            ConfigValueError::expected(format!("a size from {least} to {most}"))
        })
    }
}

/// A duration: a string with a unit.
pub(crate) fn duration(
    range: RangeInclusive<Duration>,
) -> impl Fn(&ConfigNode) -> ConfigValueResult<Duration> {
    move |node| {
        let parsed = node
            .text()
            .and_then(|text| humantime::parse_duration(text).ok());
        parsed
            .filter(|duration| range.contains(duration))
            .ok_or_else(|| {
                let (least, most) = (
                    format_duration(*range.start()),
                    format_duration(*range.end()),
                );
                let fault =
                    ConfigValueError::expected(format!("a duration from {least} to {most}"));
                match node
                    .number()
                    .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
                {
                    Some(number) => fault.with_advice(format!("\"{number}s\"")),
                    None => fault,
                }
            })
    }
}

/// A socket address to listen on.
pub(crate) fn address(node: &ConfigNode) -> ConfigValueResult<SocketAddr> {
    let text = node.text().or_else(|| node.number()).unwrap_or_default();
    text.parse().map_err(|_| {
        let fault = ConfigValueError::expected("an IP address with a port");
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let host = match host {
            "" | "*" => "0.0.0.0",
            "localhost" => "127.0.0.1",
            _ => return fault,
        };
        match port.parse::<u16>() {
            Ok(port) => fault.with_advice(format!("\"{host}:{port}\"")),
            Err(_) => fault,
        }
    })
}

/// A network; a single address is a network of one host.
pub(crate) fn network(node: &ConfigNode) -> ConfigValueResult<IpNet> {
    let text = node.text().unwrap_or_default();
    let network = text
        .parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network
        .map(|network: IpNet| network.trunc())
        .map_err(|_| ConfigValueError::expected("a network such as \"10.0.0.0/8\""))
}

/// A file path.
pub(crate) fn path(node: &ConfigNode) -> ConfigValueResult<String> {
    let fault = || ConfigValueError::expected("a file path");
    let path = text(node).map_err(|_| fault())?;
    if path.contains("://") {
        Err(fault())
    } else {
        Ok(path)
    }
}

/// A size in the largest unit that expresses it exactly.
fn size_text(bytes: usize) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let exact = units
        .into_iter()
        .find(|(shift, _)| bytes > 0 && bytes.trailing_zeros() >= *shift);
    match exact {
        Some((shift, unit)) => format!("{} {unit}", bytes >> shift),
        None => format!("{bytes} B"),
    }
}
