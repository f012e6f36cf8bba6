//! A file of credentials: docker's `config.json`, podman's `auth.json`, the old `.dockercfg`.

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    json::{Fault, Object},
    key::{self, Fit},
};
use crate::effect::secret::Secret;

/// What a file says about one account, in the order in which it is to be asked.
#[derive(Debug, Default)]
pub(super) struct Says {
    /// Helpers to ask, each with the line that names it.
    pub(super) helper: Option<(String, usize)>,
    /// What stands in the file itself, and its line.
    pub(super) entry: Option<(Secret, usize)>,
}

/// How a file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `auths`, `credHelpers` and `credsStore`.
    Config,
    /// The entries at once.
    Legacy,
}

/// Looks an account up: the account's own helper, else the file's; beside it the most specific entry that says something.
pub(super) fn look(text: &str, format: Format, account: &str, repository: &str) -> Result<Says, Fault> {
    let file = Object::parse(text)?;
    if format == Format::Legacy {
        let entry = best(&file, |key| key::fit_legacy(key, account))?;
        return Ok(Says { helper: None, entry });
    }
    let entry = match file.object("auths")? {
        Some(auths) => best(&auths, |key| key::fit(key, account, repository))?,
        None => None,
    };
    Ok(Says { helper: helper(&file, account)?, entry })
}

/// The helper of an account. An empty one in `credHelpers` says: none, not even the `credsStore`.
pub(super) fn helper(file: &Object<'_>, account: &str) -> Result<Option<(String, usize)>, Fault> {
    if let Some(helpers) = file.object("credHelpers")? {
        let fits = |(key, value)| Some((own_fit(key, account)?, key, value));
        if let Some((_, key, value)) = helpers.members().filter_map(fits).max() {
            return Ok(helpers.text(key)?.map(|name| (name, helpers.line(value))));
        }
    }
    let line = file.members().find(|(name, _)| *name == "credsStore").map(|(_, value)| file.line(value));
    Ok(file.text("credsStore")?.zip(line))
}

/// How a key fits the account as a whole, whatever the repository.
pub(super) fn own_fit(key: &str, account: &str) -> Option<Fit> {
    key::fit(key, account, "")
}

/// The entry whose key fits best, of those that say something.
fn best(entries: &Object<'_>, fit: impl Fn(&str) -> Option<Fit>) -> Result<Option<(Secret, usize)>, Fault> {
    let mut hits: Vec<_> =
        entries.members().filter_map(|(key, value)| Some((fit(key)?, key, value))).collect();
    hits.sort();
    for (_, key, value) in hits.into_iter().rev() {
        if let Some(entry) = entries.object(key)?
            && let Some(secret) = secret(&entry, value)?
        {
            return Ok(Some((secret, entries.line(value))));
        }
    }
    Ok(None)
}

fn secret(entry: &Object<'_>, value: &str) -> Result<Option<Secret>, Fault> {
    if let Some(token) = entry.text("registrytoken")? {
        return Ok(Some(Secret::RegistryToken(token)));
    }
    if let Some(token) = entry.text("identitytoken")? {
        return Ok(Some(Secret::IdentityToken(token)));
    }
    match entry.text("auth")? {
        Some(auth) => {
            let line = entry.members().find(|(name, _)| *name == "auth").map_or(value, |(_, value)| value);
            decode(&auth).map(Some).map_err(|why| entry.fault(line, why))
        }
        None => {
            let (username, password) = (entry.text("username")?, entry.text("password")?);
            Ok(username.map(|username| Secret::new(username, password.unwrap_or_default())))
        }
    }
}

/// `base64(user:password)`.
fn decode(auth: &str) -> Result<Secret, &'static str> {
    let bytes = BASE64_STANDARD.decode(auth.trim()).map_err(|_| "its `auth` is not base64")?;
    let pair = String::from_utf8(bytes).map_err(|_| "its `auth` is not text")?;
    match pair.split_once(':') {
        Some((username, password)) if !username.is_empty() => {
            Ok(Secret::new(username, password.trim_matches('\0')))
        }
        _ => Err("its `auth` is not user:password"),
    }
}

/// The entry that stands for a secret.
pub(super) fn entry(username: &str, secret: &Secret) -> String {
    let pair = |username: &str, password: &str| BASE64_STANDARD.encode(format!("{username}:{password}"));
    let entry = match secret {
        Secret::Password { username, password } => serde_json::json!({"auth": pair(username, password)}),
        Secret::IdentityToken(token) => {
            serde_json::json!({"auth": pair(username, ""), "identitytoken": token})
        }
        Secret::RegistryToken(token) => serde_json::json!({"registrytoken": token}),
    };
    entry.to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str, repository: &str) -> Result<Option<(Secret, usize)>, String> {
        let says = look(text, Format::Config, "r.example", repository);
        says.map(|says| says.entry).map_err(|fault| format!("{}: {}", fault.line, fault.detail))
    }

    #[test]
    fn what_is_broken_is_named_by_its_line() {
        let file = |entry: &str| {
            format!("{{\"auths\": {{\n\"other.example\": {{\"auth\": \"?\"}},\n\"r.example\": {entry}\n}}}}")
        };
        assert_eq!(found(&file("{}"), "a"), Ok(None));
        assert_eq!(found(&file("null"), "a"), Ok(None));
        assert_eq!(
            found(&file(r#"{"username":"u","password":"p"}"#), "a"),
            Ok(Some((Secret::new("u", "p"), 3)))
        );
        for (entry, why) in [
            (r#"{"auth":"?"}"#, "3: its `auth` is not base64"),
            (r#"{"auth":"aGk="}"#, "3: its `auth` is not user:password"),
            (r#"{"auth":"/v8="}"#, "3: its `auth` is not text"),
            (r#"{"auth":7}"#, "3: auth is no text"),
            (r#""x""#, "3: this is no JSON object"),
            ("{", "4: this is not valid JSON (column 2)"),
        ] {
            assert_eq!(found(&file(entry), "a"), Err(why.to_owned()));
        }
    }

    #[test]
    fn an_entry_without_anything_leads_to_the_next() {
        let text = r#"{"auths":{"r.example/a":{},"r.example":{"auth":"dTpwAAA="}}}"#;
        assert_eq!(found(text, "a/b"), Ok(Some((Secret::new("u", "p"), 1))));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(username in "[^:]{1,9}", password in "[^\0]{0,9}") {
            let secret = Secret::new(&username, &password);
            let text = format!("{{\"auths\":{{\"r.example\":{}}}}}", entry("", &secret));
            prop_assert_eq!(found(&text, "a"), Ok(Some((secret, 1))));
            let token = Secret::IdentityToken(format!("t{password}"));
            let text = format!("{{\"auths\":{{\"r.example\":{}}}}}", entry(&username, &token));
            prop_assert_eq!(found(&text, "a"), Ok(Some((token, 1))));
        }
    }
}
