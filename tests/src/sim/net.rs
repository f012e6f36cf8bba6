//! The network between an operation and its servers: open bodies, and what becomes of answers on the way.

use std::{collections::BTreeMap, rc::Rc};

use http::{Method, StatusCode};
use lugger_core::{
    effect::{
        BodyId,
        http::{Exchange, NetError, NetErrorKind, Payload, Response},
    },
    rng::Rng,
};

use super::{faults::Fault, registry::Answer};
use crate::contract::fixture::Ending;

/// How a body that was sent ends for who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As if that were all.
    Complete,
    /// The connection breaks.
    Broken,
    /// Nothing more comes.
    Stalled,
}

/// An open body.
#[derive(Clone, Debug)]
pub struct Body {
    /// All that will come.
    pub bytes: Rc<[u8]>,
    /// How much of it was read.
    pub at: usize,
    /// What happens then.
    pub end: End,
}

/// An answer on its way.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Status, headers, and the bytes that really come.
    pub answer: Answer,
    /// How the body ends.
    pub end: End,
}

/// What arrives of it.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "moved once, to whoever asked")]
pub enum Arrival {
    /// This.
    Now(Result<Response, NetError>),
    /// Nothing, until whoever waits gives up.
    Never,
}

/// The bodies that an operation has open.
#[derive(Debug, Default)]
pub struct Net {
    /// Each by its handle.
    pub open: BTreeMap<BodyId, Body>,
    next: u64,
}

impl Sent {
    /// An answer that arrives as it was sent.
    pub fn whole(answer: Answer) -> Self {
        Self { answer, end: End::Complete }
    }

    /// A fixture's answer.
    pub fn fixture(answer: Answer, ending: Ending) -> Self {
        let mut sent = Self::whole(answer);
        match ending {
            Ending::Whole => {}
            Ending::Cut(at) => sent.cut(at, End::Broken),
            Ending::Stalled(at) => sent.cut(at, End::Stalled),
        }
        sent
    }

    /// Ends the body at a byte, in this way.
    pub fn cut(&mut self, at: usize, end: End) {
        let at = at.min(self.answer.body.len());
        self.answer.body = self.answer.body[..at].into();
        self.end = end;
    }

    /// Damages the body.
    pub fn damage(&mut self, fault: Fault, rng: &mut Rng) {
        let len = self.answer.body.len() as u64;
        match fault {
            Fault::Reset => self.cut(rng.below(len) as usize, End::Broken),
            Fault::Stall => self.cut(rng.below(len) as usize, End::Stalled),
            Fault::Truncated => self.cut(rng.below(len) as usize, End::Complete),
            Fault::Flipped => {
                let mut bytes = self.answer.body.to_vec();
                bytes[rng.below(len) as usize] ^= 1 << rng.below(8);
                self.answer.body = bytes.into();
            }
            Fault::TooLong => {
                let mut bytes = self.answer.body.to_vec();
                bytes.extend(vec![b'x'; 1 + rng.below(5_000) as usize]);
                self.answer.body = bytes.into();
            }
            _ => {}
        }
    }
}

impl Net {
    /// Hands an answer over as the exchange asked for it.
    pub fn arrive(&mut self, exchange: &Exchange, sent: Sent) -> Arrival {
        let Sent { answer: Answer { status, headers, body, from }, end } = sent;
        let status = StatusCode::from_u16(status).expect("a status made here is valid");
        let payload = if exchange.method == Method::HEAD {
            Payload::Inline(Vec::new())
        } else if exchange.stream.contains(&status) {
            self.next += 1;
            let id = BodyId(self.next);
            self.open.insert(id, Body { bytes: body, at: 0, end });
            Payload::Stream(id)
        } else if body.len() as u64 > exchange.inline_max {
            Payload::TooLong
        } else {
            match end {
                End::Complete => Payload::Inline(body.to_vec()),
                End::Broken => return Arrival::Now(Err(broken())),
                End::Stalled => return Arrival::Never,
            }
        };
        Arrival::Now(Ok(Response { status, headers, body: payload, from }))
    }

    /// Closes a body; whether it was open.
    pub fn close(&mut self, body: BodyId) -> bool {
        self.open.remove(&body).is_some()
    }
}

/// The connection broke.
pub fn broken() -> NetError {
    NetError::new(NetErrorKind::Broken, "reset")
}

/// Nothing came in time.
pub fn timed_out() -> NetError {
    NetError::new(NetErrorKind::Timeout, "")
}

/// Nobody listens.
pub fn refused() -> NetError {
    NetError::new(NetErrorKind::Connect, "refused")
}
