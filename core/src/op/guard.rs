//! Guards over host handles: whatever was acquired is given back when its guard goes, by a notice, without waiting.

use std::fmt;

use super::Cx;
use crate::effect::{BodyId, IngestId, LockId, Notice};

macro_rules! guard {
    ($(#[$doc:meta])* $name:ident($id:ident) => $notice:ident) => {
        $(#[$doc])*
        #[must_use]
        pub struct $name {
            cx: Cx,
            id: $id,
            owned: bool,
        }

        impl $name {
            pub(super) fn new(cx: &Cx, id: $id) -> Self {
                Self { cx: cx.clone(), id, owned: true }
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                if self.owned {
                    self.cx.notify(Notice::$notice(self.id));
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.id, f)
            }
        }
    };
}

guard!(
    /// An open response body. Dropped, it closes.
    Body(BodyId) => Close
);
guard!(
    /// An open ingest. Dropped, it is parked: what it has stays for a later run.
    Ingest(IngestId) => Park
);
guard!(
    /// A held lock. Dropped, it is released.
    Lock(LockId) => Unlock
);

impl Body {
    /// Hands the body over to whoever runs the operation: it is the host's to close from now on, and no notice says so.
    pub fn hand_over(self) -> BodyId {
        self.into_id()
    }

    /// Hands the body over to a request that ends it.
    pub(super) fn into_id(mut self) -> BodyId {
        self.owned = false;
        self.id
    }
}

impl Ingest {
    pub(super) fn id(&self) -> IngestId {
        self.id
    }

    /// Hands the ingest over to the commit that ends it.
    pub(super) fn into_id(mut self) -> IngestId {
        self.owned = false;
        self.id
    }

    /// Deletes what it has: the bytes are wrong and must not be resumed.
    pub fn discard(mut self) {
        self.owned = false;
        self.cx.notify(Notice::Discard(self.id));
    }
}
