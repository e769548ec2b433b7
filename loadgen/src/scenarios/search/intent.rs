//! What a member asks: a pure function of seed, member and the number of the query.

use fixtures::{Query, QueryKind, Stream, World};

use super::NAME;

/// What people ask, in a hundred queries.
pub(super) const MIX: [(QueryKind, u32); 4] =
    [(QueryKind::Simple, 40), (QueryKind::Filtered, 30), (QueryKind::Semantic, 20), (QueryKind::Complex, 10)];

/// The query log by kind, to be drawn from by how often each is asked.
#[derive(Debug)]
pub(in crate::scenarios) struct Log {
    /// In the order of [`MIX`]: the queries, and their weights.
    kinds: [(Vec<Query>, Vec<u32>); MIX.len()],
}

impl Log {
    /// The log of a world.
    pub(in crate::scenarios) fn new(world: &World) -> Self {
        let queries = world.queries();
        let kinds = MIX.map(|(kind, _)| {
            let kind: Vec<Query> = queries.iter().filter(|query| query.kind == kind).cloned().collect();
            let weights = kind.iter().map(|query| query.weight).collect();
            (kind, weights)
        });
        Self { kinds }
    }

    /// Query `number` of member `user`.
    pub(super) fn query(&self, seed: u64, user: u64, number: u64) -> &Query {
        // Members are few, and so are the queries of one: the pair keys a stream of its own.
        let mut stream = Stream::new(seed, NAME, (user << 32) | number);
        let kind = stream.weighted(&MIX.map(|(_, weight)| weight));
        self.pick(kind, &mut stream)
    }

    /// A query of this kind, for the warm-up.
    pub(super) fn draw(&self, kind: QueryKind, seed: u64, round: u64) -> &Query {
        let place = MIX.iter().position(|(known, _)| *known == kind).unwrap_or_default();
        self.pick(place, &mut Stream::new(seed, "search-warm-up", round))
    }

    /// What somebody types who only has words: one of the simple queries.
    pub(in crate::scenarios) fn words(&self, stream: &mut Stream) -> &str {
        &self.pick(0, stream).text
    }

    fn pick(&self, kind: usize, stream: &mut Stream) -> &Query {
        let (queries, weights) = &self.kinds[kind];
        &queries[stream.weighted(weights)]
    }
}
