//! Threads for what takes long: as many as the core lets run at once, started when they are needed.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

type Job = Box<dyn FnOnce() + Send>;

/// A bounded pool. Jobs never wait for each other, so that a queue behind it cannot lock up.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    most: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    idle: usize,
    closed: bool,
}

impl Pool {
    /// At most so many threads.
    pub(crate) fn new(most: usize) -> Self {
        Self { shared: Arc::default(), threads: Vec::new(), most: most.max(1) }
    }

    /// Runs a job on a thread of its own as soon as there is one.
    pub(crate) fn run(&mut self, job: impl FnOnce() + Send + 'static) {
        let mut state = self.shared.lock();
        state.jobs.push_back(Box::new(job));
        let start = state.jobs.len() > state.idle && self.threads.len() < self.most;
        drop(state);
        self.shared.wake.notify_one();
        if start {
            let shared = Arc::clone(&self.shared);
            let thread = thread::Builder::new().name(format!("lugger-{}", self.threads.len()));
            // Without another thread the job waits for one that runs; without any it runs here.
            match thread.spawn(move || shared.work()) {
                Ok(thread) => self.threads.push(thread),
                Err(_) if self.threads.is_empty() => self.shared.work_off(),
                Err(_) => {}
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_all();
        for thread in self.threads.drain(..) {
            // A panic on a thread has been reported by its hook already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            job();
        }
    }

    fn work_off(&self) {
        loop {
            let Some(job) = self.lock().jobs.pop_front() else { return };
            job();
        }
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, mpsc};

    use super::*;

    #[test]
    fn runs_as_many_at_once_as_it_has_threads_and_queues_the_rest() {
        let (sender, done) = mpsc::channel();
        let together = Arc::new(Barrier::new(3));
        let mut pool = Pool::new(3);
        for job in 0..9 {
            let (sender, together) = (sender.clone(), Arc::clone(&together));
            // Three jobs wait for each other: with fewer threads this would never end.
            pool.run(move || {
                together.wait();
                sender.send(job).unwrap();
            });
        }
        let mut ran: Vec<i32> = done.iter().take(9).collect();
        ran.sort_unstable();
        assert_eq!(ran, (0..9).collect::<Vec<_>>());
        assert_eq!(pool.threads.len(), 3);
    }
}
