//! The endpoints of a reference: from the command line, hosts.toml, registries.conf, daemon.json and certs.d, in this order.

pub mod address;
pub mod certs_d;
pub mod daemon_json;
pub mod duration;
pub mod hosts_toml;
pub mod insecure;
mod paths;
pub mod registries_conf;
mod source;
mod toml;

use super::{Endpoint, place::Place, registries::Registries};
use crate::{effect::file::FileError, error::Error, name::Reference, op::Cx};

/// Settings that cannot be used. Never passed over: a mirror that is silently ignored is found out on the day it is needed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A file that is there cannot be read.
    #[error("cannot read {0}")]
    File(#[from] FileError),
    /// Something that is set is not valid.
    #[error("{place}: {detail}")]
    Invalid {
        /// Where it is set.
        place: Place,
        /// What is wrong with it.
        detail: String,
    },
    /// The user forbade it.
    #[error("{name} is blocked by {place}")]
    Blocked {
        /// What was asked for.
        name: String,
        /// Where that is set.
        place: Place,
    },
}

/// The places that serve the reference's repository, in the order in which they are asked; the registry itself is the last, if
/// it may be asked at all.
pub async fn endpoints(
    _cx: &Cx,
    reference: &Reference,
    registries: &Registries,
) -> Result<Vec<Endpoint>, Error> {
    Ok(vec![Endpoint::upstream(reference.domain(), reference.path(), registries.plain_http, Place::BuiltIn)?])
}
