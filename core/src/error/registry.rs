//! A repository that did not give what was asked for, and every endpoint that was asked.

use std::fmt;

use super::{Error, Refusal};

/// A repository that did not give what was asked for, at any of its endpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct RegistryError {
    /// What was being done.
    pub doing: String,
    /// The most telling attempt: what an endpoint said before what nobody said, the registry itself before its mirrors.
    pub first: Attempt,
    /// The other endpoints that were asked, in the same order.
    pub others: Vec<Attempt>,
}

/// What one endpoint was asked, and what came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The origin of the endpoint.
    pub registry: String,
    /// The repository there; empty when it is about the registry as a whole.
    pub repository: String,
    /// The request that failed: `GET https://…`, query values masked; empty if none was sent.
    pub asked: String,
    /// What came back the last time.
    pub why: Refusal,
    /// How often it was tried.
    pub tries: u32,
}

impl RegistryError {
    /// Every attempt, the most telling first.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl std::error::Error for RegistryError {}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { doing, first, others } = self;
        let tries = |n: &u32| if *n > 1 { format!(" (after {n} tries)") } else { String::new() };
        let Attempt { registry, repository, why, .. } = first;
        match repository.as_str() {
            "" => write!(f, "{doing} {registry}: {why}{}", tries(&first.tries))?,
            repository => {
                write!(f, "{doing} from {registry} (repository {repository}): {why}{}", tries(&first.tries))?;
            }
        }
        for Attempt { registry, why, tries: n, .. } in others {
            write!(f, "; from {registry}: {why}{}", tries(n))?;
        }
        Ok(())
    }
}

impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Self {
        Self::Registry(Box::new(error))
    }
}
