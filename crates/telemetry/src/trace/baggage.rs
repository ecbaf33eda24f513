//! The header field `baggage` (W3C Baggage, section 3), which carries the calling squad.
//!
//! Other entries are passed on byte for byte. The entry `squad-id` holds the squad that Portcullis
//! identified. An entry of that name in the request is not trusted: it is replaced, or removed if
//! the caller is unknown, like the squad header fields.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use portcullis_vocabulary::limits::{BAGGAGE_BYTES_MAX, BAGGAGE_MEMBERS_MAX};

pub(super) const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// The key of the squad entry.
const SQUAD_ID: &[u8] = b"squad-id";

/// Sets the squad entry, or removes it if the squad is unknown. Squad names contain only letters,
/// digits and `.-_`, which need no escaping in a value.
pub(super) fn carry_squad(headers: &mut HeaderMap, squad: Option<&str>) {
    let members = || {
        let fields = headers.get_all(&BAGGAGE).iter();
        fields.flat_map(|field| members_of(field.as_bytes()))
    };
    if squad.is_none() && !members().any(is_squad_member) {
        return;
    }
    let others = members().filter(|member| !is_squad_member(member));
    match HeaderValue::from_maybe_shared(Bytes::from(list_of(squad, others))) {
        Ok(value) if !value.is_empty() => {
            headers.insert(BAGGAGE, value);
        }
        // The list is empty. It cannot be invalid, because its parts were valid fields.
        _ => {
            headers.remove(BAGGAGE);
        }
    }
}

/// The entries of a list, without surrounding whitespace.
fn members_of(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let members = list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    members.filter(|member| !member.is_empty())
}

fn is_squad_member(member: &[u8]) -> bool {
    let key = member.split(|byte| matches!(byte, b'=' | b';')).next();
    key.is_some_and(|key| key.trim_ascii_end() == SQUAD_ID)
}

/// The squad entry first, then as many others as fit; the rest is dropped.
fn list_of<'m>(squad: Option<&str>, others: impl Iterator<Item = &'m [u8]>) -> Vec<u8> {
    let mut list = Vec::new();
    if let Some(squad) = squad {
        list.reserve_exact(SQUAD_ID.len() + 1 + squad.len());
        list.extend_from_slice(SQUAD_ID);
        list.push(b'=');
        list.extend_from_slice(squad.as_bytes());
    }
    for other in others.take(BAGGAGE_MEMBERS_MAX - usize::from(squad.is_some())) {
        let comma = usize::from(!list.is_empty());
        if list.len() + comma + other.len() > BAGGAGE_BYTES_MAX {
            break;
        }
        list.extend_from_slice(&b","[..comma]);
        list.extend_from_slice(other);
    }
    list
}
