//! A token server as docker-registry knows it (distribution's token specification, and OAuth2 by POST).

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, SystemTime},
};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::json;
use tempfile::TempDir;
use url::{Url, form_urlencoded};

use super::{PASSWORD, USER, certificates::token_signer};

/// What may be shown instead of the password, by POST alone.
pub const REFRESH_TOKEN: &str = "kept-for-a-year";
/// A registry lets tokens live so much longer than they say.
const LEEWAY: u64 = 60;

/// It listens until the process ends.
pub struct TokenServer {
    port: u16,
    host: &'static str,
    dir: TempDir,
    asked: Arc<Mutex<Vec<Wish>>>,
}

/// What it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// `GET` or `POST`.
    pub method: String,
    /// As whom: `nobody`, `USER by password`, `refresh_token`, or what was wrong.
    pub who: String,
    /// What for: all scopes, by blanks.
    pub scope: String,
}

/// How long tokens live.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// In fact.
    pub true_seconds: u64,
    /// As the answer says.
    pub said_seconds: u64,
}

struct Signer {
    key: EcdsaKeyPair,
    certificate: String,
    life: Life,
}

impl TokenServer {
    /// On this machine, under the address that registries of tests have; tokens live for five minutes.
    pub fn start() -> Self {
        Self::with("127.0.0.1", Life { true_seconds: 300, said_seconds: 300 })
    }

    /// Under this name of this machine, with tokens of this life.
    pub fn with(host: &'static str, life: Life) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let (key, certificate) = token_signer(&dir.path().join("bundle.pem"));
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key, &SystemRandom::new());
        let certificate = BASE64_STANDARD.encode(certificate);
        let signer = Arc::new(Signer { key: key.expect("it was just made"), certificate, life });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let port = listener.local_addr().expect("its address").port();
        let asked = Arc::default();
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (signer, log) = (Arc::clone(&signer), Arc::clone(&log));
                thread::spawn(move || drop(answer(&stream, &signer, &log)));
            }
        });
        Self { port, host, dir, asked }
    }

    /// What it was asked since the last time.
    pub fn take_asked(&self) -> Vec<Wish> {
        std::mem::take(&mut locked(&self.asked))
    }

    /// Where it is.
    pub fn origin(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }

    /// The part of a registry's configuration that names it.
    pub(super) fn registry_config(&self) -> String {
        let (origin, bundle) = (self.origin(), self.dir.path().join("bundle.pem"));
        format!(
            "auth:\n  token:\n    realm: {origin}/token\n    service: tests\n    issuer: tests\n    rootcertbundle: {}\n",
            bundle.display()
        )
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(mut stream: &TcpStream, signer: &Signer, log: &Mutex<Vec<Wish>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;

    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let url = Url::parse("http://tests/").and_then(|base| base.join(path)).map_err(std::io::Error::other)?;
    let form: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let scope = match form.get("scope") {
        Some(scope) => scope.clone(),
        None => {
            let of = url.query_pairs().filter(|(name, _)| name == "scope").map(|(_, value)| value);
            of.collect::<Vec<_>>().join(" ")
        }
    };
    let who = match method {
        "POST" => of_grant(&form),
        _ => of_basic(headers.get("authorization")),
    };
    locked(log).push(Wish { method: method.to_owned(), who: who.clone(), scope: scope.clone() });
    let (status, text) = if who.contains("wrong") {
        ("401 Unauthorized", json!({ "errors": [{ "code": "UNAUTHORIZED", "message": "not you" }] }))
    } else {
        let token = signer.token(&scope, who != "nobody");
        ("200 OK", json!({ "token": token, "access_token": token, "expires_in": signer.life.said_seconds }))
    };
    let text = text.to_string();
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    )
}

fn of_basic(authorization: Option<&String>) -> String {
    let Some(value) = authorization else { return "nobody".to_owned() };
    let right = BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let is_right = value.strip_prefix("Basic ") == Some(&right);
    if is_right { format!("{USER} by password") } else { "wrong password".to_owned() }
}

fn of_grant(form: &BTreeMap<String, String>) -> String {
    let value = |name: &str| form.get(name).map(String::as_str);
    match value("grant_type") {
        Some("refresh_token") if value("refresh_token") == Some(REFRESH_TOKEN) => "refresh_token".to_owned(),
        other => format!("wrong grant: {other:?}"),
    }
}

impl Signer {
    /// A token for `repository:name:actions`, by blanks; for nothing, if the asker may have nothing.
    fn token(&self, scope: &str, is_allowed: bool) -> String {
        let access = scope.split_whitespace().filter(|_| is_allowed).filter_map(|scope| {
            let (kind, rest) = scope.split_once(':')?;
            let (name, actions) = rest.rsplit_once(':')?;
            Some(json!({ "type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>() }))
        });
        let access: Vec<_> = access.collect();
        let now =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        let header = json!({ "typ": "JWT", "alg": "ES256", "x5c": [self.certificate] });
        let claims = json!({
            "iss": "tests", "aud": "tests", "sub": "somebody", "jti": now.to_string(), "access": access,
            "iat": now - LEEWAY, "nbf": now - LEEWAY, "exp": now + self.life.true_seconds - LEEWAY,
        });
        let part = |value: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(&claims));
        let signature = self.key.sign(&SystemRandom::new(), text.as_bytes()).expect("the key can sign");
        format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}
