//! Reads small AsyncAPI documents and looks at what their messages accept.
