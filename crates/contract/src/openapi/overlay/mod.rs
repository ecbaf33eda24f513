//! Overlays: documents that change a contract without editing it (OpenAPI Overlay Specification 1.0 and
//! 1.1).
//!
//! Overlays are applied to the entry document as it was written, before its references are followed
//! and before Swagger 2.0 is translated. The result is a second tape whose entries keep the node that
//! they were written from, so a message about a part that an overlay wrote names the overlay.
//!
//! `overlay_actions` reads the actions of an overlay, `overlaid_value` is the document while it is
//! changed, and `apply_overlays` does so.

mod overlaid_value;
mod overlay_actions;
mod apply_overlays;

pub(super) use apply_overlays::overlaid;

#[cfg(test)]
mod tests;
