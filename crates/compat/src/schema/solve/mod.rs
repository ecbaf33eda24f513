//! The search for a value that one schema allows and another does not.
//!
//! A goal is a set of literals, formulas that hold or fail, which one value must fulfil. The
//! search takes a goal apart (`branch`), gives what is left of one type to what knows the type
//! (`numbers`, `strings`, `arrays`, `objects`), which sets goals for the parts, and looks at the
//! value that comes back. Alternatives are taken only where such a value shows that they matter.
//!
//! Soundness: wherever something is left out, more values are allowed, never fewer. So a search
//! that ends without a value proves that there is none, unless it says that it gave up.

mod goal;
mod search;
mod state;
mod options;
mod branch;
mod reading;
mod numbers;
mod strings;
mod objects;
mod fields;
mod arrays;
mod rows;

pub(super) use goal::{Literal, LiteralMode, SearchAnswer, SearchGoal};
pub(super) use search::{Solver, SolverMemo};
