//! The tags of a repository, page by page (distribution-spec, "Listing Tags").

use http::{HeaderMap, Method, header};
use serde::Deserialize;
use url::Url;

use super::{Ask, Turn, item::Item};
use crate::{
    effect::{http::Shown, secret::Origin},
    error::Refusal,
    name::{Digest, Excerpt, Reference},
    op::{Cx, ReplyBody},
    small::SmallSet,
};

/// One page, in bytes.
const PAGE_MAX: u64 = 4 << 20;
/// Tags over all pages, and pages (security.md §9).
const TAGS_MAX: usize = 1_000_000;
const PAGES_MAX: usize = 10_000;

/// A list of tags that is being read. What was read stays when a page has to be asked for again.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Whose it is, and its next page. Pages of two endpoints do not belong together.
    next: Option<(usize, Url)>,
    seen: SmallSet<Digest>,
    tags: Vec<String>,
}

impl Listing {
    pub(super) fn into_tags(self) -> Vec<String> {
        self.tags
    }
}

impl Turn<'_> {
    /// Reads on to the last page.
    pub(super) async fn pages(&self, cx: &Cx, listing: &mut Listing) -> Result<(), Refusal> {
        let mut url = match listing.next.take() {
            Some((at, url)) if at == self.at => url,
            _ => {
                *listing = Listing::default();
                self.url(Item::Tags)
            }
        };
        loop {
            listing.next = Some((self.at, url.clone()));
            let (page, mut next) = self.page(cx, &url).await?;
            if next.is_none() && !cx.caps().all_headers {
                // The link may be there and not be shown to us. A registry that does not know `last` gives the same page again.
                let is_new = page.last().filter(|last| listing.tags.last() != Some(last));
                next = is_new.map(|last| after(&url, last));
                if is_new.is_none() {
                    return Ok(());
                }
            }
            listing.tags.extend(page);
            let is_new = listing.seen.insert(Digest::sha256(url.as_str().as_bytes()));
            let Some(mut next) = next else { return Ok(()) };
            self.remote.endpoint.say_namespace(&mut next);
            if !is_new || listing.seen.len() > PAGES_MAX || listing.tags.len() > TAGS_MAX {
                let pages = listing.seen.len();
                return Err(Refusal::Endless { pages });
            }
            url = next;
        }
    }

    async fn page(&self, cx: &Cx, url: &Url) -> Result<(Vec<String>, Option<Url>), Refusal> {
        #[derive(Deserialize)]
        struct Page {
            tags: Option<Vec<String>>,
        }
        let mut ask = Ask::new(Method::GET, url.clone());
        ask.inline_max = PAGE_MAX;
        let reply = self.send(cx, ask, &[]).await?;
        let ReplyBody::Small(body) = &reply.body else {
            return Err(Refusal::TooLong { max: PAGE_MAX });
        };
        let page: Page = serde_json::from_slice(body).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            Refusal::Malformed(format!("no tag list, at {place}"))
        })?;
        let page = page.tags.unwrap_or_default();
        if let Some(odd) = page.iter().find(|tag| tag.len() > Reference::MAX_TAG) {
            return Err(Refusal::Malformed(format!("{} is no tag", Excerpt::of(odd))));
        }
        Ok((page, next(url, &reply.headers)?))
    }
}

/// The page after this tag.
fn after(url: &Url, last: &str) -> Url {
    let mut next = url.clone();
    let others: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(key, _)| key != "last").collect();
    next.query_pairs_mut().clear().extend_pairs(others).append_pair("last", last);
    next
}

/// The next page of `Link: <…>; rel="next"`, which must be of the same origin and path (security.md C5).
pub(super) fn next(url: &Url, headers: &HeaderMap) -> Result<Option<Url>, Refusal> {
    let lines = headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
    // `<first>; rel="prev", <second>; rel="next"`: what stands before each `<` belongs to the link before it.
    let mut links = lines.flat_map(|line| line.split('<').skip(1)).filter_map(|link| link.split_once('>'));
    let is_next = |params: &str| params.replace(['"', ' '], "").to_ascii_lowercase().contains("rel=next");
    let Some((target, _)) = links.find(|(_, params)| is_next(params)) else { return Ok(None) };
    let next = url.join(target).map_err(|error| Refusal::Malformed(format!("Link: {error}")))?;
    if Origin::of(&next) != Origin::of(url) || next.path() != url.path() {
        return Err(Refusal::Malformed(format!("Link leads elsewhere: {}", Shown(&next))));
    }
    Ok(Some(next))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn links_lead_on_but_not_away() {
        let url = Url::parse("https://r.example/v2/a/tags/list").unwrap();
        let follow = |link: &'static str| {
            next(&url, &HeaderMap::from_iter([(header::LINK, HeaderValue::from_static(link))]))
                .map(|next| next.map(|url| url.to_string()))
        };
        let page = Ok(Some("https://r.example/v2/a/tags/list?last=b&n=2".to_owned()));
        assert_eq!(follow(r#"</v2/a/tags/list?last=b&n=2>; rel="next""#), page);
        assert_eq!(follow("<https://r.example/v2/a/tags/list?last=b&n=2>; rel=next"), page);
        let two = r#"</v2/a/tags/list?last=a>; rel="prev", </v2/a/tags/list?last=b&n=2>; rel="next""#;
        assert_eq!(follow(two), page);
        assert_eq!(follow(r#"</v2/a/tags/list?last=b>; rel="prev""#), Ok(None));
        assert_eq!(follow("nonsense"), Ok(None));
        for away in [
            r#"<https://evil.example/v2/a/tags/list>; rel="next""#,
            r#"<http://r.example/v2/a/tags/list>; rel="next""#,
            r#"</v2/secret/tags/list>; rel="next""#,
        ] {
            assert!(follow(away).is_err(), "{away}");
        }
    }

    proptest! {
        #[test]
        fn any_link_leads_to_the_same_place_or_nowhere(value in "[ -~]{0,80}", target in "[ -~]{0,60}") {
            let url = Url::parse("https://r.example/v2/a/tags/list?n=2").unwrap();
            for link in [value, format!("<{target}>; rel=next")] {
                let headers = HeaderMap::from_iter([(header::LINK, HeaderValue::from_str(&link).unwrap())]);
                if let Ok(Some(next)) = next(&url, &headers) {
                    prop_assert_eq!((Origin::of(&next), next.path()), (Origin::of(&url), url.path()));
                }
            }
        }
    }
}
