//! Text into words: cases, accents, scripts and romanisations folded, English endings cut.
//!
//! People write one technique in many ways (`jūdō`, `judo`; `gyaku zuki`, `gyaku-tsuki`; `yop chagi`,
//! `yeop chagi`); each fold below makes one such family one term. Folds may merge words that have nothing to do
//! with each other; that costs a little precision and is what every stemmer does.

/// A word of a text, before it is folded into a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Lower case, without accents.
    pub(crate) text: String,
    /// Where it begins in the text, in bytes.
    pub(crate) start: usize,
}

/// The words of a text in order. Chinese, Japanese and Korean runs, which have no spaces to go by, become
/// overlapping pairs of characters.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some(&(start, first)) = rest.peek() {
        if is_ideographic(first) {
            let mut run = Vec::new();
            while let Some(next) = rest.next_if(|(_, c)| is_ideographic(*c)) {
                run.push(next);
            }
            pairs(&run, &mut words);
        } else if first.is_alphanumeric() {
            let mut word = String::new();
            while let Some((_, c)) = rest.next_if(|(_, c)| is_inner(*c) && !is_ideographic(*c)) {
                fold_char(c, &mut word);
            }
            if let Some(owner) = word.strip_suffix("'s") {
                word.truncate(owner.len());
            }
            word.retain(|c| c != '\'');
            if !word.is_empty() {
                words.push(Word { text: word, start });
            }
        } else {
            rest.next();
        }
    }
    words
}

fn pairs(run: &[(usize, char)], words: &mut Vec<Word>) {
    if let [(start, only)] = run {
        words.push(Word { text: only.to_string(), start: *start });
    }
    for pair in run.windows(2) {
        words.push(Word { text: pair.iter().map(|(_, c)| c).collect(), start: pair[0].0 });
    }
}

fn is_inner(c: char) -> bool {
    c.is_alphanumeric() || is_combining(c) || matches!(c, '\'' | '’')
}

fn is_combining(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn is_ideographic(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}'      // kana
        | '\u{3400}'..='\u{9fff}'    // Han
        | '\u{ac00}'..='\u{d7af}'    // Hangul
        | '\u{f900}'..='\u{faff}')
}

fn fold_char(c: char, word: &mut String) {
    match c {
        '’' => word.push('\''),
        '\u{ff01}'..='\u{ff5e}' => {
            let narrow = char::from_u32(c as u32 - 0xfee0).unwrap_or(c);
            word.extend(narrow.to_lowercase());
        }
        c if c.is_ascii() => word.push(c.to_ascii_lowercase()),
        c if is_combining(c) => {}
        c => c.to_lowercase().filter(|c| !is_combining(*c)).for_each(|c| match c {
            'ß' => word.push_str("ss"),
            'æ' => word.push_str("ae"),
            'œ' => word.push_str("oe"),
            c => word.push(without_accent(c)),
        }),
    }
}

fn without_accent(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' | 'ǐ' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ǒ' => 'o',
        'ř' => 'r',
        'ś' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ǔ' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

/// The term a word is indexed under.
pub(crate) fn term(word: &str) -> String {
    if word.bytes().all(|b| b.is_ascii_lowercase()) { romanised(stem(word)) } else { word.to_owned() }
}

/// Whether a word says too little to search for when there are others.
pub(crate) fn is_stop_word(word: &str) -> bool {
    const STOP: &[&str] = &[
        "a", "am", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "how",
        "i", "in", "is", "it", "me", "my", "of", "on", "or", "should", "that", "the", "this", "to", "was",
        "what", "when", "where", "which", "who", "why", "will", "with", "you", "your",
    ];
    STOP.binary_search(&word).is_ok()
}

/// Cuts plural, `-ing`, `-ed` and a final `e` (the cheap half of Porter 1980), as long as three letters with a
/// vowel stay.
fn stem(word: &str) -> &str {
    let word = singular(word);
    let word = ["ing", "ed"].iter().find_map(|ending| root(word, ending)).unwrap_or(word);
    match word.strip_suffix('e') {
        Some(short) if short.len() > 3 => short,
        _ => word,
    }
}

fn singular(word: &str) -> &str {
    const SIBILANTS: [&str; 5] = ["ches", "shes", "sses", "xes", "zes"];
    if word.len() > 4 && SIBILANTS.iter().any(|ending| word.ends_with(ending)) {
        return &word[..word.len() - 2];
    }
    let is_plural = word.len() > 3 && !["ss", "us", "is"].iter().any(|ending| word.ends_with(ending));
    match word.strip_suffix('s') {
        Some(short) if is_plural => short,
        _ => word,
    }
}

fn root<'a>(word: &'a str, ending: &str) -> Option<&'a str> {
    let root = word.strip_suffix(ending)?;
    (root.len() > 2 && root.contains(['a', 'e', 'i', 'o', 'u', 'y'])).then_some(root)
}

/// Spellings of Japanese and Korean sounds that stand for one another, replaced in this order.
const SOUNDS: &[(&str, &str)] =
    &[("jiu", "ju"), ("jitsu", "jutsu"), ("ts", "z"), ("dz", "z"), ("eo", "o"), ("ou", "o"), ("lr", "l")];

/// One spelling for all romanisations of a sound: long vowels short, voiced second halves as unvoiced ones,
/// doubled letters single.
fn romanised(word: &str) -> String {
    let mut folded = word.to_owned();
    for (from, to) in SOUNDS {
        if folded.contains(from) {
            folded = folded.replace(from, to);
        }
    }
    let mut last = None;
    folded.retain(|c| last.replace(c) != Some(c));
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        words(text).iter().map(|word| term(&word.text)).collect()
    }

    #[test]
    fn one_term_for_all_spellings_of_a_technique() {
        for (one, other) in [
            ("jūdō", "judo"),
            ("Gyaku-Tsuki", "gyaku zuki"),
            ("yeop chagi", "yop chagi"),
            ("dolryeo chagi", "dollyo chagi"),
            ("jiu-jitsu", "ju jutsu"),
            ("jiujitsu", "jujutsu"),
            ("Ｋａｒａｔｅ", "karate"),
            ("o\u{304}dan", "odan"),
        ] {
            assert_eq!(terms(one), terms(other), "{one} / {other}");
        }
    }

    #[test]
    fn english_endings_are_cut() {
        for (one, other) in [
            ("kicks", "kick"),
            ("punches", "punch"),
            ("stances", "stance"),
            ("sparring", "spar"),
            ("dancing", "dance"),
            ("trained", "training"),
            ("dojo's", "dojo"),
            ("O’Brien", "o'brien"),
        ] {
            assert_eq!(terms(one), terms(other), "{one} / {other}");
        }
        assert_eq!(terms("ring bus kiss"), ["ring", "bus", "kis"]);
    }

    #[test]
    fn scripts_without_spaces_become_pairs_of_characters() {
        let of = |text: &str| words(text).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(of("前蹴り kick"), ["前蹴", "蹴り", "kick"]);
        assert_eq!(of("型, 태권도!"), ["型", "태권", "권도"]);
    }

    #[test]
    fn words_know_where_they_begin() {
        let text = "The «Mae-geri» — 前蹴り";
        let starts: Vec<&str> = words(text).iter().map(|word| &text[word.start..]).collect();
        assert_eq!(
            starts,
            ["The «Mae-geri» — 前蹴り", "Mae-geri» — 前蹴り", "geri» — 前蹴り", "前蹴り", "蹴り"]
        );
    }

    #[test]
    fn stop_words_are_sorted_for_their_search() {
        assert!(is_stop_word("a") && is_stop_word("your") && is_stop_word("should"));
        assert!(!is_stop_word("kata"));
    }
}
