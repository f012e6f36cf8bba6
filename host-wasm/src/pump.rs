//! The byte loop: gather, show to the tap, write. Everything large that the tab moves goes through here.

use std::{cell::Cell, time::Duration};

use js_sys::Uint8Array;
use lugger_core::{
    effect::{
        http::{NetError, NetErrorKind},
        pump::{End, Pump, Pumped, Sink, Source, Tap},
        store::StoreError,
    },
    time::Instant,
};
use web_sys::File;

use crate::{
    clock,
    given::{self, Pieces},
    http::{Body, Http},
    store::{Blob, Reader, Store, Writer},
};

/// What is gathered before it is hashed and written in one go.
const BUFFER: usize = 1 << 20;
/// Between two reports of progress, and for how long bytes are gathered at most: what a slow connection brought is not lost
/// with its tab.
const PROGRESS: Duration = Duration::from_millis(100);

/// What a pump runs with.
pub(crate) struct Pumping<'a> {
    pub(crate) http: &'a Http,
    pub(crate) store: &'a Store,
    /// What the user gave.
    pub(crate) given: &'a [File],
    /// Ends it early.
    pub(crate) forgotten: &'a Cell<bool>,
    /// Hears of the bytes moved so far.
    pub(crate) progress: &'a dyn Fn(u64),
}

impl Pumping<'_> {
    /// Carries out a pump.
    pub(crate) async fn run(&self, pump: Pump) -> Pumped {
        let Pump { from, to, mut tap, checkpoint_every } = pump;
        let end = self.pump(from, to, &mut tap, checkpoint_every).await;
        Pumped { tap, end: end.unwrap_or_else(End::StoreFailed) }
    }

    async fn pump(
        &self,
        from: Source,
        to: Sink,
        tap: &mut Tap,
        checkpoint_every: u64,
    ) -> Result<End, StoreError> {
        let mut input = match from {
            Source::Body(id) => match self.http.take_body(id) {
                Some(body) => Input::Body(body),
                None => {
                    return Ok(End::SourceLost(NetError::new(NetErrorKind::Broken, "the body was closed")));
                }
            },
            Source::Ingest { ingest, from, to } => Input::Ingest(self.store.reader(ingest, from, to).await?),
            Source::Content { digest, from, to } => {
                let blob = self.store.blob(&digest).await?;
                match blob.ahead(from, to) {
                    Some(pieces) => Input::File { blob, pieces },
                    None => Input::Content { blob, at: from, to },
                }
            }
            Source::Given { given, from, to } => match given::find(self.given, given) {
                Ok(file) => Input::Given { file, pieces: Pieces::new(file, from, to) },
                Err(lost) => return Ok(End::GivenLost(lost)),
            },
        };
        let mut output = match to {
            Sink::Ingest(ingest) => Some(self.store.writer(ingest, tap.len()).await?),
            Sink::Part(ingest) => Some(self.store.part_writer(ingest, tap.len()).await?),
            Sink::Nowhere => None,
        };
        let end = self.copy(&mut input, output.as_mut(), tap, checkpoint_every).await?;
        save(&mut input, output.as_mut(), tap).await;
        if let Some(output) = output {
            output.close().await?;
        }
        Ok(end)
    }

    async fn copy(
        &self,
        input: &mut Input<'_>,
        mut output: Option<&mut Writer>,
        tap: &mut Tap,
        checkpoint_every: u64,
    ) -> Result<End, StoreError> {
        let (start, mut saved, mut told) = (tap.len(), tap.len(), clock::now());
        let mut buffer = Vec::with_capacity(BUFFER);
        loop {
            buffer.clear();
            let end = self.fill(input, &mut buffer).await?;
            // What a connection brought before it broke is good: it is kept, and not fetched again.
            if let Err(refused) = tap.feed(&buffer) {
                return Ok(End::Refused(refused));
            }
            if let Some(output) = output.as_deref_mut() {
                output.write(&buffer).await?;
            }
            if tap.len() - saved >= checkpoint_every {
                save(input, output.as_deref_mut(), tap).await;
                saved = tap.len();
            }
            if let Some(end) = end {
                return Ok(end);
            }
            self.tell(&mut told, tap.len() - start);
        }
    }

    fn tell(&self, told: &mut Instant, moved: u64) {
        let now = clock::now();
        if now.since(*told) >= PROGRESS {
            *told = now;
            (self.progress)(moved);
        }
    }

    /// Fills the buffer, as far as that goes at once, or says why it goes no further.
    async fn fill(&self, input: &mut Input<'_>, buffer: &mut Vec<u8>) -> Result<Option<End>, StoreError> {
        let began = clock::now();
        while buffer.len() < BUFFER && (buffer.is_empty() || clock::now().since(began) < PROGRESS) {
            if self.forgotten.get() {
                return Ok(Some(End::Forgotten));
            }
            match input.read(buffer).await? {
                Ok(0) => return Ok(Some(End::Complete)),
                Ok(_) => {}
                // An exchange that was given up looks like one that broke.
                Err(_) if self.forgotten.get() => return Ok(Some(End::Forgotten)),
                Err(end) => return Ok(Some(end)),
            }
        }
        Ok(None)
    }
}

/// Saves where the tap is. Without it a later run looks at some bytes once more; that is no reason to stop this one.
async fn save(input: &mut Input<'_>, output: Option<&mut Writer>, tap: &Tap) {
    let Some(saved) = tap.checkpoint() else { return };
    let _ = match (output, input) {
        (Some(output), _) => output.checkpoint(&saved).await,
        (None, Input::Ingest(reader)) => reader.checkpoint(&saved).await,
        (None, _) => Ok(()),
    };
}

enum Input<'a> {
    Body(Body),
    Ingest(Reader),
    Content { blob: Blob, at: u64, to: u64 },
    File { blob: Blob, pieces: Pieces },
    Given { file: &'a File, pieces: Pieces },
}

impl Input<'_> {
    /// Adds what comes next: how many bytes, 0 at the end. The outer error is the store's, the inner one what else ends the pump.
    async fn read(&mut self, buffer: &mut Vec<u8>) -> Result<Result<usize, End>, StoreError> {
        match self {
            Self::Body(body) => Ok(match body.read().await {
                Ok(chunk) => Ok(append(buffer, chunk.as_ref())),
                Err(lost) => Err(End::SourceLost(lost)),
            }),
            Self::Ingest(reader) => {
                let mut bytes = Vec::new();
                let read = reader.read(&mut bytes, BUFFER - buffer.len()).await?;
                buffer.append(&mut bytes);
                Ok(Ok(read))
            }
            Self::Content { blob, at, to } => {
                let left = usize::try_from(to.saturating_sub(*at)).unwrap_or(usize::MAX);
                let bytes = blob.read_at(*at, left.min(BUFFER)).await?;
                *at += bytes.len() as u64;
                buffer.extend_from_slice(&bytes);
                Ok(Ok(bytes.len()))
            }
            Self::File { blob, pieces } => match pieces.next().await {
                Ok(piece) => Ok(Ok(append(buffer, piece.as_ref()))),
                Err(error) => Err(blob.lost(&error)),
            },
            Self::Given { file, pieces } => Ok(match pieces.next().await {
                Ok(piece) => Ok(append(buffer, piece.as_ref())),
                Err(error) => Err(End::GivenLost(given::lost(file, &error))),
            }),
        }
    }
}

fn append(buffer: &mut Vec<u8>, chunk: Option<&Uint8Array>) -> usize {
    let Some(chunk) = chunk else { return 0 };
    let (at, len) = (buffer.len(), chunk.length() as usize);
    buffer.resize(at + len, 0);
    chunk.copy_to(buffer.get_mut(at..).unwrap_or_default());
    len
}
