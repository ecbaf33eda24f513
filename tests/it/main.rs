//! The integration tests, one binary.

<<<<<<< HEAD
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod tidy;
=======
mod http1;
mod http1_corpus;
mod relay;
mod upstream;
>>>>>>> 5d6e37d (Test the wire against a real upstream)
