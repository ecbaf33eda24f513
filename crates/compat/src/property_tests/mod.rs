//! Property tests of the whole comparison: messages and edits that no part of it has seen.

mod scalar_samples;
mod value_sampler;
mod message_text;
mod sampled_message;
mod recursive_pointers;
mod message_judge;
mod refusal_reasons;
mod changed_operations;
mod test_contracts;
mod small_pairs;
mod smaller_value;
mod approved_changes;
mod known_edit;
mod edited_documents;
mod found_edits;
mod text_flips;
