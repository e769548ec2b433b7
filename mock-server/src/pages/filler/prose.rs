//! Sections of prose for the lower half of a page.

use std::fmt::Write as _;

use fixtures::Stream;
use maud::{Markup, html};

const SENTENCES: [&str; 20] = [
    "{style} is taught in {place} every {day} at {hour}.",
    "Beginners need no more than loose clothes and {number} minutes to spare.",
    "Whoever holds a {belt} belt may grade for the next one after {number} lessons.",
    "Our instructors come from {place} and have taught {style} for {number} years.",
    "You may change between {style} and {style} as often as you like.",
    "The next seminar in {place} has {number} places left.",
    "On {day} the mat is open to everybody, whichever style they train.",
    "Lessons are streamed live, so {place} is never too far away.",
    "Families train together on {day}, and pay for {number} of their members at most.",
    "A lesson begins with a bow and ends with a question.",
    "We keep {number} videos of {style}, from the first stance to the last throw.",
    "Bring a friend on {day}: their first lesson is free.",
    "Membership can be paused for {number} weeks a year, for any reason.",
    "Referees are trained in {place}, and certified for {number} months.",
    "The {belt} belt is where {style} starts to feel like your own.",
    "There is a lift to every dojo, and {number} of them have a quiet room.",
    "Tickets for the championship in {place} are sold from {hour} on {day}.",
    "Whoever cannot come is moved to the waiting list of the week after.",
    "In {style} the hands follow the hips, and the hips follow the breath.",
    "Refunds are made within {number} days, to the card that was charged.",
];
const QUESTIONS: [&str; 8] = [
    "May I try {style} before I join?",
    "What happens if I miss a lesson on {day}?",
    "How long does it take to the {belt} belt?",
    "Is there a dojo near {place}?",
    "Can I train at {hour}?",
    "Do you teach children of {number}?",
    "How do I cancel my membership?",
    "Which style suits me, {style} or {style}?",
];
const HEADINGS: [&str; 8] = [
    "Why train with us",
    "What a week looks like",
    "Good to know",
    "Before your first lesson",
    "From our members",
    "More than one style",
    "At home in {place}",
    "On the way to the {belt} belt",
];
/// What may stand in a place of the texts above.
const PLACES: [(&str, &[&str]); 6] = [
    (
        "{style}",
        &["Karate", "Judo", "Jiu-jitsu", "Kendo", "Taekwondo", "Aikido", "Kung fu", "Capoeira", "Krav maga"],
    ),
    (
        "{place}",
        &[
            "Austin",
            "Boston",
            "Chicago",
            "Denver",
            "Honolulu",
            "Miami",
            "Portland",
            "San Diego",
            "Seattle",
            "Tucson",
        ],
    ),
    ("{day}", &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]),
    ("{hour}", &["6:30", "8:00", "9:15", "noon", "17:30", "18:45", "20:00"]),
    ("{belt}", &["yellow", "orange", "green", "blue", "purple", "brown", "black"]),
    ("{number}", &["five", "six", "eight", "ten", "twelve", "fifteen", "twenty", "thirty", "forty"]),
];

/// Sections of at least so many bytes together; each page has its own.
pub(in crate::pages) fn sections(path: &str, bytes: usize) -> String {
    let page = path.bytes().fold(0, |sum, byte| sum * 31 + u64::from(byte)) % 1_000_000;
    let mut text = String::with_capacity(bytes);
    let mut number = 0;
    while text.len() < bytes {
        let mut draws = Stream::new(fixtures::DEFAULT_SEED, "page prose", page * 1_000 + number);
        let section = match number % 4 {
            0 => features(&mut draws),
            1 => questions(&mut draws),
            2 => voices(&mut draws),
            _ => timetable(&mut draws),
        };
        text += &section.into_string();
        number += 1;
    }
    text
}

/// One of these texts, its places filled.
fn said(draws: &mut Stream, from: &[&str]) -> String {
    let mut text = draws.pick(from).to_owned();
    for (place, words) in PLACES {
        while text.contains(place) {
            text = text.replacen(place, draws.pick(words), 1);
        }
    }
    text
}

fn paragraph(draws: &mut Stream) -> String {
    let count = draws.between(2, 4);
    (0..count).map(|_| said(draws, &SENTENCES)).collect::<Vec<_>>().join(" ")
}

/// A drawing of a few strokes.
fn icon(draws: &mut Stream) -> Markup {
    let mut path = String::from("M");
    for stroke in ["", "L", "Q", " ", "L"] {
        let (x, y) = (draws.between(2, 22), draws.between(2, 22));
        write!(path, "{stroke}{x} {y}").expect("a string takes text");
    }
    html! {
        svg class="icon" viewBox="0 0 24 24" width="32" height="32" aria-hidden="true" {
            path d=(path) fill="none" stroke="currentColor" stroke-width="2" {}
            circle cx=(draws.between(4, 20)) cy=(draws.between(4, 20)) r=(draws.between(1, 4)) {}
        }
    }
}

fn features(draws: &mut Stream) -> Markup {
    html! {
        section class="features" {
            h2 { (said(draws, &HEADINGS)) }
            div class="columns" {
                @for _ in 0..3 {
                    article {
                        (icon(draws))
                        h3 { (said(draws, &["{style}", "Every {day}", "In {place}", "The {belt} belt"])) }
                        p { (paragraph(draws)) }
                    }
                }
            }
        }
    }
}

fn questions(draws: &mut Stream) -> Markup {
    html! {
        section class="questions" {
            h2 { "Questions and answers" }
            @for _ in 0..4 {
                details { summary { (said(draws, &QUESTIONS)) } p { (paragraph(draws)) } }
            }
        }
    }
}

fn voices(draws: &mut Stream) -> Markup {
    html! {
        section class="voices" {
            h2 { (said(draws, &HEADINGS)) }
            @for _ in 0..3 {
                figure {
                    blockquote { p { (paragraph(draws)) } }
                    figcaption { (said(draws, &["{style}, {place}", "{belt} belt, {place}"])) }
                }
            }
        }
    }
}

fn timetable(draws: &mut Stream) -> Markup {
    html! {
        section class="timetable" {
            h2 { (said(draws, &["Lessons in {place}"])) }
            table {
                thead { tr { @for name in ["Day", "From", "Style", "For"] { th scope="col" { (name) } } } }
                tbody {
                    @for _ in 0..6 {
                        tr {
                            @for cell in ["{day}", "{hour}", "{style}"] { td { (said(draws, &[cell])) } }
                            td { (said(draws, &["everybody", "the {belt} belt and up", "{number} at most"])) }
                        }
                    }
                }
            }
        }
    }
}
