use std::fmt;

/// Foreign text made fit for a message: one line, nothing a terminal would act on, at most 80 characters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Excerpt(String);

impl Excerpt {
    /// The longest excerpt, in characters, the closing `…` of a shortened one included.
    pub const MAX: usize = 80;

    /// Escapes `text` and shortens it.
    pub fn of(text: &str) -> Excerpt {
        let mut out = String::new();
        let mut used = 0;
        for (at, c) in text.char_indices() {
            let shown = if is_plain(c) { c.to_string() } else { c.escape_default().to_string() };
            let width = shown.chars().count();
            let is_last = at + c.len_utf8() == text.len();
            if used + width + usize::from(!is_last) > Excerpt::MAX {
                out.push('…');
                break;
            }
            out.push_str(&shown);
            used += width;
        }
        Excerpt(out)
    }

    /// Like [`Excerpt::of`], for bytes that may not be text.
    pub fn of_bytes(bytes: &[u8]) -> Excerpt {
        // Four bytes a character at most: what is cut off here could not be shown.
        let start = bytes.get(..4 * Excerpt::MAX).unwrap_or(bytes);
        Excerpt::of(&String::from_utf8_lossy(start))
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Foreign text of any length made fit for a terminal: on one line, with nothing in it that a terminal would act on.
///
/// A backslash stays as it is, so text that was made fit before does not change.
#[derive(Clone, Copy, Debug)]
pub struct Inert<'a>(pub &'a str);

impl fmt::Display for Inert<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        let mut rest = *text;
        while let Some(at) = rest.find(|c| !is_plain(c) && c != '\\') {
            let (plain, from) = rest.split_at(at);
            f.write_str(plain)?;
            let mut chars = from.chars();
            for c in chars.by_ref().take(1) {
                write!(f, "{}", c.escape_default())?;
            }
            rest = chars.as_str();
        }
        f.write_str(rest)
    }
}

/// Whether a character stands for itself: no control, no bidirectional or invisible formatting, no line break.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\\'
            | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_what_a_terminal_would_act_on() {
        assert_eq!(Excerpt::of("a\n\u{1b}[31m\u{202e}ü").to_string(), r"a\n\u{1b}[31m\u{202e}ü");
    }

    #[test]
    fn long_text_stays_whole_and_is_made_fit_once() {
        let text = format!("{}\u{1b}]0;x\u{7}\\n\n\u{9b}", "x".repeat(100));
        let shown = Inert(&text).to_string();
        assert_eq!(shown, format!(r"{}\u{{1b}}]0;x\u{{7}}\n\n\u{{9b}}", "x".repeat(100)));
        assert_eq!(Inert(&shown).to_string(), shown);
    }

    #[test]
    fn shortens_only_what_is_too_long() {
        assert_eq!(Excerpt::of(&"x".repeat(80)).to_string(), "x".repeat(80));
        assert_eq!(Excerpt::of(&"x".repeat(81)).to_string(), "x".repeat(79) + "…");
        assert_eq!(Excerpt::of_bytes(&[b'x'; 4000]).to_string(), "x".repeat(79) + "…");
    }

    proptest! {
        #[test]
        fn is_short_and_inert(bytes: Vec<u8>, text: String) {
            for shown in [Excerpt::of_bytes(&bytes), Excerpt::of(&text)] {
                prop_assert!(shown.0.chars().count() <= Excerpt::MAX);
                prop_assert!(shown.0.chars().all(|c| is_plain(c) || c == '\\'));
            }
        }
    }
}
