//! Keeping credentials after a login, and forgetting them after a logout.

use super::{
    Credentials, file, helper,
    json::{Fault, Object},
    kept::load,
    key, sources,
};
use crate::{
    effect::{file::FileError, secret::Secret},
    name::Excerpt,
    op::Cx,
    registry::place::Place,
};

/// Why credentials could not be kept or forgotten.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// No file is named, and there is no home to have one in.
    #[error("there is no file to keep credentials in: name one with --authfile, or set $HOME")]
    Nowhere,
    /// The file cannot be read.
    #[error("cannot read the credentials in {0}")]
    Read(FileError),
    /// It cannot be written.
    #[error("cannot write the credentials to {0}")]
    Write(FileError),
    /// The file is not what it should be; it is left as it is.
    #[error("{place}: {detail}")]
    Invalid {
        /// Where.
        place: Place,
        /// What is wrong.
        detail: String,
    },
    /// A helper that the file names failed.
    #[error("docker-credential-{name}: {detail}")]
    Helper {
        /// What stands after `docker-credential-`.
        name: String,
        /// What it said.
        detail: String,
    },
}

/// Where credentials are kept now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The file.
    pub path: String,
    /// The helper that the file names, if it is that which keeps them.
    pub helper: Option<String>,
}

/// What was forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// The file that was changed, or would have been.
    pub path: String,
    /// The accounts.
    pub accounts: Vec<String>,
}

impl Credentials {
    /// Keeps the credentials of an account where the user's settings say: by the helper that the file names for it, else in the
    /// file. Nothing else of the file changes; other spellings of the same account go away. `username` is for a token alone.
    pub async fn keep(
        &self,
        cx: &Cx,
        account: &str,
        username: &str,
        secret: &Secret,
    ) -> Result<Kept, KeepError> {
        let account = key::account(account);
        let (path, before) = self.open(cx).await?;
        let invalid = |fault| fault_in(&path, fault);
        let helper = helper_of(&before, &account).map_err(invalid)?;
        let own = key::server(&account);
        // What the helper keeps must not stand in the file, too; what the file keeps replaces the entry where it stands.
        let gone = |key: &str| is_of(key, &account) && (helper.is_some() || key != own);
        let mut text = strip(&before, gone).map_err(invalid)?.0;
        if let Some(name) = &helper {
            let stored = helper::store(cx, name, own, (username, secret)).await;
            stored.map_err(|detail| helper_failed(name, detail))?;
        } else {
            let entry = file::entry(username, secret);
            let top = Object::parse(&text).map_err(invalid)?;
            text = match top.object("auths").map_err(invalid)? {
                Some(auths) => auths.with(own, &entry),
                None => {
                    top.with("auths", &format!("{{\n\t\t{}: {entry}\n\t}}", serde_json::Value::from(own)))
                }
            };
        }
        if text != before {
            cx.save_file(&*path, text.into_bytes()).await.map_err(KeepError::Write)?;
        }
        Ok(Kept { path, helper })
    }

    /// Forgets an account, or all that the file names: in the file and in the helpers that it names.
    pub async fn forget(&self, cx: &Cx, account: Option<&str>) -> Result<Forgotten, KeepError> {
        let account = account.map(key::account);
        let (path, before) = self.open(cx).await?;
        let invalid = |fault| fault_in(&path, fault);
        let wanted = |key: &str| account.as_ref().is_none_or(|account| is_of(key, account));
        let (text, removed) = strip(&before, wanted).map_err(invalid)?;
        let mut accounts: Vec<_> = removed.iter().map(|key| key::account(&key::hostname(key))).collect();
        for known in account.iter().cloned().chain(all(&before, wanted).map_err(invalid)?) {
            let Some(name) = helper_of(&before, &known).map_err(invalid)? else { continue };
            let erased = helper::erase(cx, &name, key::server(&known)).await;
            if erased.map_err(|detail| helper_failed(&name, detail))? {
                accounts.push(known);
            }
        }
        accounts.sort();
        accounts.dedup();
        if text != before {
            cx.save_file(&*path, text.into_bytes()).await.map_err(KeepError::Write)?;
        }
        Ok(Forgotten { path, accounts })
    }

    /// The file that is written, and what it has now.
    async fn open(&self, cx: &Cx) -> Result<(String, String), KeepError> {
        let path = sources::target(&self.0).ok_or(KeepError::Nowhere)?;
        let text = load(cx, &path).await.map_err(KeepError::Read)?.unwrap_or_default();
        Ok((path, text))
    }
}

/// The file without the entries that are wanted gone, and their keys.
fn strip(text: &str, gone: impl Fn(&str) -> bool) -> Result<(String, Vec<String>), Fault> {
    let (mut text, mut removed) = (text.to_owned(), Vec::new());
    loop {
        let file = Object::parse(&text)?;
        let Some(auths) = file.object("auths")? else { return Ok((text, removed)) };
        let Some(key) = auths.members().map(|(key, _)| key.to_owned()).find(|key| gone(key)) else {
            return Ok((text, removed));
        };
        text = auths.without(&key);
        removed.push(key);
    }
}

/// The accounts that a file names, in `auths` and `credHelpers`.
fn all(text: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, Fault> {
    let file = Object::parse(text)?;
    let mut accounts = Vec::new();
    for name in ["auths", "credHelpers"] {
        for (key, _) in file.object(name)?.iter().flat_map(Object::members).filter(|(key, _)| wanted(key)) {
            accounts.push(key::account(&key::hostname(key)));
        }
    }
    accounts.sort();
    accounts.dedup();
    Ok(accounts)
}

/// Whether a key is for this account as a whole: not for a part of its repositories.
fn is_of(key: &str, account: &str) -> bool {
    file::own_fit(key, account).is_some()
}

fn helper_of(text: &str, account: &str) -> Result<Option<String>, Fault> {
    Ok(file::helper(&Object::parse(text)?, account)?.map(|(name, _)| name))
}

fn fault_in(path: &str, Fault { line, detail }: Fault) -> KeepError {
    KeepError::Invalid { place: Place::File { path: path.to_owned(), line }, detail }
}

fn helper_failed(name: &str, detail: String) -> KeepError {
    KeepError::Helper { name: Excerpt::of(name).to_string(), detail }
}
