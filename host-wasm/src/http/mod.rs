//! Exchanges over `fetch`. Redirects are followed by the browser, some headers stay hidden, and a failure says nothing of
//! its cause: what can be found out about that is found out here.

mod body;
mod fault;

use std::cell::{Cell, RefCell};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use lugger_core::{
    effect::{
        BodyId,
        http::{Exchange, NetError, NetErrorKind, Payload, Response, Timeouts},
    },
    op::Limits,
    small::SmallMap,
};
use url::Url;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestCache, RequestCredentials, RequestInit};

pub(crate) use self::body::Body;
use crate::clock::within;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, init: &RequestInit) -> Result<js_sys::Promise, JsValue>;
}

/// What the browser says for itself, whatever is asked: of these, only asking would cost a preflight.
const ITS_OWN: [HeaderName; 3] = [header::USER_AGENT, header::ACCEPT_ENCODING, header::CACHE_CONTROL];

/// The HTTP half of the host.
pub(crate) struct Http {
    timeouts: Timeouts,
    bodies: RefCell<SmallMap<BodyId, Body>>,
    next_body: Cell<u64>,
}

impl Http {
    /// With the deadlines of these limits.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { timeouts: limits.timeouts, bodies: RefCell::default(), next_body: Cell::new(1) }
    }

    /// Carries out one exchange, until it ends or `abort` is told.
    pub(crate) async fn exchange(
        &self,
        exchange: &Exchange,
        abort: &AbortController,
    ) -> Result<Response, NetError> {
        let init = init(exchange, abort);
        let wait = self.timeouts.connect + self.timeouts.response;
        let sent = fetch(exchange.url.as_str(), &init).map(JsFuture::from);
        let sent = match sent {
            Ok(sent) => within(wait, sent).await,
            Err(error) => Some(Err(error)),
        };
        let answer: web_sys::Response = match sent {
            Some(Ok(answer)) => answer.unchecked_into(),
            Some(Err(error)) => return Err(fault::of_fetch(&exchange.url, &error).await),
            None => {
                abort.abort();
                let detail = format!("no answer in {} s", wait.as_secs());
                return Err(NetError::new(NetErrorKind::Timeout, detail));
            }
        };
        let status = StatusCode::from_u16(answer.status())
            .map_err(|_| NetError::new(NetErrorKind::Protocol, "an impossible status"))?;
        let headers = headers(&answer);
        let from = answer.redirected().then(|| Url::parse(&answer.url()).ok()).flatten();
        let mut body = Body::new(&answer, abort.clone(), &self.timeouts);
        let body = if exchange.stream.contains(&status) {
            let id = BodyId(self.next_body.replace(self.next_body.get() + 1));
            self.bodies.borrow_mut().insert(id, body);
            Payload::Stream(id)
        } else {
            body.read_all(exchange.inline_max).await?.map_or(Payload::TooLong, Payload::Inline)
        };
        Ok(Response { status, headers, body, from })
    }

    /// Takes an open body; it closes when what this returns is dropped.
    pub(crate) fn take_body(&self, id: BodyId) -> Option<Body> {
        self.bodies.borrow_mut().remove(&id)
    }
}

fn init(exchange: &Exchange, abort: &AbortController) -> RequestInit {
    let init = RequestInit::new();
    init.set_method(exchange.method.as_str());
    init.set_signal(Some(&abort.signal()));
    // Who we are is said by the core, and what is kept is kept in the store.
    init.set_credentials(RequestCredentials::Omit);
    init.set_cache(RequestCache::NoStore);
    init.set_referrer_policy(web_sys::ReferrerPolicy::NoReferrer);
    let headers = js_sys::Object::new();
    for name in exchange.headers.keys().filter(|name| !ITS_OWN.contains(name)) {
        let values: Vec<_> =
            exchange.headers.get_all(name).iter().map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
        // Setting a member of a new object does not fail.
        let _ = js_sys::Reflect::set(&headers, &name.as_str().into(), &values.join(", ").into());
    }
    init.set_headers(&headers);
    if !exchange.body.is_empty() && exchange.method != Method::GET && exchange.method != Method::HEAD {
        init.set_body(&js_sys::Uint8Array::from(&exchange.body[..]));
    }
    init
}

/// The headers that the browser shows.
fn headers(answer: &web_sys::Response) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for pair in answer.headers().entries() {
        let Ok(pair) = pair else { continue };
        let pair: js_sys::Array = pair.unchecked_into();
        let text = |at| pair.get(at).as_string().unwrap_or_default();
        let name = HeaderName::from_bytes(text(0).as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&text(1))) {
            headers.append(name, value);
        }
    }
    headers
}
