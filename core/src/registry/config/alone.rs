//! The endpoint of a reference where there are no files and no command line: the registry alone.
//!
//! Stands in for the rest of this directory in builds without the feature `files`.

mod error;

pub use self::error::ConfigError;
use super::{Endpoint, place::Place, registries::Registries};
use crate::{error::Error, name::Reference, op::Cx};

/// The places that serve the reference's repository: only the registry itself.
pub async fn endpoints(
    _cx: &Cx,
    reference: &Reference,
    registries: &Registries,
) -> Result<Vec<Endpoint>, Error> {
    if let Some(bridge) = &registries.bridge {
        return Ok(vec![bridge.endpoint(reference)]);
    }
    let (domain, path) = (reference.domain(), reference.path());
    Ok(vec![Endpoint::upstream(domain, path, registries.plain_http, Place::BuiltIn)?])
}
