//! The page's script, what it reads, and the policy that lets nothing else run.

use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::data::Data;

/// Draws charts; vendored.
const UPLOT: &str = include_str!("../../../../assets/uplot/uPlot.iife.min.js");
/// The page's own, in the order the parts build on one another.
const PAGE: &str = concat!(
    "\"use strict\";\n",
    include_str!("page/words.js"),
    include_str!("page/hdr.js"),
    include_str!("page/look.js"),
    include_str!("page/tables.js"),
    include_str!("page/charts.js"),
    include_str!("page/pictures.js"),
    include_str!("page/scene.js"),
    include_str!("page/overlay.js"),
    include_str!("page/start.js"),
);

/// Nothing is fetched, and of scripts only these two run.
pub(super) fn policy() -> String {
    let hash = |script: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script)));
    format!(
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {} {}; base-uri 'none'; \
         form-action 'none'",
        hash(UPLOT),
        hash(PAGE)
    )
}

/// The elements at the end of the page.
pub(super) fn elements(data: &Data<'_>) -> Markup {
    html! {
        script #data type="application/json" { (PreEscaped(data.inert())) }
        script { (PreEscaped(UPLOT)) }
        script { (PreEscaped(PAGE)) }
    }
}
