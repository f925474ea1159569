//! Which requests meet a fault.

use std::collections::VecDeque;

use crate::options::{Fault, FaultKind};

/// The faults in force.
#[derive(Debug, Default)]
pub struct Faults {
    periodic: Vec<(Fault, u32)>,
    next: VecDeque<FaultKind>,
    answers: VecDeque<(u16, String)>,
}

impl Faults {
    /// Periodic faults.
    #[must_use]
    pub fn new(faults: &[Fault]) -> Self {
        Self { periodic: faults.iter().map(|fault| (*fault, 0)).collect(), ..Self::default() }
    }

    /// Replaces the periodic faults.
    pub fn set(&mut self, faults: &[Fault]) {
        self.periodic = Self::new(faults).periodic;
    }

    /// Gives the next requests these faults, one each.
    pub fn push(&mut self, faults: impl IntoIterator<Item = FaultKind>) {
        self.next.extend(faults);
    }

    /// Gives the next requests these answers, one each, in place of the service's own.
    pub fn push_answer(&mut self, status: u16, body: String) {
        self.answers.push_back((status, body));
    }

    /// The answer that was laid down for the request at hand.
    pub fn take_answer(&mut self) -> Option<(u16, String)> {
        self.answers.pop_front()
    }

    /// The fault of the request at hand, if it is of a kind that can meet it; the others wait for their request.
    pub fn take(&mut self, wanted: impl Fn(FaultKind) -> bool) -> Option<FaultKind> {
        if self.next.front().is_some_and(|kind| wanted(*kind)) {
            return self.next.pop_front();
        }
        let mut met = None;
        for (fault, count) in self.periodic.iter_mut().filter(|(fault, _)| wanted(fault.kind)) {
            *count += 1;
            if *count >= fault.every && met.is_none() {
                *count = 0;
                met = Some(fault.kind);
            }
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_third_request_meets_the_fault() {
        let mut faults = Faults::new(&[Fault { kind: FaultKind::Busy, every: 3 }]);
        let met: Vec<bool> = (0..6).map(|_| faults.take(|_| true).is_some()).collect();
        assert_eq!(met, [false, false, true, false, false, true]);
        faults.push([FaultKind::CutConnection]);
        assert_eq!(faults.take(|kind| kind != FaultKind::CutConnection), None, "it waits");
        assert_eq!(faults.take(|_| true), Some(FaultKind::CutConnection));
    }
}
