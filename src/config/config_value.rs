//! From the text of a value to its type, one function per type.
//!
//! A refused value says what was expected, with the bounds in the unit of the key, and where
//! there is a likely intention, what to write instead.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use http::uri::Authority;
use http::{HeaderName, Uri};
use humantime::format_duration;
use ipnet::IpNet;

use super::config_problem::{ConfigValueError, nearest};
use super::config_tree::{ConfigNode, ConfigValue};
use super::identity_config::KeySource;
use super::service_config::{
    ContractSource, HostPattern, PathPrefix, UpstreamAddress, UpstreamTarget,
};

type ConfigValueResult<T> = Result<T, ConfigValueError>;

/// Any text that is not blank.
pub(super) fn text(node: &ConfigNode) -> ConfigValueResult<String> {
    let text = node.text().filter(|text| !text.trim().is_empty());
    text.map(str::to_owned)
        .ok_or_else(|| ConfigValueError::expected("text"))
}

/// One text, or several in a list; loose text is split at commas.
pub(super) fn texts(node: &ConfigNode) -> ConfigValueResult<Vec<String>> {
    let fault = || ConfigValueError::expected("text, or a list of at least one text");
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

/// The name of a header.
pub(super) fn header(node: &ConfigNode) -> ConfigValueResult<HeaderName> {
    let name = node.text().and_then(|text| text.parse().ok());
    name.ok_or_else(|| {
        ConfigValueError::expected("the name of a header, such as \"authorization\"")
    })
}

/// Where a set of keys is: a file, or an address without credentials, which messages may show.
pub(super) fn key_source(node: &ConfigNode) -> ConfigValueResult<KeySource> {
    let fault = || ConfigValueError::expected("the path of a file, or an http or https address");
    let text = text(node).map_err(|_| fault())?;
    if text == "-" {
        // Standard input cannot be read again.
        return Err(fault());
    }
    let Some((scheme, _)) = text.split_once("://") else {
        return Ok(KeySource::File(text.into()));
    };
    let authority = text
        .parse()
        .ok()
        .and_then(|uri: Uri| uri.into_parts().authority);
    match authority {
        Some(authority) if authority.as_str().contains('@') => {
            Err(fault().with_advice("it without user and password: such keys are public"))
        }
        Some(authority) if !authority.host().is_empty() && matches!(scheme, "http" | "https") => {
            Ok(KeySource::Url(text))
        }
        _ => Err(fault()),
    }
}

/// Where a contract is.
pub(super) fn contract_source(node: &ConfigNode) -> ConfigValueResult<ContractSource> {
    let fault =
        || ConfigValueError::expected("the path of a file, or an http, https or s3 address");
    let text = text(node).map_err(|_| fault())?;
    let Some((scheme, rest)) = text.split_once("://") else {
        return path(node)
            .map(|path| ContractSource::File(path.into()))
            .map_err(|_| fault());
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match scheme {
        _ if authority.contains('@') => {
            Err(fault().with_advice("it without user and password: logs show where contracts are"))
        }
        "http" | "https" | "s3" if !authority.is_empty() => Ok(ContractSource::Address(text)),
        _ => Err(fault()),
    }
}

/// Text of a type that knows its own grammar.
pub(super) fn parsed<T: FromStr<Err: ToString>>(node: &ConfigNode) -> ConfigValueResult<T> {
    let text = node
        .text()
        .ok_or_else(|| ConfigValueError::expected("text"))?;
    text.parse().map_err(|error: T::Err| {
        let message = error.to_string();
        ConfigValueError::expected(message.strip_prefix("expected ").unwrap_or(&message))
    })
}

pub(super) fn boolean(node: &ConfigNode) -> ConfigValueResult<bool> {
    match &node.value {
        ConfigValue::Boolean(value) => Ok(*value),
        ConfigValue::Untyped(text) if text == "true" => Ok(true),
        ConfigValue::Untyped(text) if text == "false" => Ok(false),
        _ => Err(ConfigValueError::expected("true or false")),
    }
}

/// One of a few words.
pub(super) fn word<T: Copy>(
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

/// A number of things.
pub(super) fn count<T>(range: RangeInclusive<T>) -> impl Fn(&ConfigNode) -> ConfigValueResult<T>
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

/// A share between nothing and all.
pub(super) fn share(node: &ConfigNode) -> ConfigValueResult<f64> {
    let share = node.number().and_then(|text| text.parse().ok());
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| ConfigValueError::expected("a share from 0.0 to 1.0"))
}

/// A size in bytes: a whole number, or text with a unit.
pub(super) fn size(
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

/// A length of time: text with a unit.
pub(super) fn duration(
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

/// An address to listen at.
pub(super) fn address(node: &ConfigNode) -> ConfigValueResult<SocketAddr> {
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

/// A network, or a single address as a network of one.
pub(super) fn network(node: &ConfigNode) -> ConfigValueResult<IpNet> {
    let text = node.text().unwrap_or_default();
    let network = text
        .parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network
        .map(|network: IpNet| network.trunc())
        .map_err(|_| ConfigValueError::expected("a network such as \"10.0.0.0/8\""))
}

/// A path of the file system.
pub(super) fn path(node: &ConfigNode) -> ConfigValueResult<String> {
    let fault = || ConfigValueError::expected("the path of a file");
    let path = text(node).map_err(|_| fault())?;
    if path.contains("://") {
        Err(fault())
    } else {
        Ok(path)
    }
}

/// Where requests go.
pub(super) fn upstream(node: &ConfigNode) -> ConfigValueResult<UpstreamTarget> {
    let fault = || ConfigValueError::expected("\"mock\" or \"http://host:port\"");
    let text = node.text().ok_or_else(fault)?;
    if text == "mock" {
        return Ok(UpstreamTarget::Mock);
    }
    if text.starts_with("https://") {
        return Err(fault().with_advice("http: upstreams are reached without TLS"));
    }
    let Some(rest) = text.strip_prefix("http://") else {
        let bare = authority(text).filter(|_| text.contains(':'));
        return Err(match bare {
            Some(address) => fault().with_advice(format!("\"http://{address}\"")),
            None => fault(),
        });
    };
    let (host, path) = rest
        .find(['/', '?', '#'])
        .map_or((rest, ""), |at| rest.split_at(at));
    let address = authority(host).ok_or_else(fault)?;
    if matches!(path, "" | "/") {
        return Ok(UpstreamTarget::Http(address));
    }
    let advice = format!("\"http://{address}\": requests keep their own paths");
    Err(fault().with_advice(advice))
}

/// A pattern of hosts.
pub(super) fn host(node: &ConfigNode) -> ConfigValueResult<HostPattern> {
    let fault = || ConfigValueError::expected("a host, \"*.suffix\" or \"*\"");
    let text = node.text().ok_or_else(fault)?.to_ascii_lowercase();
    if text == "*" {
        return Ok(HostPattern::Any);
    }
    if let Some(suffix) = text.strip_prefix('*') {
        let valid = suffix.strip_prefix('.').is_some_and(is_host);
        return if valid {
            Ok(HostPattern::Suffix(suffix.into()))
        } else {
            Err(fault())
        };
    }
    if is_host(&text) || text.parse::<IpAddr>().is_ok() {
        return Ok(HostPattern::Exact(text));
    }
    Err(match text.rsplit_once(':') {
        Some((host, port)) if is_host(host) && port.parse::<u16>().is_ok() => {
            fault().with_advice(format!("{host:?}: ports are not compared"))
        }
        _ => fault(),
    })
}

/// The beginning of paths.
pub(super) fn path_prefix(node: &ConfigNode) -> ConfigValueResult<PathPrefix> {
    let text = node.text().unwrap_or_default();
    PathPrefix::parse(text).ok_or_else(|| {
        let fault = ConfigValueError::expected(
            "a path such as \"/orders\" without escapes or empty segments",
        );
        match PathPrefix::parse(&format!("/{text}")) {
            Some(path) if !text.is_empty() => fault.with_advice(format!("\"{path}\"")),
            _ => fault,
        }
    })
}

fn authority(text: &str) -> Option<UpstreamAddress> {
    let authority = Authority::from_str(text)
        .ok()
        .filter(|_| !text.contains('@'))?;
    let port = match authority.as_str().strip_prefix(authority.host())? {
        "" => 80,
        _ => authority.port_u16().filter(|port| *port != 0)?,
    };
    let host = authority.host();
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    let valid = is_host(&bare.to_ascii_lowercase()) || bare.parse::<IpAddr>().is_ok();
    valid.then(|| UpstreamAddress {
        host: bare.to_owned(),
        port,
    })
}

/// A host name of dotted labels, in lower case.
fn is_host(text: &str) -> bool {
    let is_label_byte = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    text.len() <= 253
        && text
            .split('.')
            .all(|label| (1..=63).contains(&label.len()) && label.bytes().all(is_label_byte))
}

/// A size in the largest unit that names it exactly.
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
