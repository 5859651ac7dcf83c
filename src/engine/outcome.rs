// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The outcome of a batch: of several messages, each with a result of its own. It is the same on both
//! engines.

use crate::errno::{Errno, Result};

/// The outcome of several messages in order.
#[derive(Default)]
pub struct BatchOutcome {
    total: usize,
    wrong_tag: bool,
    failed: Option<Errno>,
}

impl BatchOutcome {
    /// Notes a message's result. Returns whether the next one is to be processed. That is so after
    /// a wrong tag, too, as in the kernel, where only this message is taken out of the socket.
    pub fn note(&mut self, result: Result<usize>) -> bool {
        match result {
            // On machines of 32 bits messages in the same memory can be more together than a word holds.
            Ok(bytes) => self.total = self.total.saturating_add(bytes),
            Err(Errno::BADMSG) => self.wrong_tag = true,
            Err(errno) => self.failed = Some(errno),
        }
        self.failed.is_none()
    }

    /// The outcome of these messages and, after them, of others.
    #[cfg(feature = "user-engine")]
    pub fn then(self, next: Self) -> Self {
        match self.failed {
            Some(_) => self,
            None => Self {
                total: self.total.saturating_add(next.total),
                wrong_tag: self.wrong_tag || next.wrong_tag,
                failed: next.failed,
            },
        }
    }

    /// The sum of the results, or the error that has ended it. EBADMSG: all were processed, and tags were wrong. A sum
    /// that usize cannot hold is its greatest number.
    pub fn result(self) -> Result<usize> {
        match (self.failed, self.wrong_tag) {
            (Some(errno), _) => Err(errno),
            (None, true) => Err(Errno::BADMSG),
            (None, false) => Ok(self.total),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(results: &[Result<usize>]) -> Result<usize> {
        let mut outcome = BatchOutcome::default();
        let _ = results.iter().all(|&result| outcome.note(result));
        outcome.result()
    }

    #[test]
    fn the_results_are_summed_up_to_the_first_failure() {
        assert_eq!(of(&[Ok(1), Ok(2)]), Ok(3));
        assert_eq!(of(&[Ok(1), Err(Errno::FAULT), Err(Errno::IO)]), Err(Errno::FAULT));
    }

    #[test]
    fn a_sum_that_is_too_large_for_a_word_is_no_panic() {
        assert_eq!(of(&[Ok(usize::MAX), Ok(1)]), Ok(usize::MAX));
    }

    #[test]
    fn a_wrong_tag_stops_no_other_message_and_is_told() {
        let mut outcome = BatchOutcome::default();
        assert!(outcome.note(Err(Errno::BADMSG)));
        assert!(outcome.note(Ok(16)));
        assert_eq!(outcome.result(), Err(Errno::BADMSG));
    }

    #[test]
    fn a_wrong_tag_does_not_hide_that_others_were_not_processed() {
        assert_eq!(of(&[Err(Errno::BADMSG), Err(Errno::FAULT)]), Err(Errno::FAULT));
    }
}
