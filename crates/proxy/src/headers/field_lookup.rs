//! Looks a field up in a head.

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// Up to this number, names are compared faster than one is hashed.
const FEW_NAMES: usize = 8;

/// The first value of a field.
pub(crate) fn field_value<'m>(
    headers: &'m HeaderMap,
    name: &HeaderName,
) -> Option<&'m HeaderValue> {
    if headers.keys_len() > FEW_NAMES {
        return headers.get(name);
    }
    let found = headers.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use http::header::HOST;

    use super::*;

    #[test]
    fn finds_the_first_value_among_few_and_many_names() {
        let value = |text: &str| HeaderValue::from_str(text).unwrap();
        let mut headers = HeaderMap::new();
        for number in 0..2 * FEW_NAMES {
            assert_eq!(field_value(&headers, &HOST), None);
            let name = HeaderName::try_from(format!("x-{number}")).unwrap();
            headers.append(&name, value("first"));
            headers.append(&name, value("second"));
            assert_eq!(field_value(&headers, &name), Some(&value("first")));
            let mut with_host = headers.clone();
            with_host.append(HOST, value("a.test"));
            assert_eq!(field_value(&with_host, &HOST), Some(&value("a.test")));
        }
    }
}
