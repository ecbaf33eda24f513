//! Caller identity: keys and tokens.

pub(crate) mod issuer_keys;
