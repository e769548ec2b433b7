// Light, dark and paper.

const root = document.documentElement;
const probe = document.body.appendChild(make("span"));
probe.hidden = true;

/** What a colour's name stands for at the moment, as a canvas wants it. */
function colour(name) {
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

/** The same, so much of it. */
function tint(name, share) {
  probe.style.color = `color-mix(in srgb, var(--${name}) ${100 * share}%, transparent)`;
  return getComputedStyle(probe).color;
}

const listeners = [];
/** Calls back whenever colours or the width to draw on have changed for all charts at once. */
function whenLookChanges(redraw) {
  listeners.push(redraw);
}
const redrawAll = () => listeners.forEach((redraw) => redraw());

/** A choice is kept where the browser lets a file keep one. */
const kept = {
  get theme() {
    try {
      return localStorage.getItem("report-theme");
    } catch {
      return null;
    }
  },
  set theme(theme) {
    try {
      localStorage.setItem("report-theme", theme);
    } catch {
      // It lasts until the page is closed.
    }
  },
};

function isDark() {
  return (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
}

function themes() {
  const button = document.getElementById("theme");
  const said = () => (button.textContent = isDark() ? "Light" : "Dark");
  if (kept.theme === "light" || kept.theme === "dark") root.dataset.theme = kept.theme;
  said();
  button.addEventListener("click", () => {
    kept.theme = root.dataset.theme = isDark() ? "light" : "dark";
    said();
    redrawAll();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    said();
    redrawAll();
  });
}

/** On paper: light, as wide as a page, everything opened that was folded. */
const paper = { on: false };

function printing() {
  let before;
  addEventListener("beforeprint", () => {
    before = { theme: root.dataset.theme, folded: [...document.querySelectorAll("details:not([open])")] };
    root.dataset.theme = "light";
    before.folded.forEach((details) => (details.open = true));
    paper.on = true;
    redrawAll();
  });
  addEventListener("afterprint", () => {
    if (!before) return;
    if (before.theme) root.dataset.theme = before.theme;
    else delete root.dataset.theme;
    before.folded.forEach((details) => (details.open = false));
    paper.on = false;
    redrawAll();
  });
}
