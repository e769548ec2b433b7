// Numbers as the rest of the page writes them.

/** `30 750`: thousands set apart by a space. */
function number(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** A measured time in milliseconds: `0.42 ms`, `42.0 ms`, `4 200 ms`, `42.0 s`; nothing of many that were never answered. */
function time(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms === Infinity) return "no answer";
  if (ms === 0) return "0 ms";
  if (ms < 0.005) return "< 0.01 ms";
  if (ms < 9.995) return `${ms.toFixed(2)} ms`;
  if (ms < 99.95) return `${ms.toFixed(1)} ms`;
  if (ms < 9999.5) return `${number(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A time on an axis: short, and without digits that say nothing. */
function tick(ms) {
  if (ms === 0) return "0";
  return ms < 1000 ? `${+ms.toPrecision(3)} ms` : `${+(ms / 1000).toPrecision(3)} s`;
}

/** `1:05` for 65 seconds, `42 s` within the first minute. */
function clock(seconds) {
  if (seconds < 60) return `${+seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/** An element with a class and a text; text stays text, whatever a target sent. */
function make(tag, text = "", classes = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (classes) element.className = classes;
  return element;
}
