//! Asking a token server: once; whoever wants the token decides whether to try again.
//!
//! - Nobody, or a user name and password: GET with the scopes in the query and the password as Basic authorization, as every
//!   registry knows it; a token server that knows no GET (404, 405) is asked by POST with `grant_type=password`. (containerd POSTs
//!   first, and needs a fallback for servers that answer that with 400, 401, 403, 404, 405 or a web page.)
//! - A refresh token: POST with `grant_type=refresh_token` (OAuth2), and nothing else, as no GET can carry it.

use std::time::Duration;

use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use crate::{
    effect::{
        http::Exchange,
        secret::{Authorization, Origin, Secret},
    },
    error::{Refusal, Said},
    op::{Cx, Reply, ReplyBody},
    registry::{Endpoint, place::Given, redirect},
    time::{Instant, UnixTime},
};

/// Tokens are longer than any of ours, never longer than this.
const TOKEN_ANSWER_MAX: u64 = 1 << 20;
/// A token that does not say lives so long (distribution token specification).
const TOKEN_LIFE: Duration = Duration::from_secs(60);
/// No token is believed to live longer.
const TOKEN_LIFE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
const TOKEN_MARGIN: Duration = Duration::from_secs(5);
/// Who we are to an OAuth2 server.
const CLIENT: &str = "lugger";

/// What is asked for.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    /// Of whom. Checked.
    pub(super) realm: &'a Url,
    /// For which service.
    pub(super) service: Option<&'a str>,
    /// For which scopes.
    pub(super) scopes: &'a [String],
    /// As whom: credentials that may go there.
    pub(super) account: Option<&'a Given<Secret>>,
    /// Whether a refresh token is wanted, too.
    pub(super) lasting: bool,
}

/// A token.
pub(super) struct Token {
    pub(super) text: String,
    pub(super) expires: Instant,
    /// With which further tokens can be had.
    #[cfg_attr(not(feature = "files"), expect(dead_code, reason = "only a login keeps it"))]
    pub(super) refresh: Option<String>,
}

impl Wish<'_> {
    /// Asks.
    pub(super) async fn ask(&self, cx: &Cx, endpoint: &Endpoint) -> Result<Token, Refusal> {
        let reply = match self.account.map(|given| &given.value) {
            None | Some(Secret::RegistryToken(_)) => self.send(cx, endpoint, self.get(None), None).await?,
            Some(Secret::IdentityToken(token)) => {
                let grant = [("grant_type", "refresh_token"), ("refresh_token", token)];
                self.send(cx, endpoint, self.post(&grant), None).await?
            }
            Some(Secret::Password { username, password }) => {
                let basic = Authorization::basic(Origin::of(self.realm), username, password);
                let reply = self.send(cx, endpoint, self.get(Some(username)), Some(&basic)).await?;
                match reply.status {
                    StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                        let grant =
                            [("grant_type", "password"), ("username", username), ("password", password)];
                        self.send(cx, endpoint, self.post(&grant), None).await?
                    }
                    _ => reply,
                }
            }
        };
        let asked = cx.now();
        match (reply.status, &reply.body) {
            (status, ReplyBody::Small(body)) if status.is_success() => Token::read(body, asked),
            (status, _) if status.is_success() => Err(Refusal::TooLong { max: TOKEN_ANSWER_MAX }),
            _ => Err(self.refused(&reply, cx.wall())),
        }
    }

    async fn send(
        &self,
        cx: &Cx,
        endpoint: &Endpoint,
        exchange: Exchange,
        authorization: Option<&Authorization>,
    ) -> Result<Reply, Refusal> {
        Ok(redirect::follow(cx, endpoint, exchange, authorization).await?.reply)
    }

    fn get(&self, username: Option<&str>) -> Exchange {
        let mut url = self.realm.clone();
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(self.service.map(|service| ("service", service)));
            query.extend_pairs(self.scopes.iter().map(|scope| ("scope", scope)));
            query.extend_pairs(username.map(|name| ("account", name)));
            if self.lasting {
                query.append_pair("offline_token", "true").append_pair("client_id", CLIENT);
            }
        }
        if url.query() == Some("") {
            url.set_query(None);
        }
        Exchange::new(Method::GET, url, TOKEN_ANSWER_MAX)
    }

    fn post(&self, grant: &[(&str, &str)]) -> Exchange {
        let scopes = self.scopes.join(" ");
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(grant);
        form.extend_pairs(self.service.map(|service| ("service", service)));
        form.append_pair("client_id", CLIENT);
        form.extend_pairs((!scopes.is_empty()).then_some(("scope", &scopes)));
        form.extend_pairs(self.lasting.then_some(("access_type", "offline")));
        let mut exchange = Exchange::new(Method::POST, self.realm.clone(), TOKEN_ANSWER_MAX)
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        exchange.body = form.finish().into_bytes();
        exchange
    }

    /// What a token server's refusal means: what may pass stays what it is, everything else is no to this account.
    fn refused(&self, reply: &Reply, wall: UnixTime) -> Refusal {
        let status = reply.status;
        let passing = status.is_server_error()
            || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
        if passing {
            return crate::registry::refusal(reply, wall);
        }
        let at = Origin::of(self.realm).to_string();
        if !status.is_client_error() {
            return Refusal::Challenge(format!("the token server {at} answers {status}"));
        }
        let said = match &reply.body {
            ReplyBody::Small(body) => Said::of(body),
            ReplyBody::Large(_) | ReplyBody::TooLong => Said::default(),
        };
        match self.account {
            Some(Given { place, .. }) => Refusal::Credentials { at, place: place.clone(), status, said },
            None => Refusal::Denied { status, said },
        }
    }
}

impl Token {
    pub(super) fn read(body: &[u8], asked: Instant) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Answer {
            token: Option<String>,
            access_token: Option<String>,
            refresh_token: Option<String>,
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
        let refresh = answer.refresh_token.filter(given);
        Ok(Self { text, expires: asked.after(life - margin), refresh })
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
