//! Modules of script.

use std::fmt::Write as _;

use fixtures::Stream;

use super::{ASPECTS, SUBJECTS, raised};

/// One module in so many is wanted on every page, and run when the script starts.
const CORE: u32 = 4;

const FIELDS: [&str; 24] = [
    "title", "city", "state", "rank", "style", "email", "phone", "amount", "currency", "capacity", "starts",
    "ends", "weight", "age", "level", "coach", "venue", "street", "country", "language", "notes", "status",
    "waitlist", "discount",
];
const LANGUAGES: [&str; 12] = [
    "de-DE", "en-GB", "en-US", "es-MX", "fr-CA", "it-IT", "ja-JP", "ko-KR", "nl-NL", "pl-PL", "pt-BR",
    "vi-VN",
];
const SYLLABLES: [&str; 40] = [
    "ka", "ra", "te", "ju", "do", "ken", "shi", "bu", "sa", "mo", "ver", "an", "stal", "tung", "ció", "el",
    "ment", "ur", "no", "wy", "da", "rze", "nie", "ren", "ta", "li", "ção", "gra", "pel", "to", "ung", "bel",
    "mar", "que", "sen", "tra", "lo", "vi", "os", "han",
];
const TURNS: [&str; 16] = [
    "opened", "closed", "joined", "left", "renamed", "moved", "paid", "refunded", "filtered", "sorted",
    "selected", "cleared", "failed", "loaded", "saved", "expired",
];

/// Modules of at least so many bytes together.
pub(in crate::pages) fn modules(bytes: usize) -> String {
    let mut code = String::with_capacity(bytes);
    let mut number = 0;
    while code.len() < bytes {
        module(&mut code, number);
        number += 1;
    }
    code
}

/// A module: a table and what measures it, always, and some of what handles its subject.
fn module(code: &mut String, number: u32) {
    let mut draws = Stream::new(fixtures::DEFAULT_SEED, "page script", number.into());
    let subject = draws.pick(&SUBJECTS);
    let layer = if number.is_multiple_of(CORE) { "core" } else { "later" };
    let mut given = vec![labels(code, &mut draws, layer, &format!("{subject}-{number}"), subject)];
    let score = score(code, &mut draws, subject);
    for make in [format, check, reduce, draw, format_many] {
        if draws.chance(0.7) {
            given.push(make(code, &mut draws, subject));
        }
    }
    let labels = given[0].clone();
    let given = given.join(", ");
    put(
        code,
        format_args!(
            "  const words = Object.values({labels}).flatMap(Object.values);
  const run = () => {score}(words.map((word) => word.length));
  return {{ run, {score}, {given} }};
}});
"
        ),
    );
}

fn put(code: &mut String, text: std::fmt::Arguments<'_>) {
    code.write_fmt(text).expect("a string takes text");
}

/// Some of these, each once, in their order.
fn some<'a>(draws: &mut Stream, from: &[&'a str], share: f64) -> Vec<&'a str> {
    let some: Vec<&str> = from.iter().copied().filter(|_| draws.chance(share)).collect();
    if some.is_empty() { vec![draws.pick(from)] } else { some }
}

fn name(draws: &mut Stream, verbs: &[&str], subject: &str) -> String {
    let verb = draws.pick(verbs);
    verb.to_owned() + &raised(subject) + &raised(draws.pick(&ASPECTS))
}

fn word(draws: &mut Stream) -> String {
    let count = draws.between(2, 4);
    (0..count).map(|_| draws.pick(&SYLLABLES)).collect()
}

/// The module's head, and its texts by language.
fn labels(code: &mut String, draws: &mut Stream, layer: &str, module: &str, subject: &str) -> String {
    let labels = format!("{subject}{}s", raised(draws.pick(&["label", "text", "term", "caption"])));
    put(code, format_args!("\ndefine(\"{layer}/{module}\", () => {{\n  const {labels} = {{\n"));
    let fields = some(draws, &FIELDS, 0.2);
    for language in some(draws, &LANGUAGES, 0.4) {
        put(code, format_args!("    \"{language}\": {{"));
        for field in &fields {
            let (first, second) = (word(draws), word(draws));
            put(code, format_args!(" {field}: \"{first} {second}\","));
        }
        code.push_str(" },\n");
    }
    code.push_str("  };\n");
    labels
}

/// Arithmetic over numbers: what is run when the script starts.
fn score(code: &mut String, draws: &mut Stream, subject: &str) -> String {
    let name = name(draws, &["score", "digest", "weigh"], subject);
    let [seed, factor, step, every, more] =
        [(100, 9_999), (3, 97), (2, 40), (3, 9), (1, 50)].map(|(low, high)| draws.between(low, high));
    let modulus = draws.pick(&["65521", "32749", "16381", "8191"]);
    put(
        code,
        format_args!(
            "  const {name} = (values, seed = {seed}) => {{
    let total = seed;
    for (const value of values) {{
      total = (total * {factor} + value * {step}) % {modulus};
      if (total % {every} === 0) total += {more};
    }}
    return total;
  }};
"
        ),
    );
    name
}

fn format(code: &mut String, draws: &mut Stream, subject: &str) -> String {
    let name = name(draws, &["format", "describe", "render"], subject);
    let fields = some(draws, &FIELDS, 0.15);
    let fallback = draws.pick(&["—", "none", "unknown", "to be announced"]);
    put(
        code,
        format_args!("  const {name} = ({subject}, locale = \"en-US\") => {{\n    const parts = [];\n"),
    );
    for field in fields {
        let most = draws.between(12, 200);
        match draws.below(4) {
            0 => put(
                code,
                format_args!(
                    "    parts.push(String({subject}.{field} ?? \"{fallback}\").slice(0, {most}));\n"
                ),
            ),
            1 => put(
                code,
                format_args!(
                    "    if ({subject}.{field}) parts.push({subject}.{field}.toLocaleString(locale, {{ maximumFractionDigits: {} }}));\n",
                    most % 4
                ),
            ),
            2 => put(
                code,
                format_args!(
                    "    if ({subject}.{field} > {most}) parts.push(`{field} ${{{subject}.{field}}}`);\n"
                ),
            ),
            _ => put(
                code,
                format_args!(
                    "    parts.push([{subject}.{field}, {subject}.{}].filter(Boolean).join(\" / \"));\n",
                    draws.pick(&FIELDS)
                ),
            ),
        }
    }
    let separator = draws.pick(&[" · ", ", ", "; ", " | "]);
    put(
        code,
        format_args!("    return parts.length ? parts.join(\"{separator}\") : \"{fallback}\";\n  }};\n"),
    );
    name
}

fn format_many(code: &mut String, draws: &mut Stream, subject: &str) -> String {
    let name = name(draws, &["group", "collect", "arrange"], subject);
    let (by, then) = (draws.pick(&FIELDS), draws.pick(&FIELDS));
    let most = draws.between(4, 60);
    put(
        code,
        format_args!(
            "  const {name} = ({subject}s, limit = {most}) => {{
    const groups = new Map();
    for (const {subject} of {subject}s) {{
      const key = {subject}.{by} ?? \"\";
      if (!groups.has(key)) groups.set(key, []);
      if (groups.get(key).length < limit) groups.get(key).push({subject});
    }}
    for (const group of groups.values()) group.sort((a, b) => (a.{then} > b.{then} ? 1 : -1));
    return [...groups].map(([key, group]) => ({{ {by}: key, size: group.length, group }}));
  }};
"
        ),
    );
    name
}

fn check(code: &mut String, draws: &mut Stream, subject: &str) -> String {
    let name = name(draws, &["check", "validate"], subject);
    put(code, format_args!("  const {name} = (draft) => {{\n    const faults = [];\n"));
    for field in some(draws, &FIELDS, 0.15) {
        let most = draws.between(2, 400);
        match draws.below(3) {
            0 => put(
                code,
                format_args!(
                    "    if (!draft.{field}) faults.push(\"Please say the {field} of your {subject}.\");\n"
                ),
            ),
            1 => put(
                code,
                format_args!(
                    "    if (String(draft.{field}).length > {most}) faults.push(\"The {field} has at most {most} characters.\");\n"
                ),
            ),
            _ => put(
                code,
                format_args!(
                    "    if (!/^[\\p{{L}}\\d .,'-]{{1,{most}}}$/u.test(draft.{field})) faults.push(\"This {field} is not one we know.\");\n"
                ),
            ),
        }
    }
    code.push_str("    return faults;\n  };\n");
    name
}

fn reduce(code: &mut String, draws: &mut Stream, subject: &str) -> String {
    let name = name(draws, &["reduce", "advance"], subject);
    put(code, format_args!("  const {name} = (state, action) => {{\n    switch (action.type) {{\n"));
    for turn in some(draws, &TURNS, 0.25) {
        let (field, other) = (draws.pick(&FIELDS), draws.pick(&FIELDS));
        match draws.below(3) {
            0 => put(
                code,
                format_args!(
                    "      case \"{subject}/{turn}\": return {{ ...state, {field}: action.{field}, changed: \"{other}\" }};\n"
                ),
            ),
            1 => put(
                code,
                format_args!(
                    "      case \"{subject}/{turn}\": return {{ ...state, {field}: (state.{field} ?? 0) + {} }};\n",
                    draws.between(1, 9)
                ),
            ),
            _ => put(
                code,
                format_args!(
                    "      case \"{subject}/{turn}\": return state.{other} ? {{ ...state, {other}: null }} : state;\n"
                ),
            ),
        }
    }
    code.push_str("      default: return state;\n    }\n  };\n");
    name
}

fn draw(code: &mut String, draws: &mut Stream, subject: &str) -> String {
    let name = name(draws, &["draw", "show"], subject);
    let class = format!("{subject}-{}", draws.pick(&ASPECTS));
    put(
        code,
        format_args!(
            "  const {name} = ({subject}) => {{\n    const root = element(\"section\", \"{class}\");\n"
        ),
    );
    for field in some(draws, &FIELDS, 0.15) {
        let tag = draws.pick(&["h3", "p", "span", "strong", "time", "small"]);
        put(
            code,
            format_args!("    root.append(element(\"{tag}\", \"{class}__{field}\", {subject}.{field}));\n"),
        );
    }
    put(
        code,
        format_args!(
            "    root.dataset.state = {subject}.capacity > {} ? \"open\" : \"full\";\n    return root;\n  }};\n",
            draws.between(2, 90)
        ),
    );
    name
}
