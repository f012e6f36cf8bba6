//! The byte loop: gather, show to the tap, write. Everything large that the tab moves goes through here.

use std::time::Duration;

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
    forgotten::Forgotten,
    given,
    http::{Body, Http},
    store::{Blob, Reader, Store, Writer},
    stream::Stream,
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
    pub(crate) forgotten: &'a Forgotten,
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
                    Some(stream) => Input::File { blob, stream },
                    None => Input::Content { blob, at: from, to },
                }
            }
            Source::Given { given, from, to } => match given::find(self.given, given) {
                Ok(file) => Input::Given { file, stream: given::stream(file, from, to) },
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
        let mut buffer = vec![0; BUFFER];
        loop {
            let (filled, end) = self.fill(input, &mut buffer).await?;
            let chunk = buffer.get(..filled).unwrap_or_default();
            // What a connection brought before it broke is good: it is kept, and not fetched again.
            if let Err(refused) = tap.feed(chunk) {
                return Ok(End::Refused(refused));
            }
            if let Some(output) = output.as_deref_mut() {
                output.write(chunk).await?;
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

    /// Fills the buffer, as far as that goes at once: how far, and why it goes no further.
    async fn fill(
        &self,
        input: &mut Input<'_>,
        buffer: &mut [u8],
    ) -> Result<(usize, Option<End>), StoreError> {
        let (began, mut filled) = (clock::now(), 0);
        while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty())
            && (filled == 0 || clock::now().since(began) < PROGRESS)
        {
            // What says nothing would keep a pump that nobody waits for until its deadline, and a file has none.
            let Some(read) = self.forgotten.or(input.read(room)).await else {
                return Ok((filled, Some(End::Forgotten)));
            };
            match read? {
                Ok(0) => return Ok((filled, Some(End::Complete))),
                Ok(read) => filled += read,
                Err(end) => return Ok((filled, Some(end))),
            }
        }
        Ok((filled, None))
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
    File { blob: Blob, stream: Stream },
    Given { file: &'a File, stream: Stream },
}

impl Input<'_> {
    /// Puts what comes next into the room: how many bytes, 0 at the end. The outer error is the store's, the inner one what else
    /// ends the pump.
    async fn read(&mut self, room: &mut [u8]) -> Result<Result<usize, End>, StoreError> {
        Ok(match self {
            Self::Body(body) => body.read(room).await.map_err(End::SourceLost),
            Self::Ingest(reader) => Ok(reader.read(room).await?),
            Self::Content { blob, at, to } => {
                let left = usize::try_from(to.saturating_sub(*at)).unwrap_or(usize::MAX);
                let bytes = blob.read_at(*at, left.min(room.len())).await?;
                room.get_mut(..bytes.len()).unwrap_or_default().copy_from_slice(&bytes);
                *at += bytes.len() as u64;
                Ok(bytes.len())
            }
            Self::File { blob, stream } => Ok(stream.read(room).await.map_err(|error| blob.lost(&error))?),
            Self::Given { file, stream } => {
                stream.read(room).await.map_err(|error| End::GivenLost(given::lost(file, &error)))
            }
        })
    }
}
