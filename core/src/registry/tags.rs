//! The tags of a repository, page by page (distribution-spec, "Listing Tags").

use std::collections::BTreeSet;

use http::{HeaderMap, Method, header};
use serde::Deserialize;
use url::Url;

use super::{Ask, Remote};
use crate::{
    effect::{http::Shown, secret::Origin},
    error::{Error, Refusal},
    name::{Digest, Excerpt, Reference},
    op::{Cx, ReplyBody},
};

/// One page, in bytes.
const PAGE_MAX: u64 = 4 << 20;
/// Tags over all pages, and pages (security.md §9).
const TAGS_MAX: usize = 1_000_000;
const PAGES_MAX: usize = 10_000;

impl Remote {
    /// Every tag, in the order the registry gives them.
    pub async fn tags(&self, cx: &Cx) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Page {
            tags: Option<Vec<String>>,
        }
        let doing = "list tags";
        let refuse = |why| self.error(doing, why, 1);
        let mut url = self.url(&["tags", "list"]);
        let (mut tags, mut seen) = (Vec::new(), BTreeSet::new());
        while seen.insert(Digest::sha256(url.as_str().as_bytes()))
            && seen.len() <= PAGES_MAX
            && tags.len() <= TAGS_MAX
        {
            let mut ask = Ask::new(Method::GET, url.clone(), doing);
            ask.inline_max = PAGE_MAX;
            let reply = self.send(cx, ask, &[]).await?;
            let ReplyBody::Small(body) = &reply.body else {
                return Err(refuse(Refusal::TooLong { max: PAGE_MAX }));
            };
            let page: Page = serde_json::from_slice(body).map_err(|error| {
                let place = format!("line {} column {}", error.line(), error.column());
                refuse(Refusal::Malformed(format!("no tag list, at {place}")))
            })?;
            let page = page.tags.unwrap_or_default();
            if let Some(odd) = page.iter().find(|tag| tag.len() > Reference::MAX_TAG) {
                return Err(refuse(Refusal::Malformed(format!("{} is no tag", Excerpt::of(odd)))));
            }
            tags.extend(page);
            match next(&url, &reply.headers).map_err(refuse)? {
                Some(next) => url = next,
                None => return Ok(tags),
            }
        }
        Err(refuse(Refusal::Malformed(format!("the tag list does not end ({} pages)", seen.len()))))
    }
}

/// The next page of `Link: <…>; rel="next"`, which must be of the same origin and path (security.md C5).
fn next(url: &Url, headers: &HeaderMap) -> Result<Option<Url>, Refusal> {
    let Some(link) = headers.get(header::LINK).and_then(|value| value.to_str().ok()) else { return Ok(None) };
    // `<first>; rel="prev", <second>; rel="next"`: what stands before each `<` belongs to the link before it.
    let links = link.split('<').skip(1).filter_map(|link| link.split_once('>'));
    let is_next = |params: &str| params.replace(['"', ' '], "").to_ascii_lowercase().contains("rel=next");
    let Some((target, _)) = links.into_iter().find(|(_, params)| is_next(params)) else { return Ok(None) };
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
