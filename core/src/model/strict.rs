use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{DocumentError, field::Path, limits};
use crate::name::Excerpt;

/// Reads one JSON document that every reader understands alike: no name twice in an object, bounded depth, nothing
/// behind it, no byte order mark (security.md M2, M8, M13). One over `limit` bytes is not looked at.
pub(super) fn parse(bytes: &[u8], limit: u64) -> Result<Value, DocumentError> {
    let size = bytes.len() as u64;
    if size > limit {
        return Err(DocumentError::TooLarge { size, limit });
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        return Err(DocumentError::ByteOrderMark);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(DocumentError::Empty);
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    json.disable_recursion_limit(); // `Node` keeps its own
    let mut report = Report::default();
    let value = Node { path: &Path::Root, depth: 0, report: &mut report }.deserialize(&mut json);
    let value = value.map_err(|error| {
        report.refused.unwrap_or_else(|| DocumentError::Syntax {
            at: report.reached.unwrap_or_else(|| Path::Root.excerpt()),
            line: error.line(),
            column: error.column(),
            start: Excerpt::of_bytes(bytes),
        })
    })?;
    json.end().map_err(|error| DocumentError::Trailing { line: error.line(), column: error.column() })?;
    Ok(value)
}

/// What went wrong, and where: the parser's own error can carry neither.
#[derive(Default)]
struct Report {
    refused: Option<DocumentError>,
    reached: Option<Excerpt>,
}

/// Reads one value into a [`Value`].
struct Node<'a> {
    path: &'a Path<'a>,
    depth: usize,
    report: &'a mut Report,
}

impl Report {
    /// Notes why the document is refused; the error only stops the parser.
    fn refuse<E: serde::de::Error>(&mut self, why: DocumentError) -> E {
        self.refused = Some(why);
        E::custom("refused")
    }
}

impl Node<'_> {
    fn check_depth<E: serde::de::Error>(&mut self) -> Result<(), E> {
        if self.depth < limits::JSON_DEPTH {
            return Ok(());
        }
        let (at, limit) = (self.path.excerpt(), limits::JSON_DEPTH);
        Err(self.report.refuse(DocumentError::TooDeep { at, limit }))
    }

    fn child<'a>(&'a mut self, path: &'a Path<'a>) -> Node<'a> {
        Node { path, depth: self.depth + 1, report: self.report }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let (path, report) = (self.path, self.report);
        let node = Node { path, depth: self.depth, report: &mut *report };
        deserializer.deserialize_any(node).inspect_err(|_| {
            report.reached.get_or_insert_with(|| path.excerpt());
        })
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let (mut out, path) = (Vec::new(), self.path);
        while let Some(item) = items.next_element_seed(self.child(&Path::Item(path, out.len())))? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut out = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let path = Path::Member(self.path, &name);
            if out.contains_key(&name) {
                return Err(self.report.refuse(DocumentError::Duplicate { at: path.excerpt() }));
            }
            let value = members.next_value_seed(self.child(&path))?;
            out.insert(name, value);
        }
        Ok(Value::Object(out))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Value, DocumentError> {
        parse(text.as_bytes(), 10_000)
    }

    #[test]
    fn reads_what_serde_json_reads() {
        for text in ["null", " [1, -1, 1.5, true, \"\\u0061\", {}]\n", r#"{"a":{"b":[{"c":null}]}}"#] {
            assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        }
    }

    #[test]
    fn names_the_second_of_two() {
        let error = read(r#"{"a":[{},{"b":1,"c":{"d":1,"\u0064":2}}]}"#).unwrap_err();
        assert_eq!(error.to_string(), "a[1].c.d is there twice");
        // The same name in two objects is fine.
        assert!(read(r#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
    }

    #[test]
    fn counts_levels() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(&nested(128)).is_ok());
        assert!(matches!(read(&nested(129)), Err(DocumentError::TooDeep { .. })));
        assert!(matches!(read(&"[".repeat(9_000)), Err(DocumentError::TooDeep { .. })));
        assert!(matches!(read(&"{\"a\":".repeat(200)), Err(DocumentError::TooDeep { .. })));
    }

    #[test]
    fn shows_what_is_no_document() {
        assert_eq!(read(" \n"), Err(DocumentError::Empty));
        assert_eq!(read("\u{feff}{}"), Err(DocumentError::ByteOrderMark));
        assert_eq!(read(&" ".repeat(10_001)), Err(DocumentError::TooLarge { size: 10_001, limit: 10_000 }));
        assert_eq!(read("{} {}"), Err(DocumentError::Trailing { line: 1, column: 4 }));
        assert_eq!(
            read("<html>\n<title>Log in</title>").unwrap_err().to_string(),
            r"not JSON at line 1, column 1, in the document: it begins `<html>\n<title>Log in</title>`"
        );
        assert!(matches!(read(r#"{"a":[1,{"b":tru}]}"#),
            Err(DocumentError::Syntax { at, .. }) if at.to_string() == "a[1].b"));
    }

    proptest! {
        #[test]
        fn any_bytes_parse_or_fail(bytes: Vec<u8>, near in r#"[\[\]{}",:a0 \\u]{0,30}"#) {
            let _ = parse(&bytes, 10_000);
            if let Ok(value) = read(&near) {
                prop_assert_eq!(read(&value.to_string()), Ok(value));
            }
        }
    }
}
