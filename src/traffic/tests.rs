//! Both notations, as tables.
