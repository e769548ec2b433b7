//! Search by meaning: true nearest neighbours among embeddings of unit norm, by exact scan.

use super::index::{Hits, rank};
use super::set::DocSet;

/// Numbers added up side by side, so that the compiler can use the machine's vectors without reordering a sum.
const LANES: usize = 16;

/// Embeddings one after the other, by document number.
#[derive(Debug)]
pub(crate) struct Nearest {
    dimensions: usize,
    numbers: Vec<f32>,
}

impl Nearest {
    /// Holds these embeddings, each of `dimensions` numbers; scales them to unit norm.
    pub(crate) fn new(dimensions: usize, embeddings: impl IntoIterator<Item = Vec<f32>>) -> Self {
        let mut numbers = Vec::new();
        for mut embedding in embeddings {
            embedding.resize(dimensions, 0.0);
            normalise(&mut embedding);
            numbers.extend(embedding);
        }
        Self { dimensions, numbers }
    }

    /// The `best` documents nearest to the query's embedding, of those `among`, with their cosine similarity.
    /// Whatever is at a right angle or further off has nothing in common with the query and is not found.
    pub(crate) fn search(&self, query: &[f32], among: Option<&DocSet>, best: usize) -> Hits {
        let mut query = query.to_vec();
        query.resize(self.dimensions, 0.0);
        normalise(&mut query);
        let near = (0_u32..)
            .zip(self.numbers.chunks_exact(self.dimensions))
            .filter(|(doc, _)| among.is_none_or(|set| set.contains(*doc)))
            .map(|(doc, embedding)| (doc, dot(embedding, &query).min(1.0)))
            .filter(|(_, cosine)| *cosine > 0.0)
            .collect();
        rank(near, best)
    }
}

fn normalise(vector: &mut [f32]) {
    let norm = dot(vector, vector).sqrt();
    if norm > 0.0 {
        for number in vector {
            *number /= norm;
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (a_blocks, b_blocks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_nearest_are_those_of_a_plain_scan(
            vectors in prop::collection::vec(prop::collection::vec(-1.0_f32..1.0, 20), 1..60),
            query in prop::collection::vec(-1.0_f32..1.0, 20),
        ) {
            let cosine = |v: &[f32]| {
                let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
                product(v, &query) / (product(v, v) * product(&query, &query)).sqrt().max(1e-12)
            };
            let hits = Nearest::new(20, vectors.clone()).search(&query, None, 5);
            let mut plain: Vec<f64> = vectors.iter().map(|v| cosine(v)).filter(|c| *c > 0.0).collect();
            plain.sort_by(|a, b| b.total_cmp(a));
            for ((_, found), expected) in hits.best.iter().zip(&plain) {
                prop_assert!((f64::from(*found) - expected).abs() < 1e-4);
            }
            prop_assert!(hits.best.is_sorted_by(|a, b| a.1 >= b.1));
            prop_assert_eq!(hits.best.len(), hits.total.min(5));
        }
    }

    #[test]
    fn only_documents_of_the_set_and_on_this_side_are_near() {
        let nearest = Nearest::new(2, [vec![3.0, 0.0], vec![1.0, 1.0], vec![-1.0, 0.0], vec![0.0, 0.0]]);
        let docs = |hits: Hits| hits.best.into_iter().map(|(doc, _)| doc).collect::<Vec<_>>();
        assert_eq!(docs(nearest.search(&[1.0, 0.0], None, 10)), [0, 1]);
        let mut set = DocSet::none(4);
        set.insert(1);
        assert_eq!(docs(nearest.search(&[1.0, 0.0], Some(&set), 10)), [1]);
        assert!(docs(nearest.search(&[0.0, 0.0], None, 10)).is_empty());
    }
}
