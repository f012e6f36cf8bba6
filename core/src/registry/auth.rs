//! Getting in: what a 401 asks for, met once and shared by every request of a repository.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use url::Url;

use super::{
    Credentials, Endpoint,
    challenge::{Challenge, challenges},
    guard,
    redirect::{self, Followed},
    refusal,
};
use crate::{
    effect::{
        http::{Exchange, Shown},
        secret::{Authorization, Origin, Secret},
    },
    error::Refusal,
    event::{Event, Warning},
    name::Excerpt,
    op::{Cx, Once, ReplyBody},
    time::Instant,
};

/// Tokens are longer than any of ours, never longer than this.
const TOKEN_ANSWER_MAX: u64 = 1 << 20;
/// A token that does not say lives so long (distribution token specification).
const TOKEN_LIFE: Duration = Duration::from_secs(60);
/// No token is believed to live longer.
const TOKEN_LIFE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
const TOKEN_MARGIN: Duration = Duration::from_secs(5);

/// What is known about getting into one repository.
#[derive(Debug)]
pub(super) struct Auth {
    endpoint: Endpoint,
    origin: Origin,
    credentials: Credentials,
    /// The challenge that was met last; a token that ran out is replaced without another 401.
    challenge: RefCell<Option<Challenge>>,
    grant: Once<Grant>,
    made: Cell<u64>,
}

/// What a challenge was answered with.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) authorization: Authorization,
    expires: Option<Instant>,
    /// Tells one grant from its successor.
    number: u64,
}

impl Auth {
    pub(super) fn new(endpoint: &Endpoint, credentials: Credentials) -> Self {
        Self {
            endpoint: endpoint.clone(),
            origin: endpoint.origin(),
            credentials,
            challenge: RefCell::default(),
            grant: Once::default(),
            made: Cell::new(0),
        }
    }

    /// Exchanges that it took so far: a refused one for each challenge, one for each token.
    pub(super) fn exchanges(&self) -> u64 {
        let challenged = self.challenge.borrow();
        let tokens =
            if challenged.as_ref().is_some_and(|c| c.scheme == "bearer") { self.made.get() } else { 0 };
        u64::from(challenged.is_some()) + tokens
    }

    /// What to send along; `None` until a registry has asked for something.
    pub(super) async fn grant(&self, cx: &Cx) -> Result<Option<Grant>, Refusal> {
        let Some(challenge) = self.challenge.borrow().clone() else { return Ok(None) };
        if self.grant.peek().is_some_and(|grant| grant.expires.is_some_and(|at| at <= cx.now())) {
            self.grant.reset();
        }
        self.grant.get(cx, async || self.make(cx, &challenge).await).await.map(Some)
    }

    /// Meets the challenge of a 401 that a request with `used` got.
    pub(super) async fn answer(
        &self,
        cx: &Cx,
        headers: &HeaderMap,
        used: Option<&Grant>,
    ) -> Result<(), Refusal> {
        let challenge = pick(headers)?;
        self.challenge.replace(Some(challenge));
        // Unless another request has already replaced the grant that was refused.
        if self.grant.peek().map(|grant| grant.number) == used.map(|grant| grant.number) {
            self.grant.reset();
        }
        self.grant(cx).await.map(drop)
    }

    async fn make(&self, cx: &Cx, challenge: &Challenge) -> Result<Grant, Refusal> {
        let secret = self.credentials.find(cx, &self.endpoint).await?.map(|given| given.value);
        let (authorization, expires) = match challenge.scheme.as_str() {
            "basic" => match secret {
                Some(Secret::Password { username, password }) => {
                    (Authorization::basic(self.origin.clone(), &username, &password), None)
                }
                _ => return Err(Refusal::Challenge(NO_CREDENTIALS.to_owned())),
            },
            _ => {
                let token = self.token(&cx.scope("token"), challenge, secret.as_ref()).await?;
                let bearer = Authorization::bearer(self.origin.clone(), &token.text);
                let bearer =
                    bearer.ok_or_else(|| Refusal::Malformed("the token is no header value".to_owned()))?;
                (bearer, Some(token.expires))
            }
        };
        self.made.set(self.made.get() + 1);
        Ok(Grant { authorization, expires, number: self.made.get() })
    }

    /// Asks the realm for a token (distribution token specification), by GET.
    async fn token(&self, cx: &Cx, challenge: &Challenge, secret: Option<&Secret>) -> Result<Token, Refusal> {
        let realm =
            challenge.param("realm").ok_or_else(|| Refusal::Challenge("it has no realm".to_owned()))?;
        let mut url = Url::parse(realm).map_err(|error| {
            Refusal::Challenge(format!("its realm {} is no URL: {error}", Excerpt::of(realm)))
        })?;
        self.check_realm(&url)?;
        if let Some(service) = challenge.param("service") {
            url.query_pairs_mut().append_pair("service", service);
        }
        for scope in self.scopes(challenge) {
            url.query_pairs_mut().append_pair("scope", &scope);
        }
        let target = Origin::of(&url);
        let trusted = secret.filter(|_| self.trusts(&target));
        if secret.is_some() && trusted.is_none() {
            cx.emit(Event::Warned(Warning::UntrustedRealm { realm: target.to_string() }));
        }
        let basic = match trusted {
            Some(Secret::Password { username, password }) => {
                Some(Authorization::basic(target, username, password))
            }
            _ => None,
        };
        let exchange = Exchange::new(Method::GET, url, TOKEN_ANSWER_MAX);
        let Followed { reply, .. } = redirect::follow(cx, &self.endpoint, exchange, basic.as_ref()).await?;
        let asked = cx.now();
        match (reply.status, &reply.body) {
            (StatusCode::OK, ReplyBody::Small(body)) => Token::read(body, asked),
            (StatusCode::OK, _) => Err(Refusal::TooLong { max: TOKEN_ANSWER_MAX }),
            _ => Err(refusal(&reply, cx.wall())),
        }
    }

    /// A realm must be as safe as the registry itself (security.md C3).
    fn check_realm(&self, realm: &Url) -> Result<(), Refusal> {
        let refuse = |why: &str| Err(Refusal::Challenge(format!("its realm {} {why}", Shown(realm))));
        if let Err(why) = guard::check(realm, &self.origin) {
            return refuse(why);
        }
        match (realm.scheme(), self.origin.scheme()) {
            ("https", _) | ("http", "http") => Ok(()),
            _ => refuse("is not https"),
        }
    }

    /// Whether credentials may go to a token server: the registry itself, or the one it is known to belong to.
    fn trusts(&self, realm: &Origin) -> bool {
        const PAIRS: [(&str, &str); 1] = [("registry-1.docker.io", "auth.docker.io")];
        realm.host() == self.origin.host() || PAIRS.contains(&(self.origin.host(), realm.host()))
    }

    /// Ours and the challenge's, sorted, without repetition (containerd.md §3.3).
    fn scopes(&self, challenge: &Challenge) -> Vec<String> {
        let ours = format!("repository:{}:pull", self.endpoint.repository);
        let theirs =
            challenge.param("scope").unwrap_or_default().split(' ').filter(|scope| !scope.is_empty());
        let mut scopes: Vec<_> = theirs.map(str::to_owned).chain([ours]).collect();
        scopes.sort();
        scopes.dedup();
        scopes
    }
}

const NO_CREDENTIALS: &str = "the registry wants a user name and password, and there are none for it";

/// The challenge to meet: Bearer before Basic; any other scheme is not ours.
fn pick(headers: &HeaderMap) -> Result<Challenge, Refusal> {
    let mut found = challenges(headers);
    let place = |scheme: &str| found.iter().position(|challenge| challenge.scheme == scheme);
    match place("bearer").or_else(|| place("basic")) {
        Some(at) => Ok(found.swap_remove(at)),
        None if found.is_empty() => {
            Err(Refusal::Challenge("the 401 has no challenge that can be read".to_owned()))
        }
        None => {
            let schemes: Vec<_> = found.iter().map(|c| Excerpt::of(&c.scheme).to_string()).collect();
            Err(Refusal::Challenge(format!("it asks for {}, we know bearer and basic", schemes.join(", "))))
        }
    }
}

struct Token {
    text: String,
    expires: Instant,
}

impl Token {
    fn read(body: &[u8], asked: Instant) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Answer {
            token: Option<String>,
            access_token: Option<String>,
            expires_in: Option<serde_json::Value>,
        }
        // Of an answer that cannot be read only the place is said: its text may be the token.
        let answer: Answer = serde_json::from_slice(body).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            Refusal::Malformed(format!("the token server's answer is no token, at {place}"))
        })?;
        let given = |token: &String| !token.is_empty();
        let text = answer.access_token.filter(given).or(answer.token.filter(given));
        let text =
            text.ok_or_else(|| Refusal::Malformed("the token server's answer has no token".to_owned()))?;
        let seconds = answer.expires_in.and_then(|life| life.as_u64()).filter(|seconds| *seconds > 0);
        let life = seconds.map_or(TOKEN_LIFE, Duration::from_secs).min(TOKEN_LIFE_MAX);
        // Used up a little earlier than it ends, so that it does not end on the way.
        let margin = TOKEN_MARGIN.min(life / 10);
        Ok(Self { text, expires: asked.after(life - margin) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn life(body: &str) -> Result<(String, u64), String> {
        let token = Token::read(body.as_bytes(), Instant(0)).map_err(|error| error.to_string())?;
        Ok((token.text, token.expires.0 / 1000))
    }

    #[test]
    fn tokens_and_their_lives() {
        let of = |text: &str, seconds| Ok((text.to_owned(), seconds));
        assert_eq!(life(r#"{"token":"a"}"#), of("a", 55));
        assert_eq!(life(r#"{"token":"a","access_token":"b","expires_in":300}"#), of("b", 295));
        assert_eq!(life(r#"{"token":"a","access_token":"","expires_in":-1}"#), of("a", 55));
        assert_eq!(life(r#"{"token":"a","expires_in":"300"}"#), of("a", 55));
        assert_eq!(life(r#"{"token":"a","expires_in":4}"#), of("a", 3));
        assert_eq!(life(r#"{"token":"a","expires_in":99999999999}"#), of("a", 24 * 60 * 60 - 5));
        assert!(life("{}").is_err());
    }

    proptest! {
        #[test]
        fn no_answer_is_quoted(secret in "[a-zA-Z0-9]{12,40}", body: Vec<u8>) {
            let _ = Token::read(&body, Instant(0));
            for body in [format!("{secret:?}"), format!("{{\"token\":{secret}"), secret.clone()] {
                prop_assert!(!life(&body).unwrap_err().contains(&secret));
            }
        }
    }
}
