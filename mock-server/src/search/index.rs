//! Keyword search: an inverted index scored with BM25.
//!
//! Score of a document for a query = Σ over terms of `idf · tf·(k1+1) / (tf + k1·(1 − b + b·dl/avgdl))`, with
//! `idf = ln(1 + (N − n + 0.5)/(n + 0.5))`: Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25
//! and Beyond" (2009), §3.4, with the positive idf of Lucene. Fields count as if the text repeated them by their
//! weight: Robertson, Zaragoza & Taylor, "Simple BM25 Extension to Multiple Weighted Fields" (2004). A term's
//! share of a document's score depends on nothing in the query, so it is worked out once, when the index is made.

use std::collections::HashMap;

use super::set::DocSet;
use super::words::{Word, is_stop_word, term, words};

/// How soon more of the same word stops to count.
const K1: f32 = 1.2;
/// How much longer texts are marked down.
const B: f32 = 0.75;
/// Words that are written apart in one place and together in another are looked for up to this many.
const COMPOUND: usize = 3;

/// The text of a document, by field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) title: &'a str,
    pub(crate) tags: &'a str,
    pub(crate) body: &'a str,
}

impl<'a> Fields<'a> {
    /// Each field with how much a word in it counts.
    fn weighted(self) -> [(&'a str, f32); 3] {
        [(self.title, 3.0), (self.tags, 2.0), (self.body, 1.0)]
    }
}

/// A document that holds a term, and what that adds to its score.
#[derive(Debug, Clone, Copy)]
struct Posting {
    doc: u32,
    score: f32,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hits {
    /// How many documents match altogether.
    pub(crate) total: usize,
    /// The best of them with their scores, best first; equal ones by number.
    pub(crate) best: Vec<(u32, f32)>,
}

/// Words as they are written, and the terms they stand for.
#[derive(Debug, Default)]
struct Lexicon {
    words: HashMap<String, u32>,
    terms: HashMap<String, u32>,
}

impl Lexicon {
    /// The term of a word, both remembered.
    fn learn(&mut self, word: &str) -> u32 {
        if let Some(known) = self.words.get(word) {
            return *known;
        }
        let next = self.terms.len() as u32;
        let id = *self.terms.entry(term(word)).or_insert(next);
        self.words.insert(word.to_owned(), id);
        id
    }

    /// The term of a word, if any document has it.
    fn term_of(&self, word: &str) -> Option<u32> {
        self.words.get(word).or_else(|| self.terms.get(&term(word))).copied()
    }

    /// The terms of words that are written apart here and together in some document: `o soto gari`.
    fn compounds(&self, words: &[Word], mut each: impl FnMut(u32)) {
        let mut together = String::new();
        for (start, first) in words.iter().enumerate() {
            together.clear();
            together.push_str(&first.text);
            for next in words.iter().skip(start + 1).take(COMPOUND - 1) {
                together.push_str(&next.text);
                if let Some(term) = self.words.get(&together) {
                    each(*term);
                }
            }
        }
    }

    /// The two terms of a word that no document writes together: `osotogari`.
    fn split(&self, word: &str) -> Option<[u32; 2]> {
        word.char_indices().skip(2).find_map(|(at, _)| {
            let (head, tail) = word.split_at(at);
            (tail.len() > 1).then_some(())?;
            Some([*self.words.get(head)?, *self.words.get(tail)?])
        })
    }
}

/// An inverted index over documents numbered from 0.
#[derive(Debug)]
pub(crate) struct Index {
    lexicon: Lexicon,
    /// Per term, by document.
    postings: Vec<Vec<Posting>>,
    documents: usize,
}

impl Index {
    /// The index of these documents.
    pub(crate) fn new<'a>(documents: impl IntoIterator<Item = Fields<'a>>) -> Self {
        let mut lexicon = Lexicon::default();
        let texts: Vec<[(Vec<Word>, f32); 3]> = documents
            .into_iter()
            .map(|fields| fields.weighted().map(|(text, weight)| (words(text), weight)))
            .collect();
        for word in texts.iter().flatten().flat_map(|(words, _)| words) {
            lexicon.learn(&word.text);
        }
        let lengths: Vec<f32> = texts
            .iter()
            .map(|fields| fields.iter().map(|(words, weight)| words.len() as f32 * weight).sum())
            .collect();
        let mean_length = (lengths.iter().sum::<f32>() / lengths.len().max(1) as f32).max(1.0);
        let mut postings = count(&lexicon, &texts);
        for list in &mut postings {
            let holders = list.len() as f32;
            let idf = (1.0 + (texts.len() as f32 - holders + 0.5) / (holders + 0.5)).ln();
            for posting in list {
                let tf = posting.score;
                let length = 1.0 - B + B * lengths[posting.doc as usize] / mean_length;
                posting.score = idf * tf * (K1 + 1.0) / (tf + K1 * length);
            }
        }
        Self { lexicon, postings, documents: texts.len() }
    }

    /// The `best` documents that hold any of the query's words, of those `among`.
    pub(crate) fn search(&self, query: &str, among: Option<&DocSet>, best: usize) -> Hits {
        let mut scores = vec![0.0_f32; self.documents];
        let mut found: Vec<u32> = Vec::new();
        for term in self.query_terms(query) {
            for posting in &self.postings[term as usize] {
                if among.is_some_and(|set| !set.contains(posting.doc)) {
                    continue;
                }
                let score = &mut scores[posting.doc as usize];
                if *score == 0.0 {
                    found.push(posting.doc);
                }
                *score += posting.score;
            }
        }
        rank(found.into_iter().map(|doc| (doc, scores[doc as usize])).collect(), best)
    }

    /// Whether the word is one of those the query looks for.
    pub(crate) fn terms_of(&self, query: &str) -> impl Fn(&str) -> bool {
        let terms = self.query_terms(query);
        move |word| self.lexicon.term_of(word).is_some_and(|term| terms.contains(&term))
    }

    /// The query's terms, each once, in a fixed order.
    fn query_terms(&self, query: &str) -> Vec<u32> {
        let all = words(query);
        let mut terms = Vec::new();
        self.lexicon.compounds(&all, |term| terms.push(term));
        let telling: Vec<&Word> = all.iter().filter(|word| !is_stop_word(&word.text)).collect();
        let telling = if telling.is_empty() { all.iter().collect() } else { telling };
        for word in telling {
            match self.lexicon.term_of(&word.text) {
                Some(term) => terms.push(term),
                None => terms.extend(self.lexicon.split(&word.text).into_iter().flatten()),
            }
        }
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

/// How often each term is in each document, weighted by field, where a posting's score will be.
fn count(lexicon: &Lexicon, texts: &[[(Vec<Word>, f32); 3]]) -> Vec<Vec<Posting>> {
    let mut postings: Vec<Vec<Posting>> = vec![Vec::new(); lexicon.terms.len()];
    for (doc, fields) in (0_u32..).zip(texts) {
        let mut add = |term: u32, weight: f32| {
            let list = &mut postings[term as usize];
            match list.last_mut() {
                Some(latest) if latest.doc == doc => latest.score += weight,
                _ => list.push(Posting { doc, score: weight }),
            }
        };
        for (words, weight) in fields {
            for word in words {
                add(lexicon.words[&word.text], *weight);
            }
            lexicon.compounds(words, |term| add(term, *weight));
        }
    }
    postings
}

/// The `best` of these, best first, equal ones by number.
pub(crate) fn rank(mut scored: Vec<(u32, f32)>, best: usize) -> Hits {
    let by_score = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    let total = scored.len();
    if best < total {
        scored.select_nth_unstable_by(best, by_score);
        scored.truncate(best);
    }
    scored.sort_unstable_by(by_score);
    Hits { total, best: scored }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(titles: &[&str]) -> Index {
        Index::new(titles.iter().map(|title| Fields { title: "", tags: "", body: title }))
    }

    fn found(index: &Index, query: &str) -> Vec<u32> {
        index.search(query, None, 100).best.into_iter().map(|(doc, _)| doc).collect()
    }

    #[test]
    fn a_score_is_the_formulas() {
        // Two documents of length 2 and 4, "kata" once in the first: N = 2, n = 1, dl/avgdl = 2/3.
        let hits = index(&["kata form", "sparring with a partner"]).search("kata", None, 10);
        let idf = (1.0_f32 + 1.5 / 1.5).ln();
        let expected = idf * 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * 2.0 / 3.0));
        assert_eq!(hits.total, 1);
        assert!((hits.best[0].1 - expected).abs() < 1e-6, "{hits:?}, expected {expected}");
    }

    #[test]
    fn rarer_words_shorter_texts_and_titles_count_more() {
        let rare = index(&["kata kata", "kata bunkai", "kata kata"]);
        assert_eq!(found(&rare, "kata bunkai")[0], 1);
        let short = index(&["one kata among many other things we did", "kata"]);
        assert_eq!(found(&short, "kata"), [1, 0]);
        let titled = Index::new([
            Fields { title: "judo", tags: "", body: "kata" },
            Fields { title: "kata", tags: "", body: "judo" },
        ]);
        assert_eq!(found(&titled, "kata"), [1, 0]);
    }

    #[test]
    fn equal_documents_come_in_the_order_of_their_numbers() {
        let same = index(&["kata"; 50]);
        assert_eq!(found(&same, "kata"), (0..50).collect::<Vec<u32>>());
        let hits = same.search("kata", None, 7);
        assert_eq!((hits.total, hits.best.len()), (50, 7));
        assert!(hits.best.iter().map(|(doc, _)| *doc).eq(0..7));
    }

    #[test]
    fn words_written_apart_and_together_find_each_other() {
        let throws = index(&["o soto gari", "osoto gari", "osotogari", "uchi mata"]);
        assert_eq!(found(&throws, "osoto").len(), 2);
        assert_eq!(found(&throws, "o soto gari").len(), 3);
        assert_eq!(found(&throws, "uchimata"), [3]);
    }

    #[test]
    fn questions_are_searched_without_their_small_words() {
        let index = index(&["what is it", "the kata"]);
        assert_eq!(found(&index, "what is the kata"), [1]);
        assert_eq!(found(&index, "what is it"), [0]);
        assert!(found(&index, "!?").is_empty());
        assert_eq!(Index::new([]).search("kata", None, 10).total, 0);
    }

    #[test]
    fn only_documents_of_the_set_are_found() {
        let index = index(&["kata"; 100]);
        let mut set = DocSet::none(100);
        set.insert(3);
        set.insert(64);
        let hits = index.search("kata", Some(&set), 10);
        assert_eq!(hits.total, 2);
        assert!(hits.best.iter().map(|(doc, _)| *doc).eq([3, 64]));
    }
}
