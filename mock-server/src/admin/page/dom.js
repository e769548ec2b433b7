// Elements, and how figures are written.

export const one = (selector, within = document) => within.querySelector(selector);

/** An element with properties (or attributes, where there is no such property) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same in SVG, attributes only. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A row of a table. The first cell is its heading; cells given as [text, "n"] are figures. */
export function row(first, ...cells) {
  const rest = cells.map((cell) =>
    Array.isArray(cell) ? make("td", { className: cell[1] }, cell[0]) : make("td", {}, cell));
  return make("tr", {}, make("th", { scope: "row" }, first), ...rest);
}

/** Says something under a section's controls; `bad` when it is a refusal. */
export function say(section, text, bad = false) {
  const said = one(".said", section);
  if (said.textContent !== text) said.textContent = text;
  said.classList.toggle("bad", bad);
}

/** Sets text where it changed, so that nothing is announced or selected away for nothing. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 1 234 567, with thin gaps. */
export const count = (n) => grouped.format(n).replaceAll(",", "\u202f");

/** A rate: three digits are enough. */
export const rate = (n) => (n < 9.95 && n > 0 ? n.toFixed(1) : count(n));

/** Microseconds as milliseconds, with as many digits as say something. */
export function ms(us) {
  const value = us / 1000;
  if (value < 1) return value.toFixed(2);
  return value < 10 ? value.toFixed(1) : count(value);
}

export const megabytes = (bytes) => (bytes == null ? "–" : `${count(bytes / 1e6)} MB`);
