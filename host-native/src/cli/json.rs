//! JSON that can be printed to a terminal: what one would act on is escaped, as `\u009b`.

use std::io::{self, Write};

use lugger::core::name::Inert;
use serde::Serialize;
use serde_json::{Serializer, ser::Formatter};

/// A value on one line.
pub(crate) fn line(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Escaping)).expect("results are JSON");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for c in fragment.chars() {
            if c.is_ascii() && !c.is_ascii_control() || !is_acted_on(c) {
                write!(writer, "{c}")?;
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

/// Whether a terminal may do more with it than show it.
fn is_acted_on(c: char) -> bool {
    let text = c.to_string();
    Inert(&text).to_string() != text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_json_itself_would_let_through() {
        let text = "a\u{1b}[2J\u{9b}\u{7f}\u{202e}\u{e0041}é\"\\\n日";
        let line = line(&text);
        assert_eq!(line, r#""a\u001b[2J\u009b\u007f\u202e\udb40\udc41é\"\\\n日""#);
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}
