//! Rules of style, for components that no page shows: a browser reads them all the same.

use std::fmt::Write as _;

use fixtures::Stream;

use super::{ASPECTS, SUBJECTS};

const ELEMENTS: [&str; 12] =
    ["title", "body", "meta", "icon", "action", "list", "item", "price", "image", "footer", "note", "status"];
const STATES: [&str; 6] =
    ["", ":hover", ":focus-visible", "[aria-current]", ":first-child", "[data-state=open]"];

/// Properties with what they may be; `#` is a number of rem, `%` a share, `@` a colour.
const PROPERTIES: [(&str, &[&str]); 22] = [
    ("align-items", &["center", "start", "baseline", "stretch"]),
    ("background", &["@", "var(--card)", "var(--paper)", "none"]),
    ("border", &["1px solid @", "2px solid var(--line)", "0"]),
    ("border-radius", &["#", "999px"]),
    ("box-shadow", &["0 1px 3px @", "0 # # @", "none"]),
    ("color", &["@", "var(--ink)", "var(--muted)", "var(--red)"]),
    ("display", &["flex", "grid", "inline-flex", "block"]),
    ("flex", &["1 1 #", "none", "0 1 auto"]),
    ("font-size", &["#"]),
    ("font-weight", &["400", "600", "700"]),
    ("gap", &["#", "# #"]),
    ("grid-template-columns", &["repeat(auto-fill, minmax(#, 1fr))", "1fr # 1fr", "# 1fr"]),
    ("justify-content", &["space-between", "center", "end"]),
    ("letter-spacing", &[".02em", "-.01em", "normal"]),
    ("line-height", &["1.2", "1.4", "1.6"]),
    ("margin", &["0", "# 0", "0 0 #", "# auto"]),
    ("max-width", &["#", "%", "none"]),
    ("opacity", &[".6", ".8", "1"]),
    ("padding", &["#", "# #", "0 #"]),
    ("text-transform", &["uppercase", "none", "capitalize"]),
    ("transition", &["color .15s ease", "opacity .2s linear", "transform .25s ease-out"]),
    ("white-space", &["nowrap", "normal", "pre-line"]),
];

/// Rules of at least so many bytes together.
pub(in crate::pages) fn rules(bytes: usize) -> String {
    let mut css = String::with_capacity(bytes);
    let mut number = 0;
    while css.len() < bytes {
        component(&mut css, number);
        number += 1;
    }
    css
}

fn component(css: &mut String, number: u32) {
    let mut draws = Stream::new(fixtures::DEFAULT_SEED, "page style", number.into());
    let class = format!(".{}-{}", draws.pick(&SUBJECTS), draws.pick(&ASPECTS));
    put(css, format_args!("{class} {{{}}}\n", declarations(&mut draws)));
    for element in ELEMENTS {
        if draws.chance(0.35) {
            let state = draws.pick(&STATES);
            put(css, format_args!("{class}__{element}{state} {{{}}}\n", declarations(&mut draws)));
        }
    }
    if number.is_multiple_of(3) {
        let width = draws.between(24, 90);
        put(
            css,
            format_args!("@media (min-width: {width}rem) {{ {class} {{{}}} }}\n", declarations(&mut draws)),
        );
    }
}

fn put(css: &mut String, text: std::fmt::Arguments<'_>) {
    css.write_fmt(text).expect("a string takes text");
}

fn declarations(draws: &mut Stream) -> String {
    let mut text = String::new();
    for (property, values) in PROPERTIES {
        if draws.chance(0.2) {
            let value = value(draws.pick(values), draws);
            put(&mut text, format_args!(" {property}: {value};"));
        }
    }
    text + " "
}

/// A value with its places filled.
fn value(form: &str, draws: &mut Stream) -> String {
    let mut value = String::new();
    for character in form.chars() {
        match character {
            '#' => put(&mut value, format_args!("{}rem", f64::from(draws.between(1, 40)) / 8.0)),
            '%' => put(&mut value, format_args!("{}%", draws.between(2, 20) * 5)),
            '@' => put(
                &mut value,
                format_args!(
                    "rgb({} {} {} / .{})",
                    draws.below(256),
                    draws.below(256),
                    draws.below(256),
                    draws.between(1, 9)
                ),
            ),
            other => value.push(other),
        }
    }
    value
}
