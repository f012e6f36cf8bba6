//! JSON objects whose members know where they stand: errors can name a line, and one entry can be changed without touching the
//! rest of the user's file.

use std::{collections::BTreeSet, fmt, ops::Range};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Why a text cannot be used, and in which line. Never quotes it: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) detail: String,
}

/// One object of a JSON text.
#[derive(Debug)]
pub(super) struct Object<'a> {
    whole: &'a str,
    /// From its `{` to behind its `}`.
    span: Range<usize>,
    members: Vec<(String, &'a str)>,
}

impl<'a> Object<'a> {
    /// The object that a text is; a blank text is an empty one.
    pub(super) fn parse(whole: &'a str) -> Result<Self, Fault> {
        match whole.trim() {
            "" => Ok(Self { whole, span: 0..0, members: Vec::new() }),
            value => Self::read(whole, value),
        }
    }

    fn read(whole: &'a str, value: &'a str) -> Result<Self, Fault> {
        let start = offset(whole, value);
        let first = line(whole, start);
        let Members(members) = serde_json::from_str(value).map_err(|error| {
            let line = first + error.line().saturating_sub(1);
            let detail = if error.is_data() {
                "this is no JSON object".to_owned()
            } else {
                format!("this is not valid JSON (column {})", error.column())
            };
            Fault { line, detail }
        })?;
        let object = Self { whole, span: start..start + value.len(), members };
        let mut seen = BTreeSet::new();
        match object.members.iter().find(|(name, _)| !seen.insert(name)) {
            Some((name, value)) => {
                Err(object.fault(value, format!("{} is there twice", crate::name::Excerpt::of(name))))
            }
            None => Ok(object),
        }
    }

    /// The members in their order: name, value as it stands there.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.members.iter().map(|(name, value)| (name.as_str(), *value))
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.members().find(|(own, value)| *own == name && *value != "null").map(|(_, value)| value)
    }

    /// A member that is an object; absent and `null` are the same.
    pub(super) fn object(&self, name: &str) -> Result<Option<Self>, Fault> {
        self.get(name).map(|value| Self::read(self.whole, value)).transpose()
    }

    /// A member that is text; absent, `null` and empty are the same.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text: String = serde_json::from_str(value)
            .map_err(|_| self.fault(value, format!("{} is no text", crate::name::Excerpt::of(name))))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// The line, from 1, in which a value of this text begins.
    pub(super) fn line(&self, value: &str) -> usize {
        line(self.whole, offset(self.whole, value))
    }

    /// Something that is wrong with a value of this text.
    pub(super) fn fault(&self, value: &str, detail: impl Into<String>) -> Fault {
        Fault { line: self.line(value), detail: detail.into() }
    }

    /// The whole text with this member replaced, or added in front of the others.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        if let Some((_, old)) = self.members.iter().find(|(own, _)| own == name) {
            let start = offset(self.whole, old);
            return self.spliced(start..start + old.len(), value);
        }
        let name = serde_json::Value::from(name);
        if self.span.is_empty() {
            return format!("{{\n\t{name}: {value}\n}}\n");
        }
        let inside = self.span.start + 1;
        let rest = self.whole.get(inside..).unwrap_or_default();
        let gap = rest.get(..rest.len() - rest.trim_start().len()).unwrap_or_default();
        if self.members.is_empty() {
            return self.spliced(inside..inside + gap.len(), &format!("{name}: {value}"));
        }
        let space = if gap.is_empty() { " " } else { gap };
        self.spliced(inside..inside + gap.len(), &format!("{gap}{name}: {value},{space}"))
    }

    /// The whole text without this member.
    pub(super) fn without(&self, name: &str) -> String {
        let Some(at) = self.members.iter().position(|(own, _)| own == name) else {
            return self.whole.to_owned();
        };
        let end = |(_, value): &(String, &str)| offset(self.whole, value) + value.len();
        let own_end = self.members.get(at).map_or(self.span.end, end);
        let rest = self.whole.get(own_end..).unwrap_or_default();
        match at.checked_sub(1).and_then(|before| self.members.get(before)) {
            // From behind the member before it: its comma goes along.
            Some(before) => self.spliced(end(before)..own_end, ""),
            None if self.members.len() > 1 => {
                let comma = rest.find(',').map_or(0, |comma| comma + 1);
                self.spliced(self.span.start + 1..own_end + comma, "")
            }
            None => self.spliced(self.span.start + 1..self.span.end - 1, ""),
        }
    }

    fn spliced(&self, range: Range<usize>, with: &str) -> String {
        let mut text = self.whole.to_owned();
        text.replace_range(range, with);
        text
    }
}

/// Where a part of a text begins.
fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize).min(whole.len())
}

fn line(whole: &str, offset: usize) -> usize {
    let before = whole.as_bytes().get(..offset).unwrap_or_default();
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// The members of an object, unread.
struct Members<'a>(Vec<(String, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Vec<(String, &'de str)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Read).map(Members)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str =
        "{\n\t\"auths\": {\n\t\t\"a\": {},\n\t\t\"b\": {\"x\": 1}\n\t},\n\t\"other\": [1, 2.50]\n}\n";

    #[test]
    fn members_know_their_lines() {
        let file = Object::parse(FILE).unwrap();
        let auths = file.object("auths").unwrap().unwrap();
        let lines: Vec<_> =
            auths.members().map(|(name, value)| (name.to_owned(), auths.line(value))).collect();
        assert_eq!(lines, [("a".to_owned(), 3), ("b".to_owned(), 4)]);
        assert_eq!(
            file.object("other").unwrap_err(),
            Fault { line: 6, detail: "this is no JSON object".to_owned() }
        );
        assert_eq!(Object::parse("{\n\"a\": }").unwrap_err().line, 2);
        assert_eq!(Object::parse("{\"a\": 1,\n\"a\": 2}").unwrap_err().detail, "a is there twice");
        assert!(Object::parse(" \n").unwrap().members().next().is_none());
    }

    #[test]
    fn one_member_changes_and_the_rest_stays() {
        let change = |name: &str, value: &str| {
            Object::parse(FILE).unwrap().object("auths").unwrap().unwrap().with(name, value)
        };
        assert_eq!(change("b", "7"), FILE.replace("{\"x\": 1}", "7"));
        assert_eq!(change("c", "7"), FILE.replace("\t\t\"a\": {}", "\t\t\"c\": 7,\n\t\t\"a\": {}"));
        let remove =
            |name: &str| Object::parse(FILE).unwrap().object("auths").unwrap().unwrap().without(name);
        assert_eq!(remove("a"), FILE.replace("\n\t\t\"a\": {},", ""));
        assert_eq!(remove("b"), FILE.replace(",\n\t\t\"b\": {\"x\": 1}", ""));
        assert_eq!(Object::parse("{ \"a\": 1 }").unwrap().without("a"), "{}");
        assert_eq!(Object::parse("").unwrap().with("a", "1"), "{\n\t\"a\": 1\n}\n");
        assert_eq!(Object::parse("{ }").unwrap().with("a", "1"), "{\"a\": 1}");
        assert_eq!(Object::parse("{\"b\":2}").unwrap().with("a", "1"), "{\"a\": 1, \"b\":2}");
    }

    proptest! {
        #[test]
        fn what_is_changed_can_be_read_again(names in prop::collection::btree_map("[a-c\"\\\\ü]{0,2}", 0..9u32, 0..5), name in "[a-c\"\\\\ü]{0,2}", pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&names) } else { serde_json::to_string(&names) }.unwrap();
            let mut want = names.clone();
            want.insert(name.clone(), 77);
            let with = Object::parse(&text).unwrap().with(&name, "77");
            prop_assert_eq!(serde_json::from_str::<std::collections::BTreeMap<String, u32>>(&with).unwrap(), want);
            let mut want = names;
            want.remove(&name);
            let without = Object::parse(&with).unwrap().without(&name);
            prop_assert_eq!(serde_json::from_str::<std::collections::BTreeMap<String, u32>>(&without).unwrap(), want);
        }

        #[test]
        fn any_text_is_read_or_refused(text in r#"[\[\]{}",:a0 \\un]{0,40}"#) {
            if let Ok(object) = Object::parse(&text) {
                for (name, _) in object.members() {
                    let _ = (object.object(name), object.text(name));
                }
            }
        }
    }
}
