use super::{
    DocumentError,
    field::{Field, Object},
    limits, strict,
};

/// One image of what `docker save` writes, as its `manifest.json` tells it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Saved {
    /// The path of the configuration in the archive.
    pub config: String,
    /// Names with a tag, as people write them.
    pub tags: Vec<String>,
    /// The paths of the layers, lowest first.
    pub layers: Vec<String>,
}

impl Saved {
    /// Reads `manifest.json`.
    pub fn parse(bytes: &[u8]) -> Result<Vec<Saved>, DocumentError> {
        let value = strict::parse(bytes, limits::MANIFEST_BYTES)?;
        Field::root(&value).items(limits::INDEX_ENTRIES, |image| {
            let object = image.object(&["Config", "RepoTags", "Layers"])?;
            // Go writes an empty list as null.
            let texts = |name: &str, limit: usize| texts(&object, name, limit);
            Ok(Saved {
                config: object.require("Config")?.text()?.to_owned(),
                tags: texts("RepoTags", limits::INDEX_ENTRIES)?,
                layers: texts("Layers", limits::LAYERS)?,
            })
        })
    }
}

fn texts(object: &Object<'_>, name: &str, limit: usize) -> Result<Vec<String>, DocumentError> {
    match object.get(name).filter(|field| !field.value.is_null()) {
        Some(field) => field.items(limit, |item| item.text().map(str::to_owned)),
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_docker_writes() {
        let saved = Saved::parse(
            br#"[{"Config":"a.json","RepoTags":["a:1"],"Layers":["b/layer.tar"],"LayerSources":{}},{"Config":"c","RepoTags":null,"Layers":null}]"#,
        );
        let saved = saved.unwrap();
        assert_eq!((&*saved[0].config, saved[0].tags.len(), saved[0].layers.len()), ("a.json", 1, 1));
        assert_eq!((saved[1].tags.len(), saved[1].layers.len()), (0, 0));
        assert_eq!(
            Saved::parse(br#"[{"config":"a"}]"#).unwrap_err().to_string(),
            "the document[0].config is `Config` in another letter case"
        );
        assert!(Saved::parse(br#"{"Config":"a"}"#).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_parse_or_fail(bytes: Vec<u8>) {
            let _ = Saved::parse(&bytes);
        }
    }
}
