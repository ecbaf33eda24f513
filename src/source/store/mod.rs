//! Stores of records that several programs write: a directory, or a bucket.
//!
//! A record is read with a tag and replaced only if it still has that tag, so of two writers that
//! read the same record one wins and the other gets a conflict. Values that a record refers to are
//! written before it, and outdated ones are removed after it: a writer that stops in between leaves
//! the older record with everything it refers to.

mod store_key;
mod stored_record;
mod store_error;
mod directory_store;
mod bucket_store;
mod record_store;

pub use record_store::RecordStore;
pub use store_error::StoreError;
pub use store_key::{InvalidStoreKey, StoreKey};
pub use stored_record::{CommitOutcome, RecordCommit, RecordTag, StoredRecord};
