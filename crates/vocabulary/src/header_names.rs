//! Names of header fields as servers read them, and what is done about names that several servers
//! read differently.
//!
//! CGI and what follows it (WSGI, Rack, PHP, FastCGI) pass a field to the application as a
//! variable: letters in upper case, and `_` for `-`; some servers write `_` for every character
//! that is neither a letter nor a digit. So `X_Squad_Owner` and `x-squad-owner` are one field
//! there, although they are two fields in HTTP.

/// What is done with header fields that an application may read differently than this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderPolicy {
    /// They are forwarded.
    Pass,
    /// They are removed before the request is checked.
    Drop,
    /// The request is refused.
    Refuse,
}

impl HeaderPolicy {
    /// Each policy with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("pass", Self::Pass),
        ("drop", Self::Drop),
        ("refuse", Self::Refuse),
    ];
}

/// Whether a name has a character that is neither a letter, a digit nor a hyphen.
pub fn is_irregular_header(name: &str) -> bool {
    name.bytes().any(is_folded)
}

/// Whether servers that fold names read two names as the same one.
pub fn folds_to_header(name: &str, other: &str) -> bool {
    name.len() == other.len() && folds_to_header_prefix(name, other)
}

/// Whether servers that fold names read a name as one with this prefix.
pub fn folds_to_header_prefix(name: &str, prefix: &str) -> bool {
    let is_same = |(left, right)| fold(left) == fold(right);
    name.len() >= prefix.len() && name.bytes().zip(prefix.bytes()).all(is_same)
}

const fn fold(byte: u8) -> u8 {
    if is_folded(byte) {
        b'-'
    } else {
        byte.to_ascii_lowercase()
    }
}

const fn is_folded(byte: u8) -> bool {
    FOLDED[byte as usize]
}

/// For each byte whether it is folded. Every name of every request is looked at.
const FOLDED: [bool; 256] = {
    let mut folded = [true; 256];
    let mut byte = 0;
    while byte < 128 {
        let character = byte as u8;
        folded[byte] = !character.is_ascii_alphanumeric() && character != b'-';
        byte += 1;
    }
    folded
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_every_character_that_is_no_letter_and_no_digit() {
        let check = |name: &str, other: &str, is_same: bool| {
            assert_eq!(folds_to_header(name, other), is_same, "{name} {other}");
            assert_eq!(folds_to_header(other, name), is_same, "{name} {other}");
        };
        check("X_Squad_Owner", "x-squad-owner", true);
        check("x.squad~owner", "x-squad-owner", true);
        check("x-squad-owner", "x-squad-owner", true);
        check("xsquadowner", "x-squad-owner", false);
        check("x_squad_owners", "x-squad-owner", false);
        check("x_squad0owner", "x-squad-owner", false);
        assert!(folds_to_header_prefix("X_Forwarded_Ssl", "x-forwarded-"));
        assert!(!folds_to_header_prefix("x_forward", "x-forwarded-"));
        assert!(is_irregular_header("a_b") && is_irregular_header("a.b"));
        assert!(!is_irregular_header("a-b-1"));
    }
}
