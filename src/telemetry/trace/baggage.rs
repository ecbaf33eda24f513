//! The field `baggage` (W3C Baggage, section 3), in which the calling squad travels on.
//!
//! What others carry is passed on byte for byte. Our member says what was found out about the
//! caller, so that a member of that name that came with the request does not count: it is replaced,
//! or taken out where the caller is unknown, as the squad headers are.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use portcullis_vocabulary::limits::{BAGGAGE_BYTES_MAX, BAGGAGE_MEMBERS_MAX};

pub(super) const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// Our member's key.
const SQUAD_ID: &[u8] = b"squad-id";

/// Says which squad calls, or that it is not known. The name of a squad has letters, digits and
/// `.-_` only, all of which a value may have unescaped.
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
        // Pieces of fields make a field, so this is what has no member left.
        _ => {
            headers.remove(BAGGAGE);
        }
    }
}

/// The members of a list, without the blanks around them.
fn members_of(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let members = list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    members.filter(|member| !member.is_empty())
}

fn is_squad_member(member: &[u8]) -> bool {
    let key = member.split(|byte| matches!(byte, b'=' | b';')).next();
    key.is_some_and(|key| key.trim_ascii_end() == SQUAD_ID)
}

/// Our member first, then as many others as a list may have; those at the end are left out.
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
