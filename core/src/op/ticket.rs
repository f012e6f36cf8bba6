//! Tickets: what ties an answer to its request, by type.

use std::{any::Any, fmt, marker::PhantomData};

use crate::effect::{
    Notice, RequestId,
    file::{Entry, FileError, Helped, HelperError},
    http::{NetError, Payload, Response},
    pump::Pumped,
    secret::{Secret, SecretError},
    store::{Applied, Begun, Record, StoreError},
};

/// The right to answer one request, once, with an `R`. Neither `Clone` nor `Copy`: a second answer does not compile.
pub struct Ticket<R> {
    id: RequestId,
    answer: PhantomData<fn(R)>,
}

impl<R> Ticket<R> {
    pub(super) fn new(id: RequestId) -> Self {
        Self { id, answer: PhantomData }
    }

    /// The request's number.
    pub fn id(&self) -> RequestId {
        self.id
    }
}

impl<R> fmt::Debug for Ticket<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.id.0)
    }
}

/// What a request can be answered with. Sealed: the list is the request table of [`Request`](crate::effect::Request).
pub trait Answer: Any + Send + sealed::Sealed {
    /// The notice owed for a handle inside an answer that no flow will ever see.
    #[doc(hidden)]
    fn release(&self) -> Option<Notice> {
        None
    }
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! answers {
    ($($answer:ty $(, $pattern:pat => $notice:expr)?;)*) => {$(
        impl sealed::Sealed for $answer {}
        impl Answer for $answer {
            $(fn release(&self) -> Option<Notice> {
                match self { $pattern => Some($notice), _ => None }
            })?
        }
    )*};
}

answers! {
    Result<Response, NetError>, Ok(Response { body: Payload::Stream(body), .. }) => Notice::Close(*body);
    Pumped;
    Result<Option<u64>, StoreError>;
    Result<Vec<u8>, StoreError>;
    Result<Begun, StoreError>, Ok(Begun::Open { ingest, .. }) => Notice::Park(*ingest);
    Result<(), StoreError>;
    Result<Option<Record>, StoreError>;
    Result<Vec<(String, Record)>, StoreError>;
    Result<Applied, StoreError>;
    Result<Option<crate::effect::LockId>, StoreError>, Ok(Some(lock)) => Notice::Unlock(*lock);
    Result<Option<Secret>, SecretError>;
    Result<Entry, FileError>;
    Result<Vec<u8>, FileError>;
    Result<(), FileError>;
    Result<Helped, HelperError>;
}

/// Requests, tickets and answers cross threads; this does not compile if one stops doing so.
const _: fn() = || {
    fn crosses_threads<T: Send>() {}
    crosses_threads::<crate::effect::Request>();
    crosses_threads::<Notice>();
    crosses_threads::<crate::event::Event>();
    crosses_threads::<Ticket<std::rc::Rc<()>>>();
};
