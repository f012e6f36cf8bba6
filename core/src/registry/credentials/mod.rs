//! Credentials: from the options, the files and the helpers that the user has; and where a login keeps them.
//!
//! The first place that has something for an account wins. A place that cannot be read, a file that is broken and a helper that
//! fails are errors: none of them may end in an anonymous request, or in one with other credentials (security.md C10).

#[cfg(feature = "files")]
mod accounts;
#[cfg(feature = "files")]
mod file;
#[cfg(feature = "files")]
mod helper;
#[cfg(feature = "files")]
mod json;
#[cfg(feature = "files")]
mod keep;
#[cfg(feature = "files")]
mod kept;
#[cfg(feature = "files")]
mod key;
#[cfg(feature = "files")]
mod sources;

#[cfg(feature = "files")]
pub use self::{
    keep::{Forgotten, KeepError, Kept},
    key::hostname,
};
use super::{
    Endpoint,
    place::{Given, Place},
    registries::Registries,
};
use crate::{
    effect::secret::{Secret, SecretError},
    op::Cx,
};

/// Where credentials are looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials(Registries);

impl Credentials {
    /// Those that the user's settings lead to.
    pub fn new(registries: &Registries) -> Self {
        Self(registries.clone())
    }

    /// The credentials for an endpoint and its repository, and where they were found; `None` when there are none.
    ///
    /// What the command line says of the registry itself comes first, then what the embedding program has for the origin,
    /// then the files in their order.
    pub async fn find(&self, cx: &Cx, endpoint: &Endpoint) -> Result<Option<Given<Secret>>, SecretError> {
        if let Some(login) = self.0.login.as_ref().filter(|_| !endpoint.is_mirror) {
            return Ok(Some(Given::new(login.clone(), Place::Option("--creds"))));
        }
        if let Some(secret) = cx.secret(&endpoint.origin()).await? {
            return Ok(Some(Given::new(secret, Place::Option("this program"))));
        }
        #[cfg(feature = "files")]
        return self.kept(cx, &endpoint.account, &endpoint.repository).await;
        #[cfg(not(feature = "files"))]
        Ok(None)
    }
}
