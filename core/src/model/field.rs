use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::DocumentError;
use crate::name::{Digest, Excerpt, MediaType};

/// Where a value stands in its document.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// The path for a message, as in `layers[2].digest`.
    pub(super) fn excerpt(&self) -> Excerpt {
        Excerpt::of(&self.text())
    }

    fn text(&self) -> String {
        match self {
            Path::Root => "the document".to_owned(),
            Path::Member(Path::Root, name) => (*name).to_owned(),
            Path::Member(parent, name) => format!("{}.{name}", parent.text()),
            Path::Item(parent, at) => format!("{}[{at}]", parent.text()),
        }
    }
}

/// A value of a strictly read document, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) value: &'a Value,
    pub(super) path: Path<'a>,
}

impl<'a> Field<'a> {
    /// The whole document.
    pub(super) fn root(value: &'a Value) -> Field<'a> {
        Field { value, path: Path::Root }
    }

    /// The error that this must be something else.
    pub(super) fn wrong(&self, want: &'static str) -> DocumentError {
        DocumentError::Wrong { at: self.path.excerpt(), want }
    }

    pub(super) fn text(&self) -> Result<&'a str, DocumentError> {
        self.value.as_str().ok_or_else(|| self.wrong("a string"))
    }

    pub(super) fn flag(&self) -> Result<bool, DocumentError> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    /// A number of bytes: an integer that every reader can hold.
    pub(super) fn size(&self) -> Result<u64, DocumentError> {
        let size = self.value.as_u64().filter(|&size| size <= i64::MAX as u64);
        size.ok_or_else(|| self.wrong("an integer from 0 to 9223372036854775807"))
    }

    pub(super) fn digest(&self) -> Result<Digest, DocumentError> {
        self.text()?.parse().map_err(|why| DocumentError::Digest { at: self.path.excerpt(), why })
    }

    pub(super) fn media_type(&self) -> Result<MediaType, DocumentError> {
        MediaType::parse(self.text()?)
            .map_err(|why| DocumentError::MediaType { at: self.path.excerpt(), why })
    }

    /// Reads every item of an array of at most `limit`.
    pub(super) fn items<T>(
        &self,
        limit: usize,
        read: impl Fn(Field<'_>) -> Result<T, DocumentError>,
    ) -> Result<Vec<T>, DocumentError> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("an array"))?;
        if items.len() > limit {
            return Err(DocumentError::TooMany { at: self.path.excerpt(), count: items.len(), limit });
        }
        let read = |(at, value)| read(Field { value, path: Path::Item(&self.path, at) });
        items.iter().enumerate().map(read).collect()
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, DocumentError> {
        self.items(usize::MAX, |item| item.text().map(str::to_owned))
    }

    /// The names in an object of empty objects, which is how Go writes a set; in order.
    pub(super) fn names(&self) -> Result<Vec<String>, DocumentError> {
        let members = self.value.as_object().ok_or_else(|| self.wrong("an object of objects"))?;
        let read = |(name, value): (&String, &Value)| {
            Field { value, path: Path::Member(&self.path, name) }.object(&[])?;
            Ok(name.clone())
        };
        members.iter().map(read).collect()
    }

    /// An object of strings.
    pub(super) fn text_map(&self) -> Result<BTreeMap<String, String>, DocumentError> {
        let members = self.value.as_object().ok_or_else(|| self.wrong("an object of strings"))?;
        let read = |(name, value): (&String, &Value)| {
            let text = Field { value, path: Path::Member(&self.path, name) }.text()?;
            Ok((name.clone(), text.to_owned()))
        };
        members.iter().map(read).collect()
    }

    /// An object whose `known` members are written exactly so: one in another letter case, which some readers would
    /// take for it, is refused (security.md M2). Unknown members are left alone.
    pub(super) fn object(&self, known: &[&'static str]) -> Result<Object<'a>, DocumentError> {
        let members = self.value.as_object().ok_or_else(|| self.wrong("an object"))?;
        let object = Object { members, path: self.path };
        match object.variant_of(known, |name, known| name != known) {
            Some((at, known)) => Err(DocumentError::LetterCase { at, known }),
            None => Ok(object),
        }
    }
}

/// An object of a strictly read document.
pub(super) struct Object<'a> {
    members: &'a Map<String, Value>,
    path: Path<'a>,
}

impl Object<'_> {
    /// The member of this name, even if it is null.
    pub(super) fn get<'b>(&'b self, name: &'b str) -> Option<Field<'b>> {
        Some(Field { value: self.members.get(name)?, path: Path::Member(&self.path, name) })
    }

    pub(super) fn require<'b>(&'b self, name: &'b str) -> Result<Field<'b>, DocumentError> {
        let missing = || DocumentError::Missing { at: Path::Member(&self.path, name).excerpt() };
        self.get(name).ok_or_else(missing)
    }

    /// Reads the member of this name, if there is one.
    pub(super) fn read<'b, T>(
        &'b self,
        name: &'b str,
        read: impl FnOnce(Field<'b>) -> Result<T, DocumentError>,
    ) -> Result<Option<T>, DocumentError> {
        self.get(name).map(read).transpose()
    }

    /// The first member called one of `names` in any letter case, and which of them it is.
    pub(super) fn find(&self, names: &[&'static str]) -> Option<(Excerpt, &'static str)> {
        self.variant_of(names, |_, _| true)
    }

    fn variant_of(
        &self,
        names: &[&'static str],
        is_meant: impl Fn(&str, &str) -> bool,
    ) -> Option<(Excerpt, &'static str)> {
        self.members.keys().find_map(|member| {
            let known = names.iter().find(|name| same_letters(member, name) && is_meant(member, name))?;
            Some((Path::Member(&self.path, member).excerpt(), *known))
        })
    }
}

/// Whether Go's decoder would take one name for the other: it also folds the long s and the Kelvin sign.
fn same_letters(a: &str, b: &str) -> bool {
    let fold = |c: char| match c {
        'ſ' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    a.chars().map(fold).eq(b.chars().map(fold))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn letter_case_is_told_from_another_name() {
        let error = |value: Value| Field::root(&value).object(&["layers", "platform"]).err();
        assert_eq!(error(json!({"layers": 1, "layer": 1, "x": 1})), None);
        for name in ["Layers", "layerS", "layerſ"] {
            assert!(matches!(
                error(json!({name: 1})),
                Some(DocumentError::LetterCase { known: "layers", .. })
            ));
        }
    }

    #[test]
    fn sizes_are_whole_and_fit_everywhere() {
        let size = |value: Value| Field::root(&value).size().ok();
        assert_eq!(size(json!(0)), Some(0));
        assert_eq!(size(json!(i64::MAX)), Some(i64::MAX as u64));
        for value in [json!(-1), json!(1.0), json!("1"), json!(null), json!(u64::MAX), json!(1e30)] {
            assert_eq!(size(value.clone()), None, "{value}");
        }
    }

    #[test]
    fn errors_name_the_path() {
        let value = json!({"a": [{"b": 1}]});
        let root = Field::root(&value).object(&[]).unwrap();
        let read = |item: Field<'_>| item.object(&[])?.require("b")?.text().map(str::to_owned);
        let error = root.require("a").unwrap().items(1, read).unwrap_err();
        assert_eq!(error.to_string(), "a[0].b must be a string");
        assert_eq!(root.require("z").err().unwrap().to_string(), "z is missing");
        let error = root.require("a").unwrap().items(0, read).unwrap_err();
        assert_eq!(error.to_string(), "a has 1 items, more than 0");
    }
}
