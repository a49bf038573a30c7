//! So many imports at once: each fills a disk with its file and keeps a connection to the database for as long as it runs.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::{Answer, Problem, Reason};

/// How many imports this process carries out at once.
const IMPORTS_MAX: usize = 4;
/// When one that was turned away may ask again, in seconds: what an import of some thousand clients takes.
const RETRY_AFTER_S: u32 = 10;

/// The turns there are.
pub struct ImportTurns(Semaphore);

impl Default for ImportTurns {
    fn default() -> Self {
        Self(Semaphore::new(IMPORTS_MAX))
    }
}

impl ImportTurns {
    /// A turn, over when it is dropped. Nobody waits for one: the file would have to wait too.
    pub(super) fn take(&self) -> Answer<SemaphorePermit<'_>> {
        let all_taken = |_| Problem::unavailable(RETRY_AFTER_S).because(Reason::TooManyImports);
        self.0.try_acquire().map_err(all_taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_without_a_turn_may_come_again_once_another_is_over() {
        let turns = ImportTurns::default();
        let mut taken: Vec<_> = (0..IMPORTS_MAX).map(|_| turns.take().expect("a turn")).collect();
        let refused = turns.take().expect_err("none is left");
        assert_eq!((refused.status().as_u16(), refused.retry_after_s), (503, Some(RETRY_AFTER_S)));
        taken.pop();
        assert!(turns.take().is_ok());
    }
}
