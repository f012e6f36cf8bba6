//! Registries that the user's files know.

use crate::{
    error::Error,
    op::Cx,
    registry::{ConfigError, Credentials, Registries},
};

/// The registries that the user's files of credentials name, `host[:port]` each. Helpers are not asked: what they keep they
/// tell one name at a time.
pub async fn known_registries(cx: Cx, registries: Registries) -> Result<Vec<String>, Error> {
    let cx = cx.scope("known registries");
    let known = Credentials::new(&registries).accounts(&cx).await;
    known.map_err(|why| ConfigError::from(why).into())
}
