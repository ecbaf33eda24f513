//! The validator of a contract, which is freed on a stack with room for it.
//!
//! A validator frees a schema inside the schema that owns it. In a contract with thousands of
//! schemas that refer to each other in a row, that takes more stack than threads usually have.

use jsonschema::Validator;

use portcullis_json::TapeJson;

/// The number of definitions that any stack has room for.
const SHALLOW_MAX: usize = 1_000;

/// The stack that freeing one definition needs, with room to spare.
const STACK_BYTES_PER_DEFINITION: usize = 2 << 10;

/// A validator of a lowered document.
pub(super) struct BuiltValidator {
    /// `None` only while it is freed.
    validator: Option<Validator<TapeJson>>,
    definitions: usize,
}

impl BuiltValidator {
    pub(super) fn new(validator: Validator<TapeJson>, definitions: usize) -> Self {
        Self {
            validator: Some(validator),
            definitions,
        }
    }

    pub(super) fn get(&self) -> &Validator<TapeJson> {
        self.validator.as_ref().expect("it is not freed yet")
    }
}

impl Drop for BuiltValidator {
    fn drop(&mut self) {
        let validator = self.validator.take();
        if self.definitions <= SHALLOW_MAX {
            return;
        }
        std::thread::scope(|scope| {
            let builder = std::thread::Builder::new()
                .name("free".to_owned())
                .stack_size(self.definitions.saturating_mul(STACK_BYTES_PER_DEFINITION));
            // The thread gets the validator once it runs, because a thread that cannot be spawned
            // would free it here. Then it is leaked, which is better than an overflow.
            let (sender, receiver) = std::sync::mpsc::channel();
            match builder.spawn_scoped(scope, move || drop(receiver.recv())) {
                Ok(_) => drop(sender.send(validator)),
                Err(_) => std::mem::forget(validator),
            }
        });
    }
}
