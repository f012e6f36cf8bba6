//! Redirects: followed by the core, so that no credential goes along (security.md C2, H7).

use http::{Method, StatusCode, header};
use url::Url;

use super::{Endpoint, Shape, guard};
use crate::{
    effect::{
        http::{Exchange, NetError, NetErrorKind, Shown},
        route::NamedBy,
        secret::{Authorization, Origin},
    },
    error::Refusal,
    event::Event,
    op::{Cx, Reply},
};

/// A reply, and whose it is when not the endpoint's own: a 401 of another origin is nobody's to answer.
pub(super) struct Followed {
    pub(super) reply: Reply,
    pub(super) from: Option<Origin>,
}

/// Sends, and follows where the answers point. The authorization, the user's own headers and the certificates go only to the
/// origin that they are for, and are not taken up again by a chain that has left that origin and comes back.
pub(super) async fn follow(
    cx: &Cx,
    endpoint: &Endpoint,
    exchange: Exchange,
    authorization: Option<&Authorization>,
) -> Result<Followed, Refusal> {
    let home = Origin::of(&exchange.url);
    let mut at_home = true;
    let mut exchange = exchange;
    let bound = cx.limits().redirects;
    for _ in 0..=bound {
        let routes = &endpoint.routes;
        // The URL of a foreign blob is a document's word, not the user's.
        let is_ours = at_home && endpoint.shape != Shape::Blob;
        exchange.route = if is_ours { routes.to(&exchange.url) } else { routes.away(&exchange.url) };
        if exchange.route.named_by == NamedBy::Stranger && guard::is_near(&exchange.url) {
            // Whoever looks the name up may be a proxy, which would not ask.
            return Err(Refusal::Net(NetError::new(
                NetErrorKind::Forbidden,
                Origin::of(&exchange.url).to_string(),
            )));
        }
        let own = endpoint.headers.as_ref().filter(|_| at_home);
        let sent = exchange.clone().bound_to(own, authorization.filter(|_| at_home));
        let line = sent.to_string();
        let reply = cx.exchange(sent).await;
        let answer = reply.as_ref().map(|reply| reply.status).map_err(Clone::clone);
        cx.emit(Event::Exchanged { line, answer });
        let reply = reply.map_err(|why| match at_home {
            true => Refusal::Net(why),
            false => Refusal::Beyond { origin: Origin::of(&exchange.url).to_string(), why },
        })?;
        let Some(next) = target(&exchange, &reply)? else {
            let from = (!at_home).then(|| Origin::of(&exchange.url));
            return Ok(Followed { reply, from });
        };
        if let Err(why) = guard::check(&next, &home) {
            return Err(Refusal::Redirect(format!("to {}, which {why}", Shown(&next))));
        }
        if reply.from.is_some() {
            // The host has been there already; a browser takes no credentials along to another origin.
            let from = Some(Origin::of(&next)).filter(|next| *next != home);
            return Ok(Followed { reply, from });
        }
        at_home &= Origin::of(&next) == home;
        exchange.url = next;
    }
    Err(Refusal::Redirect(format!("more than {bound} in a row, the last to {}", Shown(&exchange.url))))
}

/// Where a response points, if it redirects, or where the host has followed it to.
fn target(exchange: &Exchange, reply: &Reply) -> Result<Option<Url>, Refusal> {
    const REDIRECTS: [StatusCode; 5] = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    let readable = exchange.method == Method::GET || exchange.method == Method::HEAD;
    let next = match &reply.from {
        Some(from) => from.clone(),
        None if !REDIRECTS.contains(&reply.status) || !readable => return Ok(None),
        None => {
            let location = reply.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
            let location =
                location.ok_or_else(|| Refusal::Redirect("no Location that can be read".to_owned()))?;
            let next = exchange.url.join(location);
            next.map_err(|error| Refusal::Redirect(format!("Location: {error}")))?
        }
    };
    match (exchange.url.scheme(), next.scheme()) {
        (_, "https") | ("http", "http") => Ok(Some(next)),
        (_, "http") => Err(Refusal::Redirect(format!("from https to {}", Shown(&next)))),
        (_, other) => Err(Refusal::Redirect(format!("to a {other}: URL"))),
    }
}
