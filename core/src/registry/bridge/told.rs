//! What a bridge says when it does not give what was asked for: written at one end, read at the other.

use std::time::Duration;

use serde::Deserialize;

use crate::{
    effect::http::NetErrorKind,
    error::{Error, Kind, Refusal},
    name::Inert,
    op::{Reply, ReplyBody},
};

/// The registry has to be confirmed by the user.
const CONFIRM: &str = "CONFIRM";
/// What each kind of failure is called.
const CODES: [(Kind, &str, u16); 8] = [
    (Kind::Failed, "FAILED", 500),
    (Kind::Usage, "INVALID", 400),
    (Kind::NotFound, "NOT_FOUND", 404),
    (Kind::Denied, "DENIED", 403),
    (Kind::Content, "CONTENT", 502),
    (Kind::Network, "UNREACHABLE", 502),
    (Kind::Throttled, "TOOMANYREQUESTS", 429),
    (Kind::Cancelled, "CANCELLED", 503),
];
/// The longest message, in characters; the rest of what is longer says nothing new.
const WORDS_MAX: usize = 2000;

/// An answer that is an error, in the form of the distribution specification's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The status.
    pub status: u16,
    /// What kind of failure it is, for programs.
    pub code: &'static str,
    /// All words that there are about it.
    pub message: String,
    /// The registry that is to be confirmed.
    pub registry: Option<String>,
    /// What `Retry-After` says.
    pub after: Option<Duration>,
}

impl Told {
    /// An error of this kind with the usual status.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let (_, code, status) = *CODES.iter().find(|(own, ..)| *own == kind).unwrap_or(&CODES[0]);
        Self { status, code, message: message.into(), registry: None, after: None }
    }

    /// What is asked makes no sense.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// There is nothing of that name.
    pub fn unknown() -> Self {
        Self::new(Kind::NotFound, "there is nothing of that name here")
    }

    /// The user has not said that this registry may be asked.
    pub fn unconfirmed(registry: &str) -> Self {
        let message = format!("you have not said that {registry} may be asked");
        Self { code: CONFIRM, registry: Some(registry.to_owned()), ..Self::new(Kind::Denied, message) }
    }

    /// A range that starts after the end.
    #[cfg(feature = "files")]
    pub(super) fn beyond() -> Self {
        Self { status: 416, ..Self::invalid("the range starts after the end of the blob") }
    }

    /// With another status of the same kind.
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// What an operation failed with, in the status of the registry where that says the same.
    pub fn of(error: &Error) -> Self {
        let told = Self::new(error.kind(), error.to_string());
        let Error::Registry(error) = error else { return told };
        match error.first.why.root() {
            Refusal::Denied { status, .. } | Refusal::Credentials { status, .. } => {
                told.with_status(status.as_u16())
            }
            Refusal::Throttled { after } => Self { after: *after, ..told },
            Refusal::Status { status, after, .. } if status.is_client_error() || status.is_server_error() => {
                Self { after: *after, ..told.with_status(status.as_u16()) }
            }
            Refusal::Net(why) | Refusal::Beyond { why, .. } => match why.kind {
                NetErrorKind::Timeout => told.with_status(504),
                // Not down: not to be reached from here.
                NetErrorKind::Forbidden => Self::new(Kind::Denied, told.message),
                _ => told,
            },
            _ => told,
        }
    }

    /// The body: `{"errors":[{"code","message","detail"}]}`.
    pub fn body(&self) -> String {
        let message: String = self.message.chars().take(WORDS_MAX).collect();
        let detail = self.registry.as_ref().map(|registry| serde_json::json!({"registry": registry}));
        let error = serde_json::json!({"code": self.code, "message": message, "detail": detail});
        serde_json::json!({"errors": [error]}).to_string()
    }
}

/// What the bridge's answer means, if it is one of its own; `registry` is the one that was asked about.
///
/// It has tried again whatever may pass, so that nothing of it is tried again here.
pub(in crate::registry) fn relayed(reply: &Reply, registry: &str) -> Option<Refusal> {
    #[derive(Deserialize)]
    struct Errors {
        errors: [One; 1],
    }
    #[derive(Deserialize)]
    struct One {
        code: String,
        message: String,
    }
    let ReplyBody::Small(body) = &reply.body else { return None };
    let Errors { errors: [One { code, message }] } = serde_json::from_slice(body).ok()?;
    if code == CONFIRM {
        return Some(Refusal::Unconfirmed { registry: registry.to_owned() });
    }
    let (kind, ..) = *CODES.iter().find(|(_, own, _)| *own == code)?;
    let words: String = Inert(&message).to_string().chars().take(WORDS_MAX).collect();
    Some(Refusal::Relayed { kind, status: reply.status, words })
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::{
        effect::http::NetError,
        error::{Attempt, RegistryError, Said},
    };

    fn over(told: &Told) -> Refusal {
        let reply = Reply {
            status: StatusCode::from_u16(told.status).unwrap(),
            headers: HeaderMap::new(),
            body: ReplyBody::Small(told.body().into_bytes()),
            from: None,
        };
        relayed(&reply, "r.example").unwrap()
    }

    fn failed(why: Refusal) -> Error {
        let first = Attempt {
            registry: "https://r.example".to_owned(),
            repository: "a".to_owned(),
            asked: String::new(),
            why,
            tries: 1,
        };
        RegistryError { doing: "fetch manifest 1".to_owned(), first, others: Vec::new() }.into()
    }

    #[test]
    fn kinds_and_words_get_across() {
        let denied = |status| Refusal::Denied { status, said: Said::default() };
        let net = |kind| Refusal::Net(NetError::new(kind, "detail"));
        let status = |code| Refusal::Status {
            status: StatusCode::from_u16(code).unwrap(),
            said: Said::default(),
            after: Some(Duration::from_secs(3)),
        };
        for (why, code, kind) in [
            (Refusal::Missing(Said::default()), 404, Kind::NotFound),
            (denied(StatusCode::UNAUTHORIZED), 401, Kind::Denied),
            (denied(StatusCode::FORBIDDEN), 403, Kind::Denied),
            (Refusal::Throttled { after: None }, 429, Kind::Throttled),
            (status(503), 503, Kind::Network),
            (status(204), 502, Kind::Network),
            (net(NetErrorKind::Connect), 502, Kind::Network),
            (net(NetErrorKind::Timeout), 504, Kind::Network),
            (net(NetErrorKind::Forbidden), 403, Kind::Denied),
        ] {
            let error = failed(why);
            let told = Told::of(&error);
            assert_eq!(told.status, code, "{error}");
            let Refusal::Relayed { kind: came, words, .. } = over(&told) else { panic!("{told:?}") };
            assert_eq!((came, words), (kind, error.to_string()));
        }
    }

    #[test]
    fn a_registry_to_confirm_is_the_one_that_was_asked_about() {
        let told = Told::unconfirmed("evil.example");
        assert_eq!(told.status, 403);
        assert_eq!(over(&told), Refusal::Unconfirmed { registry: "r.example".to_owned() });
    }

    #[test]
    fn words_are_made_safe_and_others_are_not_ours() {
        let told = Told::invalid(format!("a\u{1b}[31m{}", "x".repeat(9999)));
        let Refusal::Relayed { words, .. } = over(&told) else { panic!("{told:?}") };
        assert!(words.starts_with(r"a\u{1b}[31m") && words.chars().count() == WORDS_MAX);
        for other in ["", "<html>", r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"x"}]}"#] {
            let body = ReplyBody::Small(other.into());
            let reply = Reply { status: StatusCode::NOT_FOUND, headers: HeaderMap::new(), body, from: None };
            assert_eq!(relayed(&reply, "r.example"), None, "{other}");
        }
    }
}
