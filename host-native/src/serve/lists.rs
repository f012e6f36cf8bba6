//! Lists of tags in pages: a registry is asked for all of them once, not once for each page.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use lugger_core::registry::bridge::Told;

/// Tags of one page: whatever they are made of, a page is less than the 4 MiB that its reader allows.
const PAGE: usize = 5000;
/// A list is kept so long for its further pages.
const FRESH: Duration = Duration::from_secs(60);

/// The list that was asked for last.
#[derive(Default)]
pub(super) struct Lists(Mutex<Option<Kept>>);

struct Kept {
    name: String,
    asked: Instant,
    tags: Arc<Vec<String>>,
}

/// A page, and the tag after which the next one begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) tags: Vec<String>,
    pub(super) last: Option<String>,
    pub(super) n: usize,
}

impl Lists {
    /// A page of the list of a name, which is fetched if it is the first page or not known.
    pub(super) fn page(
        &self,
        name: &str,
        n: Option<usize>,
        last: Option<&str>,
        fetch: impl FnOnce() -> Result<Vec<String>, Told>,
    ) -> Result<Page, Told> {
        let n = n.unwrap_or(PAGE).clamp(1, PAGE);
        let tags = match last.and_then(|_| self.kept(name)) {
            Some(tags) => tags,
            None => Arc::new(fetch()?),
        };
        let from = match last {
            None => 0,
            Some(last) => match tags.iter().position(|tag| tag == last) {
                Some(at) => at + 1,
                None => return Err(Told::invalid("the list has changed: start at its beginning")),
            },
        };
        let page: Vec<_> = tags.iter().skip(from).take(n).cloned().collect();
        let last = page.last().filter(|_| from + page.len() < tags.len()).cloned();
        if last.is_some() {
            self.keep(name, tags);
        }
        Ok(Page { tags: page, last, n })
    }

    fn kept(&self, name: &str) -> Option<Arc<Vec<String>>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.as_ref().filter(|it| it.name == name && it.asked.elapsed() < FRESH);
        kept.map(|it| Arc::clone(&it.tags))
    }

    fn keep(&self, name: &str, tags: Arc<Vec<String>>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(Kept { name: name.to_owned(), asked: Instant::now(), tags });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_join_up_and_the_registry_is_asked_once() {
        let (lists, mut asked) = (Lists::default(), 0);
        let all: Vec<_> = (0..12_000).map(|n| format!("v{n}")).collect();
        let (mut last, mut joined, mut pages) = (None::<String>, Vec::new(), 0);
        loop {
            let fetch = || {
                asked += 1;
                Ok(all.clone())
            };
            let page = lists.page("r.example/a", Some(usize::MAX), last.as_deref(), fetch).unwrap();
            joined.extend(page.tags);
            pages += 1;
            last = page.last;
            if last.is_none() {
                break;
            }
        }
        assert_eq!((joined == all, pages, asked), (true, 3, 1));
        let other = lists.page("r.example/b", None, Some("gone"), || Ok(vec!["x".to_owned()]));
        assert_eq!(other.map_err(|told| told.status), Err(400));
    }
}
