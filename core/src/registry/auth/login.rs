//! Whether credentials are good, before they are kept.

use http::{Method, StatusCode};

use super::{Need, no_password, pick, realm, refused, token::Wish};
use crate::{
    effect::{
        http::{Exchange, Shown},
        secret::{Authorization, Origin, Secret},
    },
    error::Refusal,
    op::Cx,
    registry::{ERROR_BODY_MAX, Endpoint, place::Given, redirect, refusal},
};

/// What a registry says of credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It lets everybody in: it did not look at them.
    NotAsked,
    /// They are good; its token server may have given a token to keep instead of them.
    Accepted(Option<String>),
}

/// Shows credentials to a registry: its root as nobody, then what that asks for. One try each.
pub(crate) async fn prove(cx: &Cx, endpoint: &Endpoint, given: &Given<Secret>) -> Result<Proof, Refusal> {
    endpoint.warn_if_unverified(cx);
    let ask = || Exchange::new(Method::GET, endpoint.root.clone(), ERROR_BODY_MAX);
    let first = redirect::follow(cx, endpoint, ask(), None).await?;
    if first.reply.status.is_success() {
        return Ok(Proof::NotAsked);
    }
    if first.reply.status != StatusCode::UNAUTHORIZED || first.from.is_some() {
        return Err(refusal(&first.reply, cx.wall()));
    }
    let origin = endpoint.origin();
    match (Need::of(&pick(&first.reply.headers)?, &origin, None)?, &given.value) {
        (Need::Basic, Secret::Password { username, password }) => {
            let basic = Authorization::basic(origin.clone(), username, password);
            let reply = redirect::follow(cx, endpoint, ask(), Some(&basic)).await?.reply;
            match reply.status {
                status if status.is_success() => Ok(Proof::Accepted(None)),
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    Err(refused(&origin, given.place.clone()))
                }
                _ => Err(refusal(&reply, cx.wall())),
            }
        }
        (Need::Basic, _) => Err(Refusal::Challenge(no_password(Some(given)))),
        (Need::Bearer { realm, service, .. }, _) => {
            if !realm::trusts(&origin, &Origin::of(&realm)) {
                let why = "is neither on the registry's host nor in its domain; nothing was sent there";
                return Err(Refusal::Challenge(format!("its realm {} {why}", Shown(&realm))));
            }
            let (service, account) = (service.as_deref(), Some(given));
            let wish = Wish { realm: &realm, service, scopes: &[], account, lasting: true };
            Ok(Proof::Accepted(wish.ask(&cx.scope("token"), endpoint).await?.refresh))
        }
    }
}
