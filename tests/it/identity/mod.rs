//! Who calls: keys and tokens.

pub(crate) mod issuer_keys;
