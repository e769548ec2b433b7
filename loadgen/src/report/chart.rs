//! Pictures that are drawn here, as plain SVG: what no curve over time shows. Curves over time are the page's script's.

mod live;
mod pages;

use std::fmt::Write as _;

pub(super) use live::{misses, waterfall};
pub(super) use pages::{fetches, scatter, stacked};

fn put(svg: &mut String, text: std::fmt::Arguments<'_>) {
    svg.write_fmt(text).expect("writing to a string cannot fail");
}
