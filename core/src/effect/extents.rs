//! Which parts of content are there.

use std::{collections::BTreeMap, ops::Range};

/// A set of bytes, as ranges that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extents(BTreeMap<u64, u64>);

impl Extents {
    /// The first `len` bytes.
    pub fn prefix_of(len: u64) -> Self {
        let mut these = Self::default();
        these.insert(0..len);
        these
    }

    /// Adds a range, whatever of it is there already.
    pub fn insert(&mut self, Range { mut start, mut end }: Range<u64>) {
        if start >= end {
            return;
        }
        // Those that begin no later than this ends, the last first: all that touch it are among them.
        while let Some((&first, &last)) = self.0.range(..=end).next_back()
            && last >= start
        {
            self.0.remove(&first);
            (start, end) = (start.min(first), end.max(last));
        }
        self.0.insert(start, end);
    }

    /// Takes away what lies beyond `len`.
    pub fn truncate(&mut self, len: u64) {
        self.0.split_off(&len);
        if let Some(mut last) = self.0.last_entry() {
            let end = (*last.get()).min(len);
            last.insert(end);
        }
    }

    /// How many bytes are there from the first on without a gap.
    pub fn prefix(&self) -> u64 {
        self.0.get(&0).copied().unwrap_or(0)
    }

    /// How many bytes are there.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }

    /// One past the last byte that is there.
    pub fn end(&self) -> u64 {
        self.0.last_key_value().map_or(0, |(_, end)| *end)
    }

    /// The ranges, in order.
    pub fn iter(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.0.iter().map(|(start, end)| *start..*end)
    }

    /// The ranges beyond the first gap.
    pub fn islands(&self) -> Vec<Range<u64>> {
        self.iter().filter(|range| range.start > 0).collect()
    }

    /// What is not there of content of this size.
    pub fn gaps(&self, size: u64) -> Vec<Range<u64>> {
        let starts = [0].into_iter().chain(self.0.values().copied());
        let ends = self.0.keys().copied().chain([size]);
        let gaps = starts.zip(ends).map(|(start, end)| start..end.min(size));
        gaps.filter(|gap| !gap.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_what_a_set_of_bytes_is(
            ranges in proptest::collection::vec((0..60_u64, 0..20_u64), 0..12),
            cut in 0..90_u64,
            size in 0..90_u64,
        ) {
            let (mut extents, mut bytes) = (Extents::default(), std::collections::BTreeSet::new());
            for (start, len) in ranges {
                extents.insert(start..start + len);
                bytes.extend(start..start + len);
            }
            for truncated in [false, true] {
                if truncated {
                    extents.truncate(cut);
                    bytes.retain(|byte| *byte < cut);
                }
                let all: Vec<u64> = extents.iter().flatten().collect();
                prop_assert_eq!(&all, &bytes.iter().copied().collect::<Vec<_>>());
                let ranges: Vec<_> = extents.iter().collect();
                prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start), "{ranges:?}");
                let gaps: Vec<u64> = extents.gaps(size).into_iter().flatten().collect();
                prop_assert_eq!(gaps, (0..size).filter(|byte| !bytes.contains(byte)).collect::<Vec<_>>());
                let prefix = (0..).take_while(|byte| bytes.contains(byte)).count() as u64;
                prop_assert_eq!(extents.prefix(), prefix);
                prop_assert_eq!(extents.total(), bytes.len() as u64);
                prop_assert_eq!(extents.end(), bytes.last().map_or(0, |last| last + 1));
                let islands: u64 = extents.islands().iter().map(|island| island.end - island.start).sum();
                prop_assert_eq!(prefix + islands, bytes.len() as u64);
            }
        }
    }
}
