//! Where a browser is: what `CHROME` names, else a Chromium of `PATH`, else one at a usual place.

use std::{
    env,
    ffi::OsStr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::Source;

/// What a Chromium is called.
const NAMES: [&str; 7] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "chrome-headless-shell",
    "microsoft-edge",
];

/// Where one is that is not on `PATH`.
const PLACES: [&str; 10] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/lib/chromium/chromium",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/opt/google/chrome/chrome",
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
];

/// Looks for a browser. The error says, in words, what was looked for and how to get one.
pub fn find() -> Result<Source, String> {
    look(env::var_os("CHROME").as_deref(), env::var_os("PATH").as_deref(), is_executable)
}

/// The same, in an environment that is given. A `CHROME` that names nothing is not passed over: whoever set it means
/// that browser and no other.
fn look(
    chrome: Option<&OsStr>,
    path: Option<&OsStr>,
    executable: impl Fn(&Path) -> bool,
) -> Result<Source, String> {
    let folders: Vec<PathBuf> = path.into_iter().flat_map(env::split_paths).collect();
    let on_path =
        |name: &Path| folders.iter().map(|folder| folder.join(name)).find(|program| executable(program));
    if let Some(chrome) = chrome.filter(|chrome| !chrome.is_empty()) {
        let text = chrome.to_string_lossy();
        if text.contains("://") {
            return Ok(Source::Running(text.into_owned()));
        }
        let named = Path::new(chrome);
        let found = if text.contains('/') {
            Some(named.to_owned()).filter(|p| executable(p))
        } else {
            on_path(named)
        };
        return found
            .map(Source::Program)
            .ok_or_else(|| format!("CHROME names `{text}`, which is no program that can be started"));
    }
    let usual = || PLACES.iter().map(PathBuf::from).find(|program| executable(program));
    let found = NAMES.iter().find_map(|name| on_path(Path::new(name))).or_else(usual);
    found.map(Source::Program).ok_or_else(|| {
        format!(
            "no Chromium was found: CHROME is not set, none of {} is on PATH, and none is at a usual place; \
             install one (`apt-get install chromium`) or name one with CHROME",
            NAMES.join(", ")
        )
    })
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests;
