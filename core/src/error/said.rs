//! What a registry said in an error body.

use std::fmt;

use crate::name::Excerpt;

/// What a registry said in an error body, made safe to show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said(Vec<String>);

impl Said {
    /// The `CODE: message` pairs of an OCI error body (distribution-spec, "Error Codes"), or the start of any other text.
    pub fn of(body: &[u8]) -> Self {
        #[derive(serde::Deserialize)]
        struct Errors {
            errors: Vec<One>,
        }
        #[derive(serde::Deserialize)]
        struct One {
            #[serde(default)]
            code: String,
            #[serde(default)]
            message: String,
        }
        /// More than this many say the same thing again.
        const MOST: usize = 3;
        if let Ok(Errors { errors }) = serde_json::from_slice(body) {
            let line = |e: &One| match (e.code.as_str(), e.message.as_str()) {
                ("", message) => Excerpt::of(message).to_string(),
                (code, "") => Excerpt::of(code).to_string(),
                (code, message) => format!("{}: {}", Excerpt::of(code), Excerpt::of(message)),
            };
            return Self(errors.iter().take(MOST).map(line).collect());
        }
        let text = String::from_utf8_lossy(body);
        match text.trim() {
            "" => Self::default(),
            text => Self(vec![Excerpt::of(text).to_string()]),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ": {}", self.0.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn error_bodies_are_read_and_made_safe() {
        let said = |body: &str| Said::of(body.as_bytes()).to_string();
        let denied =
            r#"{"errors":[{"code":"DENIED","message":"no\u001b[31m","detail":{"x":1}},{"code":"B"}]}"#;
        assert_eq!(said(denied), r": DENIED: no\u{1b}[31m; B");
        assert_eq!(said("  <html>busy</html>\n"), ": <html>busy</html>");
        assert_eq!(said(""), "");
    }

    proptest! {
        #[test]
        fn any_body_is_short_and_without_control_characters(body: Vec<u8>, message in ".{0,300}") {
            let json = serde_json::json!({"errors": [{"code": &message, "message": &message}]}).to_string();
            for body in [body, json.into_bytes()] {
                let said = Said::of(&body).to_string();
                prop_assert!(said.chars().count() < 600 && !said.chars().any(char::is_control), "{said:?}");
            }
        }
    }
}
