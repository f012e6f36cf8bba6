use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{DocumentError, limits, strict};

/// What a signed schema 1 manifest is without its signatures: what its digest is taken of (containerd.md §6.1 a).
///
/// The first signature says where the payload was cut and how it ended; it is not verified. Takes a document of up to
/// [`limits::CONFIG_BYTES`], as containerd does.
pub fn signed_payload(bytes: &[u8]) -> Result<Vec<u8>, DocumentError> {
    let wrong = |at, want| DocumentError::Signature { at, want };
    let value = strict::parse(bytes, limits::CONFIG_BYTES)?;
    let protected = value.pointer("/signatures/0/protected").and_then(Value::as_str);
    let protected = protected.and_then(base64url).ok_or(wrong("signatures[0].protected", "base64url"))?;
    let protected = strict::parse(&protected, limits::MANIFEST_BYTES)?;
    let length = protected.get("formatLength").and_then(Value::as_u64);
    let head = length.and_then(|length| bytes.get(..usize::try_from(length).ok()?));
    let head = head.ok_or(wrong("formatLength", "a position in the document"))?;
    let tail = protected.get("formatTail").and_then(Value::as_str).and_then(base64url);
    Ok([head, &tail.ok_or(wrong("formatTail", "base64url"))?].concat())
}

fn base64url(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(protected: &str) -> Vec<u8> {
        let protected = BASE64_URL_SAFE_NO_PAD.encode(protected);
        format!(r#"{{"a":1,"signatures":[{{"protected":"{protected}"}}]}}"#).into_bytes()
    }

    #[test]
    fn is_cut_and_closed() {
        let payload = signed_payload(&signed(r#"{"formatLength":6,"formatTail":"fQ"}"#));
        assert_eq!(payload.unwrap(), br#"{"a":1}"#);
    }

    #[test]
    fn no_length_reaches_outside() {
        for length in ["-1", "10000", "18446744073709551616", "1.5", "\"6\""] {
            let bytes = signed(&format!(r#"{{"formatLength":{length},"formatTail":"fQ"}}"#));
            assert!(matches!(
                signed_payload(&bytes),
                Err(DocumentError::Signature { at: "formatLength", .. })
            ));
        }
        assert!(signed_payload(br#"{"signatures":[]}"#).is_err());
    }
}
