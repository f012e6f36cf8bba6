//! The protocol of credential helpers: `docker-credential-<name>`.

use serde::Deserialize;
use serde_json::json;

use crate::{
    effect::{
        file::{Helped, Helper, HelperError},
        secret::Secret,
    },
    name::Excerpt,
    op::Cx,
};

/// The user name that stands for an identity token.
const TOKEN_USER: &str = "<token>";

/// Why a helper gave no answer that could be used.
pub(super) type Why = String;

/// Asks a helper for the credentials of a server; `None` when it has none. Any other failure is an error: a helper that the user
/// named and that cannot be asked must not lead to an anonymous request.
pub(super) async fn get(cx: &Cx, name: &str, server: &str) -> Result<Option<Secret>, Why> {
    let helped = run(cx, name, "get", server.as_bytes().to_vec()).await?;
    if helped.succeeded {
        return read(&helped.output).map(Some);
    }
    if says_not_found(&helped) { Ok(None) } else { Err(failure(&helped)) }
}

/// Gives a helper credentials to keep.
pub(super) async fn store(cx: &Cx, name: &str, server: &str, kept: (&str, &Secret)) -> Result<(), Why> {
    let (username, secret) = match kept {
        (_, Secret::Password { username, password }) => (username.as_str(), password),
        (_, Secret::IdentityToken(token)) => (TOKEN_USER, token),
        (_, Secret::RegistryToken(_)) => return Err("helpers do not keep registry tokens".to_owned()),
    };
    let input = json!({"ServerURL": server, "Username": username, "Secret": secret}).to_string();
    let helped = run(cx, name, "store", input.into_bytes()).await?;
    if helped.succeeded { Ok(()) } else { Err(failure(&helped)) }
}

/// Lets a helper forget a server; whether it knew it.
pub(super) async fn erase(cx: &Cx, name: &str, server: &str) -> Result<bool, Why> {
    let helped = run(cx, name, "erase", server.as_bytes().to_vec()).await?;
    match helped.succeeded {
        true => Ok(true),
        false if says_not_found(&helped) => Ok(false),
        false => Err(failure(&helped)),
    }
}

async fn run(cx: &Cx, name: &str, verb: &'static str, input: Vec<u8>) -> Result<Helped, Why> {
    check(name)?;
    let helper = Helper { name: name.to_owned(), verb, input };
    cx.helper(helper).await.map_err(|HelperError { detail, .. }| detail)
}

/// A name must be one path component: it becomes part of a program's name.
fn check(name: &str) -> Result<(), Why> {
    let is_odd = name.is_empty() || name.contains(['/', '\\', '\0']) || name.contains("..");
    if is_odd { Err(format!("{} is no name of a helper", Excerpt::of(name))) } else { Ok(()) }
}

/// The words in which helpers say that they have nothing, with status 1 (docker-credential-helpers).
fn says_not_found(helped: &Helped) -> bool {
    let text = String::from_utf8_lossy(&helped.output);
    text.trim_start().to_ascii_lowercase().starts_with("credentials not found")
}

fn failure(helped: &Helped) -> Why {
    match Excerpt::of(String::from_utf8_lossy(&helped.output).trim()).to_string().as_str() {
        "" => "it failed without a word".to_owned(),
        said => format!("it failed: {said}"),
    }
}

/// An answer to `get`. Never quoted when it cannot be read.
fn read(output: &[u8]) -> Result<Secret, Why> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "Username", default)]
        username: String,
        #[serde(rename = "Secret", default)]
        secret: String,
    }
    let answer: Answer = serde_json::from_slice(output).map_err(|error| {
        format!("its answer is no JSON object with Username and Secret (column {})", error.column())
    })?;
    match (answer.username.as_str(), answer.secret) {
        (_, secret) if secret.is_empty() => Err("its answer has no secret".to_owned()),
        (TOKEN_USER, token) => Ok(Secret::IdentityToken(token)),
        ("", _) => Err("its answer has no user name".to_owned()),
        (username, password) => Ok(Secret::new(username, password)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_never_quoted() {
        let answer = |text: &str| read(text.as_bytes());
        assert_eq!(answer(r#"{"ServerURL":"r","Username":"u","Secret":"p"}"#), Ok(Secret::new("u", "p")));
        assert_eq!(
            answer(r#"{"Username":"<token>","Secret":"t"}"#),
            Ok(Secret::IdentityToken("t".to_owned()))
        );
        for bad in [
            "",
            "hunter2",
            r#"{"Username":"u","Secret":["hunter2"]}"#,
            r#"{"Username":"","Secret":"hunter2"}"#,
        ] {
            assert!(!answer(bad).unwrap_err().contains("hunter2"), "{bad}");
        }
    }

    #[test]
    fn names_are_one_path_component() {
        for name in ["", "..", "a/b", "../evil", r"a\b", "a\0"] {
            assert!(check(name).is_err(), "{name}");
        }
        for name in ["osxkeychain", "ecr-login", "a.b", "#definitely-does-not-exist"] {
            assert!(check(name).is_ok(), "{name}");
        }
    }
}
