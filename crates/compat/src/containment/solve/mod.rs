//! The search for a value that one schema allows and another does not.
//!
//! A goal is a set of literals, formulas that hold or fail, which one value must fulfil. The
//! search takes a goal apart (`branch`), gives what is left of one type to what knows the type
//! (`numbers`, `strings`, `arrays`, `objects`), which sets goals for the parts, and looks at the
//! value that comes back. Alternatives are taken only where such a value shows that they matter.
//!
//! Soundness: wherever something is left out, more values are allowed, never fewer. So a search
//! that ends without a value proves that there is none, unless it says that it gave up.

mod search_goal;
mod solver;
mod goal_state;
mod alternative_literals;
mod branching;
mod other_readings;
mod numbers;
mod strings;
mod objects;
mod object_goal;
mod arrays;
mod array_goal;

pub(super) use search_goal::{Literal, LiteralMode, SearchAnswer, SearchGoal};
pub(super) use solver::{Solver, SolverMemo};
