//! Credentials: from the options, the files and the helpers that the user has.

use super::{Endpoint, place::Given, registries::Registries};
use crate::{
    effect::secret::{Secret, SecretError},
    op::Cx,
};

/// Where credentials are looked up.
#[derive(Clone, Debug, Default)]
pub struct Credentials(Registries);

impl Credentials {
    /// Those that the user's settings lead to.
    pub fn new(registries: &Registries) -> Self {
        Self(registries.clone())
    }

    /// The credentials for an endpoint and its repository, and where they were found; `None` when there are none.
    pub async fn find(&self, cx: &Cx, endpoint: &Endpoint) -> Result<Option<Given<Secret>>, SecretError> {
        let given = cx.secret(&endpoint.origin()).await?;
        Ok(given.map(|secret| Given::new(secret, super::place::Place::Option("--creds"))))
    }
}
