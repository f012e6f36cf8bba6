//! Login and logout: credentials that the registry has accepted are kept where every tool of this machine finds them.

use crate::{
    effect::secret::Secret,
    error::{Attempt, Error, RegistryError},
    name::Reference,
    op::Cx,
    registry::{
        Credentials, Endpoint, Forgotten, Given, Kept, Place, Registries,
        auth::{Proof, prove},
        config,
    },
};

/// Whom to be at which registry.
#[derive(Clone, Debug)]
pub struct Login {
    /// The registry: [`registry`] makes it of what a user types.
    pub registry: String,
    /// The user name; for a token, what is kept beside it.
    pub username: String,
    /// What proves it.
    pub secret: Secret,
    /// How the registry is spoken to, and where credentials are kept.
    pub registries: Registries,
}

/// A login that ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedIn {
    /// The registry.
    pub registry: String,
    /// Where the credentials are kept.
    pub kept: Kept,
    /// Whether the registry looked at them; one that lets everybody in does not.
    pub checked: bool,
    /// Whether a token of the registry is kept instead of the password.
    pub token: bool,
    /// Another place that is looked at before that one, and has credentials for the registry.
    pub hidden_by: Option<Place>,
}

/// Shows the credentials to the registry and, if it takes them, keeps them.
///
/// The registry's own token server decides for registries that work with tokens; one elsewhere is not shown the password, and the
/// login fails. If the server gives a token to keep instead of the password, that is kept.
pub async fn login(cx: Cx, want: Login) -> Result<LoggedIn, Error> {
    let Login { registry, username, secret, registries } = want;
    let cx = cx.scope(format_args!("login {registry}"));
    let endpoint = own_endpoint(&cx, &registry, &registries).await?;
    let given = Given::new(secret, Place::Option("this login"));
    let proof = Box::pin(prove(&cx, &endpoint, &given)).await.map_err(|why| RegistryError {
        doing: "log in to".to_owned(),
        first: Attempt {
            registry: endpoint.origin().to_string(),
            repository: String::new(),
            asked: String::new(),
            why,
            tries: 1,
        },
        others: Vec::new(),
    })?;
    let checked = proof != Proof::NotAsked;
    let (secret, token) = match proof {
        Proof::Accepted(Some(refresh)) => (Secret::IdentityToken(refresh), true),
        Proof::Accepted(None) | Proof::NotAsked => (given.value, false),
    };
    let credentials = Credentials::new(&registries);
    let kept = credentials.keep(&cx, &registry, &username, &secret).await?;
    // That the credentials are kept is the answer; whether they will be used is worth a look, not an error.
    let found = credentials.kept(&cx, &registry, "").await.ok().flatten().map(|given| given.place);
    let hidden_by = found.filter(|place| !matches!(place, Place::File { path, .. } if *path == kept.path));
    Ok(LoggedIn { registry, kept, checked, token, hidden_by })
}

/// What to forget.
#[derive(Clone, Debug)]
pub struct Logout {
    /// The registry; `None` forgets all that the file names.
    pub registry: Option<String>,
    /// Where credentials are kept.
    pub registries: Registries,
}

/// A logout that ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedOut {
    /// What was forgotten.
    pub forgotten: Forgotten,
    /// Where there still are credentials for the registry.
    pub left: Option<Place>,
}

/// Forgets the credentials of a registry, in the file that [`login`] writes. That there were none is no failure.
pub async fn logout(cx: Cx, want: Logout) -> Result<LoggedOut, Error> {
    let cx = cx.scope("logout");
    let credentials = Credentials::new(&want.registries);
    let forgotten = credentials.forget(&cx, want.registry.as_deref()).await?;
    let left = match &want.registry {
        Some(registry) => credentials.kept(&cx, registry, "").await.ok().flatten(),
        None => None,
    };
    Ok(LoggedOut { forgotten, left: left.map(|given| given.place) })
}

/// The registry that a user means by a name or a URL: `docker.io` for nothing. `None` for what names no registry, or only a
/// part of one.
pub fn registry(typed: &str) -> Option<String> {
    let typed = typed.trim_end_matches('/');
    if typed.is_empty() {
        return Some("docker.io".to_owned());
    }
    let host = crate::registry::hostname(typed);
    if !typed.contains("://") && host != typed {
        return None;
    }
    let reference = Reference::parse(&format!("{host}/x")).ok()?;
    let is_host = reference.path() == "x" || reference.path() == "library/x";
    is_host.then(|| reference.domain().to_owned())
}

/// The registry itself, as the user's settings say; never a mirror of it.
async fn own_endpoint(cx: &Cx, registry: &str, registries: &Registries) -> Result<Endpoint, Error> {
    let reference = Reference::parse(&format!("{registry}/x"))?;
    let endpoints = config::endpoints(cx, &reference, registries).await?;
    match endpoints.into_iter().rfind(|endpoint| !endpoint.is_mirror && !endpoint.plain_twin) {
        Some(endpoint) => Ok(endpoint),
        None => Ok(Endpoint::upstream(registry, "", registries.plain_http, Place::BuiltIn)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_as_people_type_them() {
        for (typed, meant) in [
            ("", Some("docker.io")),
            ("docker.io", Some("docker.io")),
            ("https://index.docker.io/v1/", Some("docker.io")),
            ("r.example:5000/", Some("r.example:5000")),
            ("https://r.example/v2/", Some("r.example")),
            ("localhost", Some("localhost")),
            ("127.0.0.1:5000", Some("127.0.0.1:5000")),
            ("r.example/team", None),
            ("team", None),
            ("a b", None),
        ] {
            assert_eq!(registry(typed).as_deref(), meant, "{typed}");
        }
    }
}
