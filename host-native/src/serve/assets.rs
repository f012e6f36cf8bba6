//! The page: files that were built into this program.

use crate::server::Response;

/// One file: its path from the root, its type, its bytes.
struct Asset {
    path: &'static str,
    mime: &'static str,
    bytes: &'static [u8],
}

// `ASSETS`, sorted by path: written by build.rs.
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file of a path, which is looked up as it was sent: nothing is decoded, and no disk is looked at.
pub(super) fn answer(path: &str) -> Option<Response> {
    let name = if path == "/" { "index.html" } else { path.strip_prefix('/')? };
    let at = ASSETS.binary_search_by(|asset| asset.path.cmp(name)).ok()?;
    let asset = ASSETS.get(at)?;
    // The bundler puts a hash of the content into the names below `assets/`.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let response = Response::new(200, asset.bytes);
    Some(response.with("Content-Type", asset.mime).with("Cache-Control", cache))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_page_and_nothing_beside_it() {
        let page = answer("/").unwrap();
        assert!(page.headers.contains(&("Content-Type", "text/html; charset=utf-8".to_owned())));
        assert!(page.headers.contains(&("Cache-Control", "no-cache".to_owned())));
        assert!(ASSETS.is_sorted_by_key(|asset| asset.path));
        for odd in
            ["", "//", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "/./index.html", "/index.html/", "/INDEX.HTML"]
        {
            assert!(answer(odd).is_none(), "{odd}");
        }
    }
}
