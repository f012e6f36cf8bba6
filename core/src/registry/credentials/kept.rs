//! What the user's files and helpers have.

use super::{
    Credentials,
    file::{self, Format, Says},
    helper,
    json::Fault,
    key,
    sources::{self, Source},
};
use crate::{
    effect::{
        file::{Entry, FileError},
        secret::{Secret, SecretError},
    },
    name::Excerpt,
    op::Cx,
    registry::place::{Given, Place},
};

impl Credentials {
    /// What the user's files and helpers have for an account (`host[:port]`) and a repository there, and where it was found.
    pub async fn kept(
        &self,
        cx: &Cx,
        account: &str,
        repository: &str,
    ) -> Result<Option<Given<Secret>>, SecretError> {
        let account = key::account(account);
        for source in sources::sources(&self.0) {
            let Some((text, format)) = text_of(cx, &source).await? else { continue };
            let says = file::look(&text, format, &account, repository);
            let says = says.map_err(|Fault { line, detail }| failed(source.place(line), detail))?;
            if let Some(given) = ask(cx, &source, says, &account).await? {
                return Ok(Some(given));
            }
        }
        Ok(None)
    }
}

/// The text of a source and how it is laid out; `None` when it is not there and need not be.
pub(super) async fn text_of(cx: &Cx, source: &Source) -> Result<Option<(String, Format)>, SecretError> {
    match source {
        Source::Inline { text, .. } => Ok(Some((text.clone(), Format::Config))),
        Source::File { path, format, named_by } => match load(cx, path).await.map_err(unreadable)? {
            Some(text) => Ok(Some((text, *format))),
            None => match named_by {
                Some(place) => Err(failed(path, format!("{place} names it, but it is not there"))),
                None => Ok(None),
            },
        },
    }
}

/// Asks what a source says: the helper first, and what it does not know the file.
async fn ask(
    cx: &Cx,
    source: &Source,
    says: Says,
    account: &str,
) -> Result<Option<Given<Secret>>, SecretError> {
    if let Some((name, line)) = says.helper {
        let place = source.place(line);
        let found = helper::get(cx, &name, key::server(account)).await;
        let shown = |why| failed(&place, format!("docker-credential-{}: {why}", Excerpt::of(&name)));
        if let Some(secret) = found.map_err(shown)? {
            return Ok(Some(Given::new(secret, place)));
        }
    }
    Ok(says.entry.map(|(secret, line)| Given::new(secret, source.place(line))))
}

impl Source {
    pub(super) fn place(&self, line: usize) -> Place {
        match self {
            Self::File { path, .. } => Place::File { path: path.clone(), line },
            Self::Inline { name, .. } => Place::Variable((*name).to_owned()),
        }
    }
}

/// The text of a file, if it is there.
pub(super) async fn load(cx: &Cx, path: &str) -> Result<Option<String>, FileError> {
    let refuse = |detail: &str| FileError { path: path.to_owned(), detail: detail.to_owned() };
    match cx.file(path).await? {
        Entry::Absent => Ok(None),
        Entry::File(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| refuse("it is not text")),
        Entry::Dir(_) => Err(refuse("it is a directory")),
    }
}

fn unreadable(error: FileError) -> SecretError {
    SecretError { source_name: error.path, detail: error.detail }
}

pub(super) fn failed(place: impl std::fmt::Display, detail: String) -> SecretError {
    SecretError { source_name: place.to_string(), detail }
}
