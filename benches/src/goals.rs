//! What webstack may cost: the one place where it is said.

use crate::engine::TO_THE_VALUE;
use crate::site::Case;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// Instructions over those of the control, SHA-256 by hand left out.
    Instructions,
    /// Allocations over those of the control.
    Allocations,
}

/// What one kind of request may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    pub(crate) framework: &'static str,
    /// What of webstack's.
    pub(crate) name: &'static str,
    pub(crate) case: Case,
    pub(crate) quantity: Quantity,
    /// What it should be one day.
    pub(crate) goal: f64,
    /// What it may be today: what was measured last and three in a hundred. Lower it when it gets better.
    pub(crate) ceiling: f64,
}

impl Goal {
    /// What it is a goal for.
    pub(crate) fn what(&self) -> String {
        let part = self.name.strip_prefix("webstack").unwrap_or_default();
        format!("{}, {}{part}", self.framework, self.case.name())
    }
}

const fn goal(framework: &'static str, case: Case, quantity: Quantity, goal: f64, ceiling: f64) -> Goal {
    Goal { framework, name: "webstack", case, quantity, goal, ceiling }
}

/// All goals, and the ceilings that the gate holds.
pub(crate) const GOALS: [Goal; 7] = [
    Goal { name: TO_THE_VALUE, ..goal("engine", Case::Read, Quantity::Instructions, 3_000.0, 2_557.0) },
    goal("engine", Case::Read, Quantity::Instructions, 3_000.0, 3_270.0),
    goal("axum", Case::Anonymous, Quantity::Instructions, 2_200.0, 2_556.0),
    goal("axum", Case::Read, Quantity::Instructions, 5_000.0, 5_125.0),
    goal("axum", Case::Write, Quantity::Instructions, 8_000.0, 7_322.0),
    goal("axum", Case::Read, Quantity::Allocations, 9.0, 5.2),
    goal("axum", Case::Write, Quantity::Allocations, 14.0, 8.2),
];
