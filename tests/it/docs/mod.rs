//! The pages for readers: generated, compared with the code, and run.

pub(crate) mod readme;
pub(crate) mod reference;
