//! The user's word that a registry may be asked, brought to the bridge.

use http::Method;

use super::Bridge;
use crate::{
    effect::http::Exchange,
    error::{Attempt, Error, Refusal, RegistryError},
    op::{Cx, Flow},
    registry::{ERROR_BODY_MAX, refusal},
};

/// Tells a bridge that the user wants it to ask this registry (`host[:port]`).
pub fn allow(cx: Cx, bridge: Bridge, registry: String) -> Flow<()> {
    Box::pin(run(cx, bridge, registry))
}

async fn run(cx: Cx, bridge: Bridge, registry: String) -> Result<(), Error> {
    let cx = cx.scope("allow");
    let mut url = bridge.url.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push("allow");
    }
    url.query_pairs_mut().append_pair("registry", &registry);
    let exchange = Exchange::new(Method::POST, url, ERROR_BODY_MAX).bound_to(bridge.own().as_ref(), None);
    let asked = exchange.to_string();
    let why = match cx.exchange(exchange).await {
        Ok(reply) if reply.status.is_success() => return Ok(()),
        Ok(reply) => refusal(&reply, cx.wall()),
        Err(why) => Refusal::Net(why),
    };
    let first = Attempt { registry, repository: String::new(), asked, why, tries: 1 };
    Err(RegistryError { doing: "allow".to_owned(), first, others: Vec::new() }.into())
}
