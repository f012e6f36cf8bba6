//! Paths within an archive.

/// The longest path (security.md §9).
const MAX: usize = 4096;

/// A path that stands in an archive, in its plain form; `None` for one that leads out of it, to its root, or is too long.
pub(super) fn plain(path: &str) -> Option<String> {
    resolve("", path)
}

/// Where a path leads that is relative to a directory.
pub(super) fn resolve(dir: &str, path: &str) -> Option<String> {
    if path.len() > MAX || dir.len() > MAX {
        return None;
    }
    let (dir, mut parts) = (if path.starts_with('/') { "" } else { dir }, Vec::new());
    for part in split(dir).chain(split(path)) {
        match part {
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// What a path stands in.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !matches!(*part, "" | "."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn leads_nowhere_else() {
        assert_eq!(plain("./a//b/").as_deref(), Some("a/b"));
        assert_eq!(plain("/a/./b").as_deref(), Some("a/b"));
        assert_eq!(plain("a/../b").as_deref(), Some("b"));
        for out in ["", "/", "..", "a/../..", "../../etc/passwd", "."] {
            assert_eq!(plain(out), None, "{out}");
        }
        assert_eq!(resolve("a/b", "../c/layer.tar").as_deref(), Some("a/c/layer.tar"));
        assert_eq!(resolve("a", "../../x"), None);
        assert_eq!((parent("a/b/c"), parent("a")), ("a/b", ""));
    }

    proptest! {
        #[test]
        fn a_plain_path_stays_what_it_is(path in "[a./]{0,20}", dir in "[a./]{0,10}") {
            if let Some(plainer) = resolve(&dir, &path) {
                prop_assert_eq!(plain(&plainer), Some(plainer.clone()));
                prop_assert!(!plainer.split('/').any(|part| matches!(part, "" | "." | "..")));
            }
        }
    }
}
