//! Searches for a value that one schema allows and another does not.
//!
//! A goal is a set of literals, formulas that must hold or fail, for one value. The search
//! decomposes a goal (`branching`) and passes the literals of one type to the solver of that type
//! (`numbers`, `strings`, `arrays`, `objects`), which sets goals for the parts. Then it checks the
//! resulting value. It tries alternatives only if such a value shows that they matter.
//!
//! Soundness: every approximation allows more values, never fewer. So a search that ends without a
//! value proves that none exists, unless it reports that it gave up.

mod search_goal;
mod solver;
mod literal_conflicts;
mod goal_state;
mod alternative_literals;
mod branching;
mod other_readings;
mod numbers;
mod strings;
mod objects;
mod object_goal;
mod property_demands;
mod arrays;
mod array_goal;

pub(super) use branching::NO_VALUE;
pub(super) use search_goal::{Literal, LiteralMode, SearchAnswer, SearchGoal};
pub(crate) use solver::STEP_BUDGET;
pub(super) use solver::{Solver, SolverMemo};
