//! Fields of headers, and the records of extended ones.

use super::BLOCK;

/// What extended headers say of the member that follows.
#[derive(Default)]
pub(super) struct Next {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    /// Whether there was any extended header.
    pub(super) any: bool,
}

/// Up to the first NUL.
pub(super) fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// An octal number between spaces and NULs, or a base-256 one.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    if let Some((first, rest)) = field.split_first().filter(|(first, _)| **first & 0x80 != 0) {
        // The next bit is the sign.
        let first = (first & 0x7f < 0x40).then_some(u64::from(first & 0x3f))?;
        let push = |value: u64, byte: &u8| Some(value.checked_mul(256)? + u64::from(*byte));
        return rest.iter().try_fold(first, push);
    }
    let is_end = |byte: &u8| matches!(*byte, b' ' | 0);
    let from = field.iter().position(|byte| !is_end(byte)).unwrap_or(field.len());
    let digits = field.get(from..)?.split(is_end).next()?;
    digits.iter().try_fold(0_u64, |value, byte| match byte {
        b'0'..=b'7' => Some(value.checked_mul(8)? + u64::from(byte - b'0')),
        _ => None,
    })
}

/// Whether a header has the sum of its bytes, that of bytes without or with a sign, the field itself taken for spaces.
pub(super) fn has_checksum(block: &[u8; BLOCK]) -> bool {
    let (mut plain, mut signed) = (0_i64, 0_i64);
    for (at, byte) in block.iter().enumerate() {
        let byte = if (148..156).contains(&at) { b' ' } else { *byte };
        plain += i64::from(byte);
        signed += i64::from(byte.cast_signed());
    }
    let said = block.get(148..156).and_then(number).and_then(|said| i64::try_from(said).ok());
    said.is_some_and(|said| said == plain || said == signed)
}

/// Records of the form `length key=value\n`.
pub(super) fn pax(mut records: &[u8], next: &mut Next) -> Option<()> {
    while !records.is_empty() {
        let space = records.iter().take(20).position(|byte| *byte == b' ')?;
        let len: usize = std::str::from_utf8(records.get(..space)?).ok()?.parse().ok()?;
        let (record, rest) = (records.get(space + 1..len)?, records.get(len..)?);
        let record = record.strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (record.get(..equals)?, record.get(equals + 1..)?);
        match key {
            b"path" => next.path = Some(value.to_vec()),
            b"linkpath" => next.link = Some(value.to_vec()),
            b"size" => {
                let size: i64 = std::str::from_utf8(value).ok()?.parse().ok()?;
                next.size = Some(u64::try_from(size).ok()?);
            }
            _ => {}
        }
        records = rest;
    }
    // An empty value takes back what was said before.
    next.path.take_if(|path| path.is_empty());
    next.link.take_if(|link| link.is_empty());
    Some(())
}
