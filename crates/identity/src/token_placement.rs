//! Where a header holds the token.
//!
//! `authorization` starts with a scheme (RFC 6750 section 2.1); a request with another scheme
//! carries no token. The whole value of any other header is the token. Repeated fields are refused,
//! since the sender could otherwise influence which of them counts.

use http::HeaderName;
use http::header::AUTHORIZATION;

use super::token_fault::TokenFault;

const SCHEME: &[u8] = b"bearer";

/// The form of the header that holds the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenPlacement {
    /// The token follows the scheme Bearer.
    Authorization,
    /// The token is the whole value.
    Bare,
}

impl TokenPlacement {
    /// The form of this header.
    pub(super) fn of(header: &HeaderName) -> Self {
        if *header == AUTHORIZATION {
            Self::Authorization
        } else {
            Self::Bare
        }
    }

    /// The token in the values, one for each header line.
    pub(super) fn token<'h>(
        self,
        mut values: impl Iterator<Item = &'h [u8]>,
    ) -> Result<Option<&'h [u8]>, TokenFault> {
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(TokenFault::Repeated);
        }
        let value = value.trim_ascii();
        let token = match self {
            Self::Bare => value,
            Self::Authorization => {
                let end = value.iter().position(|byte| *byte == b' ');
                let (scheme, token) = value.split_at(end.unwrap_or(value.len()));
                if !scheme.eq_ignore_ascii_case(SCHEME) {
                    return Ok(None);
                }
                token.trim_ascii_start()
            }
        };
        let is_token_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
        if token.is_empty() || !token.iter().all(is_token_byte) {
            return Err(TokenFault::Malformed);
        }
        Ok(Some(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn finds_the_token_in_header_values() {
        let check = |placement: TokenPlacement, values: &[&str], expected: Result<Option<&str>, TokenFault>| {
            let found = placement.token(values.iter().map(|value| value.as_bytes()));
            assert_eq!(found, expected.map(|token| token.map(str::as_bytes)), "{values:?}");
        };
        let authorization = TokenPlacement::of(&AUTHORIZATION);
        check(authorization, &[], Ok(None));
        check(authorization, &["Bearer a.b.c"], Ok(Some("a.b.c")));
        check(authorization, &["bEARER   a.b-_c "], Ok(Some("a.b-_c")));
        check(authorization, &["Basic dTpw"], Ok(None));
        check(authorization, &["Bearertoken x"], Ok(None));
        check(authorization, &[""], Ok(None));
        check(authorization, &["a.b.c"], Ok(None));
        check(authorization, &["Bearer"], Err(TokenFault::Malformed));
        check(authorization, &["Bearer "], Err(TokenFault::Malformed));
        check(authorization, &["Bearer a b"], Err(TokenFault::Malformed));
        check(authorization, &["Bearer a.b.c, Bearer d.e.f"], Err(TokenFault::Malformed));
        check(authorization, &["Bearer a.b.ü"], Err(TokenFault::Malformed));
        check(authorization, &["Bearer a", "Bearer a"], Err(TokenFault::Repeated));
        check(authorization, &["Basic a", "Bearer a"], Err(TokenFault::Repeated));
        let bare = TokenPlacement::of(&HeaderName::from_static("x-token"));
        check(bare, &[], Ok(None));
        check(bare, &["a.b.c"], Ok(Some("a.b.c")));
        check(bare, &[" a.b.c"], Ok(Some("a.b.c")));
        check(bare, &["Bearer a.b.c"], Err(TokenFault::Malformed));
        check(bare, &[""], Err(TokenFault::Malformed));
        check(bare, &["a", "b"], Err(TokenFault::Repeated));
    }
}
