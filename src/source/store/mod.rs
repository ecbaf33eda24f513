//! Where records are kept that several programs write: a directory, or a bucket.
//!
//! A record is read with a tag and replaced only where it still has that tag, so of two writers
//! who read the same one wins and the other is told. What a record refers to is written before
//! it, and what it refers to no more is removed after it: a writer that ends anywhere in between
//! leaves the older record with all that belongs to it.

mod store_key;
mod directory_store;
mod bucket_store;
#[expect(
    clippy::module_inception,
    reason = "the store is one of two kinds, each of which has a file"
)]
mod record_store;

pub use record_store::{
    CommitOutcome, RecordCommit, RecordStore, RecordTag, StoreError, StoredRecord,
};
pub use store_key::{InvalidStoreKey, StoreKey};
