//! Content digests (containerd.md §1.3, security.md M3 and M4).

mod hasher;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use hasher::{Hasher, StateError};

use super::Excerpt;

/// The digest algorithms that content can be verified with.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// SHA-256, the field's default.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Algorithm; 3] = [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512];

    /// The name in front of the colon.
    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha384 => "sha384",
            Algorithm::Sha512 => "sha512",
        }
    }

    /// How many hexadecimal digits follow the colon.
    pub const fn hex_len(self) -> usize {
        match self {
            Algorithm::Sha256 => 64,
            Algorithm::Sha384 => 96,
            Algorithm::Sha512 => 128,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The digest of some content: a known algorithm and exactly its length in lower-case hexadecimal.
///
/// No value of this type holds anything else, so it is safe as a file name and in a URL.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest {
    algorithm: Algorithm,
    encoded: Box<str>,
}

impl Digest {
    /// The digest of `content`.
    pub fn of(algorithm: Algorithm, content: &[u8]) -> Digest {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(content);
        hasher.finish()
    }

    /// The SHA-256 digest of `content`.
    pub fn sha256(content: &[u8]) -> Digest {
        Digest::of(Algorithm::Sha256, content)
    }

    /// The algorithm in front of the colon.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hexadecimal digits after the colon.
    pub fn encoded(&self) -> &str {
        &self.encoded
    }

    fn from_hash(algorithm: Algorithm, hash: &[u8]) -> Digest {
        Digest { algorithm, encoded: hex::encode(hash).into() }
    }
}

/// Why a text is not a digest. Nothing that cannot be verified is one (security.md M4).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DigestError {
    /// Not `algorithm:encoded`.
    #[error("invalid digest `{0}`: not of the form algorithm:hex")]
    Format(Excerpt),
    /// A well-formed digest of an algorithm that is not implemented.
    #[error("unsupported digest algorithm `{0}`")]
    Unsupported(Excerpt),
    /// Too short or too long for its algorithm; lengths in characters.
    #[error("invalid digest: {algorithm} has {want} hexadecimal digits, not {got}")]
    Length {
        /// The algorithm it names.
        algorithm: Algorithm,
        /// How many digits that algorithm has.
        want: usize,
        /// How many characters there were.
        got: usize,
    },
    /// Hexadecimal, but with capital letters.
    #[error("invalid digest `{0}`: hexadecimal digits must be lower-case")]
    Case(Excerpt),
    /// The right length, with a character that is no hexadecimal digit.
    #[error("invalid digest `{0}`: not hexadecimal")]
    NotHex(Excerpt),
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Digest, DigestError> {
        let (name, encoded) = split(text).ok_or_else(|| DigestError::Format(Excerpt::of(text)))?;
        let algorithm = Algorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.as_str() == name)
            .ok_or_else(|| DigestError::Unsupported(Excerpt::of(name)))?;
        if encoded.len() != algorithm.hex_len() {
            return Err(DigestError::Length { algorithm, want: algorithm.hex_len(), got: encoded.len() });
        }
        if !encoded.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(DigestError::NotHex(Excerpt::of(text)));
        }
        if encoded.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(DigestError::Case(Excerpt::of(text)));
        }
        Ok(Digest { algorithm, encoded: encoded.into() })
    }
}

/// Splits by the grammar `[a-z0-9]+([+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+`.
fn split(text: &str) -> Option<(&str, &str)> {
    let (name, encoded) = text.split_once(':')?;
    let is_component =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let is_name = name.split(['+', '.', '_', '-']).all(is_component);
    let is_encoded = !encoded.is_empty()
        && encoded.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'=' | b'_' | b'-'));
    (is_name && is_encoded).then_some((name, encoded))
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, self.encoded)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Content that is not what its digest and size promise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The wrong bytes.
    #[error("the content has digest {got}, not {want}")]
    Digest {
        /// What was asked for.
        want: Digest,
        /// What came.
        got: Digest,
    },
    /// Too few or too many bytes.
    #[error("the content has {got} bytes, not {want}")]
    Size {
        /// What was asked for.
        want: u64,
        /// What came (for too many: at least so many).
        got: u64,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_what_is_wrong() {
        let error = |text: &str| text.parse::<Digest>().unwrap_err();
        let hex = "ab".repeat(32);
        assert!(matches!(error(""), DigestError::Format(_)));
        assert!(matches!(error(&hex), DigestError::Format(_)));
        assert!(matches!(error(&format!("SHA256:{hex}")), DigestError::Format(_)));
        assert!(matches!(error(&format!("sha256+foo+-b:{hex}")), DigestError::Format(_)));
        assert!(matches!(error("sha256:../../etc"), DigestError::Format(_)));
        assert!(matches!(error(&format!("md5:{hex}")), DigestError::Unsupported(_)));
        assert!(matches!(error(&format!("sha256:{hex}0")), DigestError::Length { want: 64, got: 65, .. }));
        assert!(matches!(error(&format!("sha512:{hex}")), DigestError::Length { want: 128, got: 64, .. }));
        assert!(matches!(error(&format!("sha256:{}", hex.to_uppercase())), DigestError::Case(_)));
        assert!(matches!(error(&format!("sha256:{}", hex.replace('a', "g"))), DigestError::NotHex(_)));
    }

    #[test]
    fn is_a_string_in_json() {
        let digest = Digest::sha256(b"{}");
        let json = r#""sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a""#;
        assert_eq!(serde_json::to_string(&digest).unwrap(), json);
        assert_eq!(serde_json::from_str::<Digest>(json).unwrap(), digest);
        assert!(serde_json::from_str::<Digest>(r#""sha256:44""#).is_err());
    }

    proptest! {
        #[test]
        fn any_text_parses_or_fails(text: String, encoded in "[a-f0-9=_-]{0,130}") {
            let _ = text.parse::<Digest>();
            let _ = format!("sha256:{encoded}").parse::<Digest>();
        }

        #[test]
        fn round_trips(content: Vec<u8>) {
            for algorithm in Algorithm::ALL {
                let digest = Digest::of(algorithm, &content);
                prop_assert_eq!(digest.encoded().len(), algorithm.hex_len());
                prop_assert_eq!(digest.to_string().parse::<Digest>(), Ok(digest));
            }
        }
    }
}
