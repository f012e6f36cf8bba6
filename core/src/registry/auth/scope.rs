//! Scopes: what a token is good for (distribution token specification; containerd.md §3.3).

/// The scope of a repository: to read it, or to write it as well.
pub fn repository(name: &str, push: bool) -> String {
    format!("repository:{name}:{}", if push { "pull,push" } else { "pull" })
}

/// The request's own scopes and those of a challenge, sorted, each once. No grammar: `pull` and `pull,push` both stay.
pub fn merge<'a>(
    own: impl IntoIterator<Item = &'a str>,
    challenge: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let all = own.into_iter().chain(challenge).filter(|scope| !scope.is_empty());
    let mut scopes: Vec<_> = all.map(str::to_owned).collect();
    scopes.sort();
    scopes.dedup();
    scopes
}
