//! Explain: where a pull would go, in which order, as whom, and who decided that.

use crate::{
    effect::{http::Shown, route::Proxy, secret::Secret},
    error::{Error, Refusal},
    name::{Digest, Reference},
    op::Cx,
    registry::{Capabilities, Credentials, Endpoint, Given, Place, Registries, Repository, Setting},
};

/// What to explain.
#[derive(Clone, Debug)]
pub struct Explain {
    /// The image.
    pub reference: Reference,
    /// How registries are reached.
    pub registries: Registries,
    /// Whether each endpoint is asked, too.
    pub probe: bool,
}

/// The endpoints of a reference, in the order in which they would be asked.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The reference, in full.
    pub name: String,
    /// The endpoints.
    pub endpoints: Vec<Explanation>,
}

/// One endpoint, and why it is as it is.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The root of its API, as it may be shown.
    pub url: String,
    /// The path of the repository there.
    pub repository: String,
    /// What put it into the list.
    pub place: Place,
    /// Whether it stands in for the registry itself.
    pub is_mirror: bool,
    /// Whether it is only asked in plain text if its twin over TLS never answers.
    pub plain_twin: bool,
    /// What may be asked of it.
    pub can: Capabilities,
    /// What was set for it.
    pub settings: Vec<Setting>,
    /// The kind of credentials, and where they are; `None`: it is asked as nobody.
    pub credentials: Option<Given<&'static str>>,
    /// The proxy, and the variable that names it; `None`: it is reached directly.
    pub proxy: Option<Given<Proxy>>,
    /// PEM files that are trusted beside the system's authorities.
    pub roots: Vec<String>,
    /// Whether any certificate would be taken.
    pub unverified: bool,
    /// What it answers, if it was asked: the digest that the reference has there, if it says one.
    pub probed: Option<Result<Option<Digest>, Refusal>>,
}

/// Explains. Asks no registry unless told to, and then each endpoint once.
pub async fn explain(cx: Cx, want: Explain) -> Result<Explained, Error> {
    let Explain { reference, registries, probe } = want;
    let reference = reference.with_default_tag();
    let cx = cx.scope(format_args!("explain {reference}"));
    let repository = Repository::open(&cx, &reference, &registries).await?;
    let credentials = Credentials::new(&registries);
    let mut endpoints = Vec::new();
    for (at, endpoint) in repository.endpoints().enumerate() {
        let found = credentials.find(&cx, endpoint).await;
        let found = found.map_err(|error| Error::from(crate::registry::ConfigError::from(error)))?;
        let probed = match probe {
            true => Some(repository.probe(&cx, at, &reference).await),
            false => None,
        };
        let credentials = found.map(|given| Given::new(kind(&given.value), given.place));
        endpoints.push(explanation(endpoint, credentials, probed));
    }
    Ok(Explained { name: reference.to_string(), endpoints })
}

fn explanation(
    endpoint: &Endpoint,
    credentials: Option<Given<&'static str>>,
    probed: Option<Result<Option<Digest>, Refusal>>,
) -> Explanation {
    let route = endpoint.routes.to(&endpoint.root);
    Explanation {
        url: Shown(&endpoint.root).to_string(),
        repository: endpoint.repository.clone(),
        place: endpoint.place.clone(),
        is_mirror: endpoint.is_mirror,
        plain_twin: endpoint.plain_twin,
        can: endpoint.can,
        settings: endpoint.settings.clone(),
        credentials,
        proxy: endpoint.routes.proxy(&endpoint.root),
        roots: route.tls.roots.clone(),
        unverified: route.tls.unverified,
        probed,
    }
}

fn kind(secret: &Secret) -> &'static str {
    match secret {
        Secret::Password { .. } => "user name and password",
        Secret::IdentityToken(_) => "identity token",
        Secret::RegistryToken(_) => "registry token",
    }
}
