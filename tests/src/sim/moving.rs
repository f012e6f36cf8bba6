//! A pump at work: chunk by chunk, so that anything can happen in between.

use lugger_core::{
    effect::{
        pump::{End as Ended, Pump, Pumped, Sink, Source},
        store::{Read, StoreError},
    },
    op::Ticket,
};

use super::{
    net::{End, broken, timed_out},
    world::World,
};

/// A pump that was asked for.
#[derive(Debug)]
pub(super) struct Moving {
    pump: Pump,
    /// What to answer with.
    pub ticket: Ticket<Pumped>,
    /// Bytes moved so far.
    pub moved: u64,
    unsaved: u64,
}

/// What a step of a pump came to.
#[derive(Debug)]
pub(super) enum Step {
    /// A chunk moved.
    Moved,
    /// Nothing comes any more: it ends when whoever waits gives up.
    Stalled,
    /// It ended.
    Ended(Ended),
}

impl Moving {
    /// A pump that has not begun.
    pub(super) fn new(pump: Pump, ticket: Ticket<Pumped>) -> Self {
        Self { pump, ticket, moved: 0, unsaved: 0 }
    }

    /// Whether it moves a body.
    pub(super) fn is_download(&self) -> bool {
        matches!(self.pump.from, Source::Body(_))
    }

    /// The next chunk, or the end.
    pub(super) fn step(&mut self, world: &mut World) -> Step {
        let chunk = match self.read(world) {
            Ok(chunk) => chunk,
            Err(step) => return step,
        };
        let at = self.pump.tap.len();
        if let Err(refused) = self.pump.tap.feed(&chunk) {
            return Step::Ended(Ended::Refused(refused));
        }
        self.moved += chunk.len() as u64;
        if let Err(error) = self.write(world, at, &chunk) {
            return Step::Ended(Ended::StoreFailed(error));
        }
        self.unsaved += chunk.len() as u64;
        if self.unsaved >= self.pump.checkpoint_every {
            self.save(world);
        }
        Step::Moved
    }

    fn write(&self, world: &mut World, at: u64, chunk: &[u8]) -> Result<(), StoreError> {
        let ingest = match self.pump.to {
            Sink::Nowhere => return Ok(()),
            Sink::Ingest(ingest) | Sink::Part(ingest) => ingest,
        };
        world.store_fault(true)?;
        match self.pump.to {
            Sink::Part(_) => world.store.write_part(ingest, at, chunk)?,
            _ => world.store.write(ingest, at, chunk)?,
        }
        if let Some(digest) = world.store.open.get(&ingest) {
            *world.tally.bytes.entry(digest.clone()).or_default() += chunk.len() as u64;
        }
        let seen = self.pump.tap.len();
        let there = world.store.partial(ingest).map(|partial| partial.extents())?;
        let as_far = match self.pump.to {
            Sink::Part(_) => there.iter().any(|part| part.start <= at && seen <= part.end),
            _ => (there.prefix(), there.total()) == (seen, seen),
        };
        world.must(as_far, || format!("the tap has seen {at}..{seen}, the ingest has {there:?}"));
        Ok(())
    }

    fn read(&mut self, world: &mut World) -> Result<Vec<u8>, Step> {
        let most = [100, 4_000, 64_000][world.rng.below(3) as usize];
        let size = 1 + world.rng.below(most) as usize;
        match self.pump.from.clone() {
            Source::Body(id) => {
                let Some(body) = world.net.open.get_mut(&id) else {
                    world.violated(format!("a pump from body {}, which is not open", id.0));
                    return Err(Step::Ended(Ended::SourceLost(broken())));
                };
                let left = &body.bytes[body.at..];
                let chunk = left[..size.min(left.len())].to_vec();
                body.at += chunk.len();
                match (chunk.is_empty(), body.end) {
                    (false, _) => Ok(chunk),
                    (true, End::Complete) => Err(Step::Ended(Ended::Complete)),
                    (true, End::Broken) => Err(Step::Ended(Ended::SourceLost(broken()))),
                    (true, End::Stalled) => Err(Step::Stalled),
                }
            }
            Source::Ingest { ingest, from, to } => {
                if let Err(error) = world.store_fault(false) {
                    return Err(Step::Ended(Ended::StoreFailed(error)));
                }
                let partial = world.store.partial(ingest).map_err(|e| Step::Ended(Ended::StoreFailed(e)))?;
                let (from, to) = ((from + self.moved) as usize, to as usize);
                let have = partial.data.len();
                match partial.data.get(from..to.min(from + size).min(have)) {
                    Some(chunk) if !chunk.is_empty() => Ok(chunk.to_vec()),
                    _ => Err(Step::Ended(Ended::Complete)),
                }
            }
            Source::Content { digest, from, to } => {
                if let Err(error) = world.store_fault(false) {
                    return Err(Step::Ended(Ended::StoreFailed(error)));
                }
                let max = u64::MAX;
                let bytes = world.store.read(&Read { digest, max });
                self.part_of(&bytes.map_err(|e| Step::Ended(Ended::StoreFailed(e)))?, from, to, size)
            }
            Source::Given { given, from, to } => {
                let bytes = world.given(given).map_err(|error| Step::Ended(Ended::GivenLost(error)))?;
                self.part_of(&bytes, from, to, size)
            }
        }
    }

    /// The next chunk of bytes that are at hand.
    fn part_of(&self, bytes: &[u8], from: u64, to: u64, size: usize) -> Result<Vec<u8>, Step> {
        let (from, to) = ((from + self.moved) as usize, (to as usize).min(bytes.len()));
        match bytes.get(from..to.min(from + size)) {
            Some(chunk) if !chunk.is_empty() => Ok(chunk.to_vec()),
            _ => Err(Step::Ended(Ended::Complete)),
        }
    }

    fn save(&mut self, world: &mut World) {
        let ingest = match (self.pump.to, &self.pump.from) {
            (Sink::Ingest(ingest), _) => ingest,
            (Sink::Nowhere, Source::Ingest { ingest, .. }) => *ingest,
            _ => return,
        };
        if let Some(saved) = self.pump.tap.checkpoint()
            && world.store.checkpoint(ingest, self.pump.tap.len(), saved).is_ok()
        {
            self.unsaved = 0;
        }
    }

    /// Whoever waited for a stalled body gives up.
    pub(super) fn give_up(self, world: &mut World) -> (Ticket<Pumped>, Pumped) {
        self.end(world, Ended::SourceLost(timed_out()))
    }

    /// Ends it: the body is closed, and what the tap has seen is saved, unless the store failed at it.
    pub(super) fn end(mut self, world: &mut World, end: Ended) -> (Ticket<Pumped>, Pumped) {
        if let Source::Body(body) = self.pump.from {
            world.net.close(body);
        }
        // After a failed write the tap has seen more than there is.
        let sound = match self.pump.to {
            _ if matches!(end, Ended::StoreFailed(_)) => false,
            Sink::Ingest(ingest) => world.store.write(ingest, self.pump.tap.len(), &[]).is_ok(),
            Sink::Part(_) | Sink::Nowhere => true,
        };
        if sound {
            self.save(world);
        }
        (self.ticket, Pumped { tap: self.pump.tap, end })
    }
}
