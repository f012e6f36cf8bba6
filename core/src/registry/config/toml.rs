//! TOML with the line of everything, in the order in which things are first mentioned.

use ::toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{
    ConfigError,
    source::{Source, quoted},
};
use crate::registry::place::{Given, Place};

/// Parses a text; the error is on the line where it stops to be TOML.
pub(super) fn parse<'a>(source: &Source<'a>) -> Result<DeTable<'a>, ConfigError> {
    DeTable::parse(source.text()).map(Spanned::into_inner).map_err(|error| {
        let at = error.span().map_or(source.text().len(), |span| span.start);
        source.invalid(at, format!("not TOML: {}", crate::name::Excerpt::of(error.message())))
    })
}

/// A table.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    source: &'a Source<'a>,
    table: &'a DeTable<'a>,
}

/// A value, with its name and its line.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    source: &'a Source<'a>,
    name: &'a str,
    at: usize,
    value: &'a DeValue<'a>,
}

impl<'a> Table<'a> {
    pub(super) fn root(source: &'a Source<'a>, table: &'a DeTable<'a>) -> Self {
        Self { source, table }
    }

    pub(super) fn get(&self, name: &str) -> Option<Item<'a>> {
        let (key, value) = self.table.get_key_value(name)?;
        Some(self.item(key, value))
    }

    /// Everything in it, by first mention in the file: `[a.b.c]` mentions `a.b` as well.
    pub(super) fn items(&self) -> Vec<Item<'a>> {
        let mut items: Vec<_> = self.table.iter().map(|(key, value)| self.item(key, value)).collect();
        items.sort_by_key(|item| item.at);
        items
    }

    fn item(&self, key: &'a Spanned<DeString<'a>>, value: &'a Spanned<DeValue<'a>>) -> Item<'a> {
        let (source, at) = (self.source, first_mention(key, value));
        Item { source, name: key.get_ref(), at, value: value.get_ref() }
    }
}

impl<'a> Item<'a> {
    pub(super) fn name(&self) -> &'a str {
        self.name
    }

    pub(super) fn place(&self) -> Place {
        self.source.place(self.at)
    }

    pub(super) fn invalid(&self, detail: impl Into<String>) -> ConfigError {
        self.source.invalid(self.at, detail)
    }

    fn wrong(&self, want: &str) -> ConfigError {
        self.invalid(format!("{} must be {want}", quoted(self.name)))
    }

    pub(super) fn given<T>(&self, value: T) -> Given<T> {
        Given::new(value, self.place())
    }

    pub(super) fn text(&self) -> Result<&'a str, ConfigError> {
        self.value.as_str().ok_or_else(|| self.wrong("a string"))
    }

    pub(super) fn boolean(&self) -> Result<Given<bool>, ConfigError> {
        match self.value.as_bool() {
            Some(value) => Ok(self.given(value)),
            None => Err(self.wrong("true or false")),
        }
    }

    pub(super) fn table(&self) -> Result<Table<'a>, ConfigError> {
        let table = self.value.as_table().ok_or_else(|| self.wrong("a table"))?;
        Ok(Table { source: self.source, table })
    }

    pub(super) fn is_text(&self) -> bool {
        self.value.is_str()
    }

    /// The elements of an array, under its name.
    pub(super) fn array(&self) -> Result<Vec<Item<'a>>, ConfigError> {
        let array = self.value.as_array().ok_or_else(|| self.wrong("an array"))?;
        let item = |value: &'a Spanned<DeValue<'a>>| Item {
            at: value.span().start,
            value: value.get_ref(),
            ..*self
        };
        Ok(array.iter().map(item).collect())
    }

    /// A string for itself, or an array: what may be given once or several times.
    pub(super) fn one_or_more(&self) -> Result<Vec<Item<'a>>, ConfigError> {
        match self.value {
            DeValue::String(_) => Ok(vec![*self]),
            DeValue::Array(_) => self.array(),
            _ => Err(self.wrong("a string or an array of strings")),
        }
    }
}

/// A header `[a.b]` that comes after `[a.b.c]` takes the place of the earlier mention in the parser's keys, not in its values'.
fn first_mention(key: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) -> usize {
    let below = match value.get_ref() {
        DeValue::Table(table) => table.iter().map(|(key, value)| first_mention(key, value)).min(),
        _ => None,
    };
    below.map_or(key.span().start, |below| below.min(key.span().start))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn order(text: &str) -> Vec<String> {
        let source = Source::new("f", text);
        let root = parse(&source).unwrap();
        let table = Table::root(&source, &root).get("host").unwrap().table().unwrap();
        table.items().iter().map(|item| format!("{} {}", item.name(), item.place())).collect()
    }

    #[test]
    fn tables_come_by_first_mention() {
        assert_eq!(order("[host.z]\n[host.b]\n[host.a]\n"), ["z f:1", "b f:2", "a f:3"]);
        assert_eq!(order("[host.z.header]\nx='1'\n[host.a]\n[host.z]\n"), ["z f:1", "a f:3"]);
        assert_eq!(order("host.z.c = 1\nhost.a = {}\n"), ["z f:1", "a f:2"]);
    }

    #[test]
    fn what_is_no_toml_says_where() {
        for (text, line) in [("a = 1\nb = \"x\n", 2), ("a = 1\na = 2", 2), ("[a]\n[a]", 2), ("\n\n=", 3)] {
            let error = parse(&Source::new("f", text)).unwrap_err().to_string();
            assert!(error.starts_with(&format!("f:{line}: not TOML: ")), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String, near in "[\\[\\]a-c.=\"'{}\n 1#,]{0,60}") {
            for text in [text, near] {
                let _ = parse(&Source::new("f", &text));
            }
        }
    }
}
