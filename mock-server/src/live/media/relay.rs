//! Sequence numbers of a forwarded stream. A subscriber sees one stream, whatever it is made of: numbers go on
//! without a break when the source changes, and keep the gaps of each source, so that what was lost on the way to
//! the SFU is seen to be missing behind it.

/// The first number of a stream; below it is room for nothing, and its upper half is zero (RFC 3711, 3.3.1 wants
/// a stream to begin without roll-over).
const FIRST: u64 = 1;

/// The numbers of one forwarded stream. `S` names a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Relay<S> {
    source: Option<Source<S>>,
    /// The highest number given out.
    highest: u64,
}

/// The source of the moment: its number `first` became `given`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source<S> {
    name: S,
    first: u64,
    given: u64,
}

impl<S> Default for Relay<S> {
    fn default() -> Self {
        Self { source: None, highest: FIRST - 1 }
    }
}

impl<S: PartialEq> Relay<S> {
    /// The number under which packet `number` (extended, never wrapping) of source `name` goes out. None for one
    /// that was overtaken by the first of its source: its number belongs to what was before.
    pub(super) fn renumber(&mut self, name: S, number: u64) -> Option<u64> {
        if self.source.as_ref().is_none_or(|source| source.name != name) {
            self.source = Some(Source { name, first: number, given: self.highest + 1 });
        }
        let source = self.source.as_ref()?;
        let given = source.given + number.checked_sub(source.first)?;
        self.highest = self.highest.max(given);
        Some(given)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn gaps_stay_and_sources_follow_each_other() {
        let mut relay = Relay::default();
        let given: Vec<Option<u64>> =
            [("a", 70_000), ("a", 70_003), ("a", 70_001), ("b", 5), ("b", 4), ("b", 6), ("a", 70_004)]
                .map(|(source, number)| relay.renumber(source, number))
                .into();
        assert_eq!(given, [Some(1), Some(4), Some(2), Some(5), None, Some(6), Some(7)]);
    }

    proptest! {
        /// Whatever is lost and reordered within each source: no number twice, distances within a source kept,
        /// the next source begins right behind the one before.
        #[test]
        fn numbers_are_unique_and_distances_are_kept(
            sources in prop::collection::vec(prop::collection::hash_set(0_u64..200, 1..60), 1..6),
            base in 0_u64..1 << 40,
        ) {
            let mut relay = Relay::default();
            let mut seen = std::collections::HashSet::new();
            let mut highest = FIRST - 1;
            for (name, numbers) in sources.iter().enumerate() {
                let mut first = None;
                let mut reached = highest;
                for number in numbers {
                    let Some(given) = relay.renumber(name, base + number) else {
                        prop_assert!(first.is_some_and(|(from, _)| *number < from));
                        continue;
                    };
                    let (from, at) = *first.get_or_insert((*number, given));
                    prop_assert_eq!(at, highest + 1);
                    prop_assert_eq!(given - at, number - from);
                    prop_assert!(seen.insert(given));
                    reached = reached.max(given);
                }
                highest = reached;
            }
        }
    }
}
