//! Which requests meet a fault.

use std::collections::VecDeque;

use crate::options::{Fault, FaultKind};

/// The faults in force.
#[derive(Debug, Default)]
pub struct Faults {
    periodic: Vec<(Fault, u32)>,
    next: VecDeque<FaultKind>,
}

impl Faults {
    /// Periodic faults.
    #[must_use]
    pub fn new(faults: &[Fault]) -> Self {
        Self { periodic: faults.iter().map(|fault| (*fault, 0)).collect(), next: VecDeque::new() }
    }

    /// Replaces the periodic faults.
    pub fn set(&mut self, faults: &[Fault]) {
        *self = Self { next: std::mem::take(&mut self.next), ..Self::new(faults) };
    }

    /// Gives the next requests these faults, one each.
    pub fn push(&mut self, faults: impl IntoIterator<Item = FaultKind>) {
        self.next.extend(faults);
    }

    /// The fault of the request at hand.
    pub fn take(&mut self) -> Option<FaultKind> {
        if let Some(kind) = self.next.pop_front() {
            return Some(kind);
        }
        let mut met = None;
        for (fault, count) in &mut self.periodic {
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
        let met: Vec<bool> = (0..6).map(|_| faults.take().is_some()).collect();
        assert_eq!(met, [false, false, true, false, false, true]);
        faults.push([FaultKind::CutConnection]);
        assert_eq!(faults.take(), Some(FaultKind::CutConnection));
    }
}
