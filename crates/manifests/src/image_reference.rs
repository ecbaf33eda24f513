//! The names of container images.

/// The most characters of a tag.
const TAG_CHARS_MAX: usize = 128;

/// Whether a text names an image: a path, the host of a registry before it, and a tag or a digest after
/// it. Kubernetes does not check it, and the pod would only fail to start.
pub fn is_image_reference(text: &str) -> bool {
    let (named, digest) = match text.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (text, None),
    };
    // A colon before the last slash belongs to the port of a host.
    let path_at = named.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match named[path_at..].find(':') {
        Some(colon) => (
            &named[..path_at + colon],
            Some(&named[path_at + colon + 1..]),
        ),
        None => (named, None),
    };
    is_name(name) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest)
}

fn is_name(name: &str) -> bool {
    match name.split_once('/') {
        Some((host, path)) if is_host(host) => path.split('/').all(is_component),
        _ => name.split('/').all(is_component),
    }
}

/// Only a host has a dot or a port, or is this machine.
fn is_host(text: &str) -> bool {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, "0"));
    let is_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let is_named_as_one = text.contains(['.', ':']) || text == "localhost";
    is_named_as_one && !host.is_empty() && host.chars().all(is_char) && port.parse::<u16>().is_ok()
}

/// Lower case letters and digits, with separators between them.
fn is_component(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_char = |c: char| is_letter(c) || matches!(c, '.' | '_' | '-');
    text.starts_with(is_letter) && text.ends_with(is_letter) && text.chars().all(is_char)
}

fn is_tag(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(is_word)
        && text.len() <= TAG_CHARS_MAX
        && text.chars().all(|c| is_word(c) || matches!(c, '.' | '-'))
}

/// An algorithm and at least 32 hexadecimal digits.
fn is_digest(text: &str) -> bool {
    const DIGITS_MIN: usize = 32;
    text.split_once(':').is_some_and(|(algorithm, digits)| {
        !algorithm.is_empty()
            && algorithm.chars().all(|c| c.is_ascii_alphanumeric())
            && digits.len() >= DIGITS_MIN
            && digits.chars().all(|c| c.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_and_other_texts() {
        let digest = format!("a@sha256:{}", "0".repeat(64));
        let images = [
            "portcullis",
            "a/b_c/d-e.f",
            "registry.example.com/portcullis:0.1.0",
            "localhost:5000/team/portcullis:Latest_1",
            "localhost/a",
            digest.as_str(),
        ];
        for image in images {
            assert!(is_image_reference(image), "{image}");
        }
        let others = [
            "",
            " ",
            ":1",
            "a:",
            "a b",
            "a:b c",
            "a\n",
            "A/b",
            "/a",
            "a/",
            "a//b",
            "https://r.example.com/a",
            "r.example.com:x/a",
            "a:-1",
            "a@sha256:1",
            "a@",
            "-a",
        ];
        for other in others {
            assert!(!is_image_reference(other), "{other:?}");
        }
    }
}
