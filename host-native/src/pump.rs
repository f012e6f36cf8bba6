//! The byte loop: read, show to the tap, write. Everything large that Lugger moves goes through here.

use std::{
    cell::RefCell,
    fs::File,
    io::Read,
    os::unix::fs::FileExt as _,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use lugger_core::{
    effect::{
        http::{NetError, NetErrorKind},
        pump::{End, Pump, Pumped, Sink, Source, Tap},
        store::{StoreError, StoreErrorKind},
    },
    name::Digest,
};

use crate::{
    given::{self, Given},
    http::{Body, Http},
    store::{Reader, Store, Writer},
};

/// What is read before it is hashed and written in one go. A larger one saves CPU (6 to 14 % at 1 MiB) and costs
/// memory for every connection.
const BUFFER: usize = 256 << 10;
/// Between two reports of progress.
const PROGRESS: Duration = Duration::from_millis(100);

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What a pump runs with.
pub(crate) struct Pumping<'a> {
    pub(crate) http: &'a Http,
    pub(crate) store: &'a Store,
    /// What the user gave.
    pub(crate) given: &'a [Given],
    /// Ends it early.
    pub(crate) forget: &'a AtomicBool,
    /// Hears of the bytes moved so far.
    pub(crate) progress: &'a dyn Fn(u64),
}

impl Pumping<'_> {
    /// Carries out a pump.
    pub(crate) fn run(&self, pump: Pump) -> Pumped {
        let Pump { from, to, mut tap, checkpoint_every } = pump;
        let end = self.pump(from, to, &mut tap, checkpoint_every);
        Pumped { tap, end: end.unwrap_or_else(End::StoreFailed) }
    }

    fn pump(&self, from: Source, to: Sink, tap: &mut Tap, checkpoint_every: u64) -> Result<End, StoreError> {
        let mut input = match from {
            Source::Body(id) => match self.http.take_body(id) {
                Some(body) => Input::Body(Box::new(body)),
                None => {
                    return Ok(End::SourceLost(NetError::new(NetErrorKind::Broken, "the body was closed")));
                }
            },
            Source::Ingest { ingest, from, to } => {
                Input::Ingest(Box::new(self.store.reader(ingest, from, to)?))
            }
            Source::Content { digest, from, to } => {
                Input::Content { file: self.store.blob(&digest)?, digest, at: from, to }
            }
            Source::Given { given, from, to } => match given::find(self.given, given) {
                Ok(given) => Input::Given { given, at: from, to },
                Err(lost) => return Ok(End::GivenLost(lost)),
            },
        };
        let mut output = match to {
            Sink::Ingest(ingest) => Some(self.store.writer(ingest, tap.len())?),
            Sink::Part(ingest) => Some(self.store.part_writer(ingest, tap.len())?),
            Sink::Nowhere => None,
        };
        let end = SCRATCH.with_borrow_mut(|buffer| {
            buffer.resize(BUFFER, 0);
            self.copy(&mut input, output.as_mut(), tap, checkpoint_every, buffer)
        })?;
        save(&mut input, output.as_mut(), tap);
        Ok(end)
    }

    fn copy(
        &self,
        input: &mut Input<'_>,
        mut output: Option<&mut Writer>,
        tap: &mut Tap,
        checkpoint_every: u64,
        buffer: &mut [u8],
    ) -> Result<End, StoreError> {
        let (start, mut saved, mut told) = (tap.len(), tap.len(), Instant::now());
        loop {
            let (filled, end) = self.fill(input, buffer)?;
            let chunk = buffer.get(..filled).unwrap_or_default();
            // What a connection brought before it broke is good: it is kept, and not fetched again.
            if let Err(refused) = tap.feed(chunk) {
                return Ok(End::Refused(refused));
            }
            if let Some(output) = output.as_deref_mut() {
                output.write(chunk)?;
            }
            if tap.len() - saved >= checkpoint_every {
                save(input, output.as_deref_mut(), tap);
                saved = tap.len();
            }
            if let Some(end) = end {
                return Ok(end);
            }
            if told.elapsed() >= PROGRESS {
                told = Instant::now();
                (self.progress)(tap.len() - start);
            }
        }
    }

    /// Fills the buffer as far as the input goes: how far that is, and why it goes no further.
    fn fill(&self, input: &mut Input<'_>, buffer: &mut [u8]) -> Result<(usize, Option<End>), StoreError> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            if self.forget.load(Ordering::Relaxed) {
                return Ok((filled, Some(End::Forgotten)));
            }
            match input.read(rest)? {
                Ok(0) => return Ok((filled, Some(End::Complete))),
                Ok(read) => filled += read,
                Err(end) => return Ok((filled, Some(end))),
            }
        }
        Ok((filled, None))
    }
}

/// Saves where the tap is. Without it a later run looks at some bytes once more; that is no reason to stop this one.
fn save(input: &mut Input<'_>, output: Option<&mut Writer>, tap: &Tap) {
    let Some(saved) = tap.checkpoint() else { return };
    let _ = match (output, input) {
        (Some(output), _) => output.checkpoint(&saved),
        (None, Input::Ingest(reader)) => reader.checkpoint(&saved),
        (None, _) => Ok(()),
    };
}

enum Input<'a> {
    Body(Box<Body>),
    Ingest(Box<Reader>),
    Content { file: File, digest: Digest, at: u64, to: u64 },
    Given { given: &'a Given, at: u64, to: u64 },
}

impl Input<'_> {
    /// The outer error is the store's, the inner one what else ends the pump.
    fn read(&mut self, buffer: &mut [u8]) -> Result<Result<usize, End>, StoreError> {
        match self {
            Self::Body(body) => Ok(body.read(buffer).map_err(End::SourceLost)),
            Self::Ingest(reader) => reader.read(buffer).map(Ok).map_err(|cause| reader.failed(cause)),
            Self::Content { file, digest, at, to } => {
                let read = file.read_at(up_to(buffer, *at, *to), *at).map_err(|cause| StoreError {
                    kind: StoreErrorKind::Failed,
                    path: digest.to_string(),
                    detail: cause.to_string(),
                })?;
                *at += read as u64;
                Ok(Ok(read))
            }
            Self::Given { given, at, to } => {
                let read = given.read_at(up_to(buffer, *at, *to), *at);
                *at += read.as_ref().map_or(0, |read| *read as u64);
                Ok(read.map_err(End::GivenLost))
            }
        }
    }
}

/// As much of a buffer as there are bytes from one offset up to another.
fn up_to(buffer: &mut [u8], at: u64, to: u64) -> &mut [u8] {
    let most = usize::try_from(to.saturating_sub(at)).unwrap_or(usize::MAX).min(buffer.len());
    buffer.get_mut(..most).unwrap_or_default()
}
