//! The scheduler: at every wait the seed decides what happens next.

use lugger_core::{
    effect::{
        Notice, Request, RequestId,
        file::Entry,
        http::{NetError, Response},
        pump::{End, Pump, Pumped, Source},
        store::Content,
    },
    op::{Answer, Op, Output, Ticket, Wake},
    time::Instant,
};

use super::{
    moving::{Moving, Step},
    net::{Arrival, timed_out},
    stop::{Ended, Stop},
    transcript::{Mark, Show},
    world::World,
};

/// A request that the world has not answered yet.
struct Job {
    id: RequestId,
    work: Work,
    /// Nothing happens before.
    ready: Instant,
    /// Nobody waits for it any more.
    forgotten: bool,
}

enum Work {
    Asked(Request),
    /// A response that never comes.
    Silent(Ticket<Result<Response, NetError>>),
    Moving(Moving),
    /// A body of which no more comes.
    Stalled(Moving),
    /// A pump that was stopped; its answer comes late.
    Stopped(Ticket<Pumped>, Pumped),
}

impl Work {
    /// Whether it uses the network: an exchange, or a pump from a body.
    fn is_transfer(&self) -> bool {
        match self {
            Self::Asked(Request::Exchange(..)) | Self::Silent(_) => true,
            Self::Asked(Request::Pump(pump, _)) => matches!(pump.from, Source::Body(_)),
            Self::Moving(moving) | Self::Stalled(moving) => moving.is_download(),
            Self::Asked(_) | Self::Stopped(..) => false,
        }
    }

    /// Whether it is a commit of an ingest, which ends it, also when nobody waits for it any more.
    fn ends_ingest(&self) -> bool {
        match self {
            Self::Asked(Request::Commit(commit, _)) => matches!(commit.content, Content::Ingest(_)),
            _ => false,
        }
    }
}

impl World {
    /// Drives an operation to its end, or to where it is stopped. Also how many decisions that took.
    pub fn run<T: 'static>(&mut self, mut op: Op<T>, stop: Stop) -> (Ended<T>, u64) {
        let mut jobs: Vec<Job> = Vec::new();
        let (mut steps, begun) = (0, self.clock.now());
        loop {
            if self.violation.is_some() {
                return (Ended::Killed, steps);
            }
            let wake = match op.poll(self.clock.now()) {
                Output::Request(request) => {
                    self.log(Mark::Request, &format_args!("#{} {request}", request.id()));
                    let (id, ready) = (request.id(), self.clock.now());
                    jobs.push(Job { id, work: Work::Asked(request), ready, forgotten: false });
                    continue;
                }
                Output::Notice(notice) => {
                    self.log(Mark::Notice, &notice);
                    match notice {
                        Notice::Forget(id) => self.forget(&mut jobs, id),
                        other => self.notice(other),
                    }
                    continue;
                }
                Output::Event(it) => {
                    self.event(&it);
                    continue;
                }
                Output::Done(result) => {
                    let said = result.as_ref().map_or_else(ToString::to_string, |_| "ok".to_owned());
                    self.log(Mark::Done, &said);
                    // A commit on its way still has its ingest.
                    let committing = jobs.iter().filter(|job| job.work.ends_ingest()).count();
                    self.check_released("at the end", committing);
                    self.drain(&mut op, jobs);
                    self.grants.extend(&op.take_learnt());
                    return (Ended::Done(result), steps);
                }
                Output::Wait(wake) => wake,
            };
            steps += 1;
            let at_once = jobs.iter().filter(|job| !job.forgotten && job.work.is_transfer()).count();
            self.check_bounds(at_once, steps, begun);
            let late = match stop {
                Stop::Cancel { at, late: false } if at == steps => {
                    self.note(&"cancelled");
                    op.cancel();
                    continue;
                }
                Stop::Kill { at, power } if at == steps => {
                    drop(op);
                    if power {
                        self.power_cut();
                    } else {
                        self.kill();
                    }
                    return (Ended::Killed, steps);
                }
                Stop::Cancel { at, late } => late && at == steps,
                _ => false,
            };
            self.decide(&mut op, &mut jobs, wake);
            if late {
                self.note(&"cancelled");
                op.cancel();
            }
        }
    }

    /// Picks what happens next: one of the jobs that are ready, the timer, or time going by for those that are not.
    fn decide<T: 'static>(&mut self, op: &mut Op<T>, jobs: &mut Vec<Job>, wake: Option<Wake>) {
        let now = self.clock.now();
        let ready: Vec<usize> = (0..jobs.len()).filter(|at| jobs[*at].ready <= now).collect();
        let later = jobs.iter().map(|job| job.ready).filter(|at| *at > now).min();
        let choices = [later, wake.map(|wake| wake.at)].into_iter().flatten();
        let choices: Vec<Instant> = choices.collect();
        if ready.is_empty() && choices.is_empty() {
            return self.violated("it waits for nothing".to_owned());
        }
        let pick = self.rng.below((ready.len() + choices.len()) as u64) as usize;
        match ready.get(pick) {
            None => self.clock.reach(choices[pick - ready.len()]),
            Some(&at) => {
                let job = jobs.remove(at);
                if let Some(job) = self.advance(op, job) {
                    jobs.insert(at, job);
                }
            }
        }
    }

    /// Does a job, or a step of it; gives back what is left of it.
    fn advance<T: 'static>(&mut self, op: &mut Op<T>, job: Job) -> Option<Job> {
        let Job { id, work, forgotten, .. } = job;
        let left = |work, ready| Some(Job { id, work, ready, forgotten });
        let now = self.clock.now();
        match work {
            Work::Asked(Request::Exchange(exchange, ticket)) => match self.exchange(&exchange) {
                Arrival::Now(answer) => self.reply(op, ticket, answer, forgotten),
                Arrival::Never => {
                    let until = now.after(self.scenario.limits.timeouts.response);
                    return left(Work::Silent(ticket), until);
                }
            },
            Work::Asked(Request::Pump(pump, ticket)) => {
                return self.advance(
                    op,
                    Job { id, work: Work::Moving(Moving::new(*pump, ticket)), ready: now, forgotten },
                );
            }
            Work::Moving(mut moving) => match moving.step(self) {
                Step::Moved => {
                    self.clock.spend(std::time::Duration::from_millis(1 + self.rng.below(5)));
                    if self.rng.below(4) == 0 {
                        op.progress(id, moving.moved);
                    }
                    return left(Work::Moving(moving), now);
                }
                Step::Stalled => {
                    let until = now.after(self.scenario.limits.timeouts.stall);
                    return left(Work::Stalled(moving), until);
                }
                Step::Ended(end) => {
                    let (ticket, pumped) = moving.end(self, end);
                    self.reply(op, ticket, pumped, forgotten);
                }
            },
            Work::Silent(ticket) => self.reply(op, ticket, Err(timed_out()), forgotten),
            Work::Stalled(moving) => {
                let (ticket, pumped) = moving.give_up(self);
                self.reply(op, ticket, pumped, forgotten);
            }
            Work::Stopped(ticket, pumped) => self.reply(op, ticket, pumped, forgotten),
            Work::Asked(request) => self.store_request(op, request, forgotten),
        }
        None
    }

    /// Moves all that a pump has to move, at once.
    pub(crate) fn pump<T: 'static>(&mut self, op: &mut Op<T>, pump: Pump, ticket: Ticket<Pumped>) {
        let mut moving = Moving::new(pump, ticket);
        let end = loop {
            match moving.step(self) {
                Step::Moved => {}
                Step::Stalled => break End::SourceLost(timed_out()),
                Step::Ended(end) => break end,
            }
        };
        let (ticket, pumped) = moving.end(self, end);
        self.reply(op, ticket, pumped, false);
    }

    /// Does what is asked of the store, and looks up credentials.
    pub(crate) fn store_request<T: 'static>(&mut self, op: &mut Op<T>, request: Request, forgotten: bool) {
        self.clock.spend(std::time::Duration::from_millis(self.rng.below(3)));
        match request {
            Request::Find(digest, t) => {
                let found = self.store_fault(false).map(|()| self.store.find(&digest));
                self.reply(op, t, found, forgotten);
            }
            Request::Partial(digest, t) => {
                let found = self.store_fault(false).map(|()| self.store.left_of(&digest));
                self.reply(op, t, found, forgotten);
            }
            Request::Read(read, t) => {
                let bytes = self.store_fault(false).and_then(|()| self.store.read(&read));
                self.reply(op, t, bytes, forgotten);
            }
            Request::Begin(begin, t) => {
                let begun = self.begin(&begin, forgotten);
                self.reply(op, t, begun, forgotten);
            }
            Request::Commit(commit, t) => {
                let committed = self.commit(*commit);
                self.reply(op, t, committed, forgotten);
            }
            Request::Remove(removal, t) => {
                let removed = self.remove(&removal);
                self.reply(op, t, removed, forgotten);
            }
            Request::Slice(slice, t) => {
                let bytes = self.slice(slice);
                self.reply(op, t, bytes, forgotten);
            }
            Request::Get(key, t) => {
                let record = self.store_fault(false).map(|()| self.store.get(&key));
                self.reply(op, t, record, forgotten);
            }
            Request::Scan(prefix, t) => {
                let records = self.store_fault(false).map(|()| self.store.scan(&prefix));
                self.reply(op, t, records, forgotten);
            }
            Request::Apply(batch, t) => {
                let applied = self.apply(&batch);
                self.reply(op, t, applied, forgotten);
            }
            Request::Lock(key, t) => {
                let lock = self.lock(&key);
                self.reply(op, t, lock, forgotten);
            }
            Request::Secret(origin, t) => {
                let secret = self.secret(&origin);
                self.reply(op, t, secret, forgotten);
            }
            Request::File(path, t) => {
                let entry = self.files.get(&path).cloned().unwrap_or(Entry::Absent);
                self.reply(op, t, Ok(entry), forgotten);
            }
            Request::SaveFile(save, t) => {
                self.files.insert(save.path, Entry::File(save.bytes));
                self.reply(op, t, Ok(()), forgotten);
            }
            Request::Helper(helper, t) => {
                let answer = self.help(&helper);
                self.reply(op, t, answer, forgotten);
            }
            Request::Exchange(..) | Request::Pump(..) => self.violated("no store request".to_owned()),
        }
    }

    /// Answers. One that nobody waits for must come back, and is then released.
    pub(crate) fn reply<T: 'static, R: Answer + Show>(
        &mut self,
        op: &mut Op<T>,
        ticket: Ticket<R>,
        answer: R,
        forgotten: bool,
    ) {
        let id = ticket.id();
        let shown = answer.show();
        let refused = op.reply(ticket, answer);
        let late = if refused.is_err() { " (late)" } else { "" };
        self.log(Mark::Reply, &format_args!("#{} {shown}{late}", id));
        match refused {
            Ok(()) => self.must(!forgotten, || format!("a forgotten request {} was answered", id)),
            Err(answer) => {
                self.must(forgotten, || format!("the answer to {} was refused", id));
                if let Some(notice) = answer.release() {
                    self.notice(notice);
                }
            }
        }
    }

    /// Nobody waits for a request any more: a pump stops, anything else may still be answered.
    fn forget(&mut self, jobs: &mut Vec<Job>, id: RequestId) {
        let Some(at) = jobs.iter().position(|job| job.id == id) else {
            return self.violated(format!("forgets request {id}, which was answered"));
        };
        let Job { work, ready, .. } = jobs.remove(at);
        let work = match work {
            Work::Asked(Request::Pump(pump, ticket)) => self.stop(Moving::new(*pump, ticket)),
            Work::Moving(moving) | Work::Stalled(moving) => self.stop(moving),
            other => other,
        };
        jobs.insert(at, Job { id, work, ready, forgotten: true });
    }

    fn stop(&mut self, moving: Moving) -> Work {
        let (ticket, pumped) = moving.end(self, End::Forgotten);
        Work::Stopped(ticket, pumped)
    }

    /// What nobody waited for is answered after the end.
    fn drain<T: 'static>(&mut self, op: &mut Op<T>, jobs: Vec<Job>) {
        for job in jobs {
            self.must(job.forgotten, || format!("{} is neither answered nor forgotten", job.id));
            let mut next = Some(job);
            while let Some(job) = next {
                self.clock.reach(job.ready);
                next = self.advance(op, job);
            }
        }
        self.check_released("after the end", 0);
    }
}
