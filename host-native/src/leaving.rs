//! What a stopped operation gives back while its jobs still have it in their hands.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use lugger_core::effect::Notice;

use crate::store::Store;

/// A job that works on an ingest.
#[derive(Debug, Default)]
pub(crate) struct Job {
    /// Nobody waits for it any more; it ends as soon as it notices.
    pub(crate) forgotten: AtomicBool,
    ended: AtomicBool,
}

/// The jobs that were forgotten and have not ended, and what goes back to the store once they have.
///
/// A thread that waits for bytes cannot stop at once, and what it has read by then is good. If its ingest were parked,
/// or the lock on it released, before it has written that, an empty ingest would be cleared away under its hands, or
/// another process would write to the same file.
#[derive(Debug, Default)]
pub(crate) struct Leaving(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    jobs: usize,
    back: Vec<Notice>,
}

impl Leaving {
    /// Nobody waits for this job any more.
    pub(crate) fn forget(&self, job: &Job) {
        let mut state = self.lock();
        if !job.ended.load(Ordering::Relaxed) && !job.forgotten.swap(true, Ordering::Relaxed) {
            state.jobs += 1;
        }
    }

    /// This job has ended. The last one that was forgotten gives everything back.
    pub(crate) fn end(&self, job: &Job, store: &Store) {
        let mut state = self.lock();
        job.ended.store(true, Ordering::Relaxed);
        if job.forgotten.load(Ordering::Relaxed) {
            state.jobs -= 1;
        }
        if state.jobs == 0 {
            state.back.drain(..).for_each(|notice| give_back(store, notice));
        }
    }

    /// Gives this back: at once, or when the last forgotten job has ended.
    pub(crate) fn give_back(&self, notice: Notice, store: &Store) {
        let mut state = self.lock();
        if state.jobs == 0 { give_back(store, notice) } else { state.back.push(notice) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn give_back(store: &Store, notice: Notice) {
    match notice {
        Notice::Park(ingest) => store.park(ingest),
        Notice::Discard(ingest) => store.discard(ingest),
        Notice::Unlock(lock) => store.unlock(lock),
        Notice::Forget(_) | Notice::Close(_) => {}
    }
}
