//! The endpoints of a reference: from the command line, hosts.toml, registries.conf, daemon.json and certs.d, in this order.

pub mod address;
pub mod certs_d;
pub mod daemon_json;
mod draft;
pub mod duration;
mod error;
pub mod hosts_dir;
pub mod hosts_toml;
pub mod insecure;
mod paths;
mod plan;
pub mod registries_conf;
mod source;
mod toml;

pub use self::error::ConfigError;
use self::{address::Address, draft::Draft, hosts_toml::Host, plan::Files};
use super::{
    Endpoint,
    proxy::Proxies,
    registries::{Environment, Registries},
};
use crate::{error::Error, name::Reference, op::Cx};

/// The places that serve the reference's repository, in the order in which they are asked; the registry itself is the last, if
/// it may be asked at all.
///
/// The command line is over hosts.toml, that over registries.conf, that over daemon.json, that over directories of certificates. A host
/// that is called insecure is two endpoints, the second its [`plain_twin`](Endpoint::plain_twin). Whatever of it cannot be used is an error,
/// unusable proxies among it. Without an environment no file is read.
pub async fn endpoints(
    cx: &Cx,
    reference: &Reference,
    registries: &Registries,
) -> Result<Vec<Endpoint>, Error> {
    // On the heap: it is over before anything is fetched, but every flow that begins with it would carry its state to the end.
    Box::pin(gather(cx, reference, registries)).await
}

async fn gather(cx: &Cx, reference: &Reference, registries: &Registries) -> Result<Vec<Endpoint>, Error> {
    if let Some(bridge) = &registries.bridge {
        // It reads the settings of its own machine.
        return Ok(vec![bridge.endpoint(reference)]);
    }
    let Some(environment) = &registries.environment else {
        let drafts = plan::drafts(reference, registries, &Files::default())?;
        return finish(drafts, &Proxies::default());
    };
    let proxies = Proxies::of(environment)?;
    let files = read(cx, environment, reference, registries).await?;
    let mut drafts = plan::drafts(reference, registries, &files)?;
    for draft in &mut drafts {
        if !draft.tls_is_set && draft.scheme != Some(address::Scheme::Http) {
            let found = certs_d::read(cx, environment, &draft.certificate_names()).await?;
            draft.complete(&found);
        }
    }
    finish(drafts, &proxies)
}

async fn read(
    cx: &Cx,
    environment: &Environment,
    reference: &Reference,
    registries: &Registries,
) -> Result<Files, ConfigError> {
    Ok(Files {
        hosts: hosts_dir::read(cx, environment, &registries.hosts_dirs, reference.domain()).await?,
        conf: registries_conf::read(cx, environment).await?,
        daemon: daemon_json::read(cx, environment).await?,
    })
}

fn finish(drafts: Vec<Draft>, proxies: &Proxies) -> Result<Vec<Endpoint>, Error> {
    let mut endpoints = Vec::new();
    for draft in drafts {
        endpoints.extend(draft.endpoints(proxies)?);
    }
    Ok(endpoints)
}

/// The reference that a typed name without a registry stands for by the user's registries.conf
/// ([`RegistriesConf::expand`](registries_conf::RegistriesConf::expand)); `None` leaves the name as [`Reference::parse`] reads it.
pub async fn expand(cx: &Cx, typed: &str, registries: &Registries) -> Result<Option<Reference>, Error> {
    match &registries.environment {
        Some(environment) => Ok(Box::pin(registries_conf::read(cx, environment)).await?.expand(typed)),
        None => Ok(None),
    }
}

/// Where a host of hosts.toml is asked for this registry's content; one without a URL is where the registry always is.
pub fn address_of(host: &Host, domain: &str) -> Result<Address, Error> {
    if let Some(address) = &host.address {
        return Ok(address.clone());
    }
    // Nothing but a reference's domain has IPv6 in brackets.
    let is_bare = domain.parse::<std::net::Ipv6Addr>().is_ok();
    let domain = if is_bare { format!("[{domain}]") } else { domain.to_owned() };
    Ok(Draft::of_domain(host, &domain).address()?)
}
