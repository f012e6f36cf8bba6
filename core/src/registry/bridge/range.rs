//! Which part of a blob is asked for.

use std::ops::Range;

use super::{Told, asked::number};

/// The part of a blob that a `Range` header asks for. `None`: all of it, as for several ranges and for nonsense (RFC 9110
/// §14.2); an error when there is nothing there.
pub fn part(range: Option<&str>, size: u64) -> Result<Option<Range<u64>>, Told> {
    let read = || {
        let (first, last) = range?.strip_prefix("bytes=")?.split_once('-')?;
        let first: u64 = number("first", first).ok()?;
        let end = match last {
            "" => size,
            last => {
                number::<u64>("last", last).ok().filter(|last| *last >= first)?.saturating_add(1).min(size)
            }
        };
        Some(first..end)
    };
    match read() {
        Some(part) if part.start >= size => Err(Told::beyond()),
        part => Ok(part),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges() {
        let of = |range| part(Some(range), 10).map_err(|told| told.status);
        for (range, want) in [
            ("bytes=0-", Some(0..10)),
            ("bytes=3-4", Some(3..5)),
            ("bytes=3-99", Some(3..10)),
            ("bytes=3-18446744073709551615", Some(3..10)),
            ("bytes=-4", None),
            ("bytes=4-3", None),
            ("bytes=0-1,3-4", None),
            ("bytes=+0-1", None),
            ("lines=1-2", None),
        ] {
            assert_eq!(of(range), Ok(want), "{range}");
        }
        assert_eq!(of("bytes=10-"), Err(416));
        assert_eq!(part(None, 10), Ok(None));
    }

    proptest! {
        #[test]
        fn any_range_is_a_part_or_none(range in "(bytes=)?[0-9,+-]{0,24}", size: u64) {
            if let Ok(Some(part)) = part(Some(&range), size) {
                prop_assert!(part.start < part.end && part.end <= size);
            }
        }
    }
}
