//! The bridge: a core that may not or cannot ask registries itself (a browser's) asks a native one on this machine.
//!
//! What goes over it are questions about names, never URLs, so that whoever serves it is no open proxy. This module is both
//! ends of its language: [`Bridge`] and `relayed` on the side that asks, [`Asked`], [`Told`] and [`Access`] on the side that answers.

// The side that answers knows what the user's files say.
#[cfg(feature = "files")]
mod access;
mod allow;
#[cfg(feature = "files")]
mod asked;
#[cfg(feature = "files")]
mod range;
mod told;

use std::{fmt, sync::Arc};

use http::{HeaderName, HeaderValue};
use url::Url;

#[cfg(feature = "files")]
pub use self::{
    access::{Access, Standing},
    asked::Asked,
    range::part,
};
pub use self::{allow::allow, told::Told};
pub(super) use told::relayed;

use super::{Capabilities, Endpoint, Place, Routes, Shape};
use crate::{
    effect::secret::{Origin, OwnHeaders},
    name::Reference,
};

/// The header that proves that a request comes from the page that was given the token.
pub const TOKEN: HeaderName = HeaderName::from_static("x-lugger-token");

/// A native core that asks registries for us. `Debug` prints nothing of the token.
#[derive(Clone, PartialEq, Eq)]
pub struct Bridge {
    /// Where its API is: `http://127.0.0.1:7777/api/v1/`.
    pub url: Url,
    /// Sent in the header [`TOKEN`], to that origin alone.
    pub token: String,
}

impl Bridge {
    /// The one endpoint that every reference has.
    pub(super) fn endpoint(&self, reference: &Reference) -> Endpoint {
        Endpoint {
            root: self.url.clone(),
            repository: reference.name(),
            place: Place::Option("the bridge"),
            is_mirror: false,
            plain_twin: false,
            shape: Shape::Bridge,
            can: Capabilities { push: false, ..Capabilities::ALL },
            namespace: None,
            account: reference.domain().to_owned(),
            headers: self.own(),
            routes: Arc::new(Routes::plain(&self.url)),
            settings: Vec::new(),
        }
    }

    /// The token, bound to the bridge. One that no header may carry is none: the bridge says so.
    fn own(&self) -> Option<OwnHeaders> {
        let token = HeaderValue::from_str(&self.token).ok()?;
        Some(OwnHeaders::new(Origin::of(&self.url), vec![(TOKEN, token)]))
    }
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bridge({})", Origin::of(&self.url))
    }
}
