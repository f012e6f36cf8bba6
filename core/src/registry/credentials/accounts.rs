//! Which registries the user has credentials for, as far as files say it.

use std::collections::BTreeSet;

use super::{
    Credentials,
    file::Format,
    json::{Fault, Object},
    kept::{failed, text_of},
    key::{account, hostname},
    sources::sources,
};
use crate::{effect::secret::SecretError, op::Cx};

impl Credentials {
    /// The accounts (`host[:port]`) that the files name, in order.
    pub async fn accounts(&self, cx: &Cx) -> Result<Vec<String>, SecretError> {
        let mut all = BTreeSet::new();
        for source in sources(&self.0) {
            let Some((text, format)) = text_of(cx, &source).await? else { continue };
            let names = names(&text, format);
            let wrong = |Fault { line, detail }| failed(source.place(line), detail);
            all.extend(names.map_err(wrong)?);
        }
        Ok(all.into_iter().collect())
    }
}

fn names(text: &str, format: Format) -> Result<Vec<String>, Fault> {
    let file = Object::parse(text)?;
    let of = |object: &Object<'_>| -> Vec<_> {
        object.members().map(|(key, _)| account(&hostname(key))).filter(|name| !name.is_empty()).collect()
    };
    if format == Format::Legacy {
        return Ok(of(&file));
    }
    let mut names = Vec::new();
    for part in ["auths", "credHelpers"] {
        names.extend(file.object(part)?.iter().flat_map(of));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_spelling() {
        let text = r#"{"auths":{"https://index.docker.io/v1/":{},"R.example:5000":{},"quay.io/team":{}},
            "credHelpers":{"ghcr.io":"x"},"credsStore":"y"}"#;
        let found = names(text, Format::Config).map_err(|fault| fault.detail);
        assert_eq!(
            found,
            Ok(["docker.io", "r.example:5000", "quay.io", "ghcr.io"].map(str::to_owned).to_vec())
        );
        assert_eq!(
            names(r#"{"a.example":{}}"#, Format::Legacy).map_err(|fault| fault.detail),
            Ok(vec!["a.example".to_owned()])
        );
        assert!(names("{", Format::Config).is_err());
    }
}
