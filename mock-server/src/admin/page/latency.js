// Per route, what the model planned and what was held until the answer: in figures, and as a picture.

import { count, draw, make, ms, one, put, row, say } from "./dom.js";

const section = one("#latency");
const order = one("#latency-order");
const filter = one("#latency-filter");
const WIDTH = 220;
let routes = [];

const orders = {
  count: (a, b) => b.count - a.count,
  p99: (a, b) => b.held.p99 - a.held.p99,
  late: (a, b) => late(b) - late(a),
  route: (a, b) => a.route.localeCompare(b.route),
};

/** How much longer the 99th percentile was held than it was planned, as a factor. */
const late = ({ held, planned }) => held.p99 / Math.max(1, planned.p99);

function show() {
  const wanted = filter.value.trim().toLowerCase();
  const shown = routes.filter(({ route }) => route.toLowerCase().includes(wanted)).sort(orders[order.value]);
  const scale = logarithmic(routes);
  one("#latency-rows").replaceChildren(...shown.map((route) => line(route, scale)));
  put(one("#latency-scale"), routes.length > 0 ? `on a logarithmic scale, ${scale.name}` : "");
  put(one(".none", section), shown.length > 0 ? "" : routes.length > 0 ? "No route is called that." : "Nothing was asked yet.");
}

function line(truth, scale) {
  const [method, path] = truth.route.split(" ");
  const both = (percentile) => [
    make("span", {}, ms(truth.held[percentile]), make("small", {}, ms(truth.planned[percentile]))),
    "n both",
  ];
  return row(make("span", { className: "route" }, make("b", {}, method), ` ${path}`),
    [count(truth.count), "n"], [count(truth.refused), truth.refused > 0 ? "n bad" : "n"],
    both("p50"), both("p95"), both("p99"), [picture(truth, scale), "picture"]);
}

/** Decades that hold every percentile there is; at least one. */
function logarithmic(routes) {
  const times = routes.flatMap(({ held, planned }) => [held.p50, held.p99, planned.p50, planned.p99]).map((us) => Math.max(us, 10));
  const low = Math.floor(Math.log10(Math.min(...times, 1e4)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...times, 1e4))));
  const at = (us) => ((Math.log10(Math.max(us, 10)) - low) / (high - low)) * (WIDTH - 8) + 4;
  const decades = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  return { at, decades, name: `${decade(decades[0])} to ${decade(decades.at(-1))}` };
}

const decade = (us) => (us < 1000 ? `${us} µs` : us < 1e6 ? `${us / 1000} ms` : `${us / 1e6} s`);

function picture({ route, held, planned }, { at, decades }) {
  const bar = (times, y, name) => draw("g", { class: name },
    draw("line", { x1: at(times.p50), x2: at(times.p99), y1: y, y2: y }),
    ...["p50", "p95", "p99"].map((percentile) => draw("circle", { cx: at(times[percentile]), cy: y, r: 2.6 })));
  return draw("svg", { viewBox: `0 0 ${WIDTH} 26`, width: WIDTH, height: 26, role: "img", "aria-label": `${route}: the figures before this` },
    ...decades.map((us) => draw("line", { class: "grid", x1: at(us), x2: at(us), y1: 0, y2: 26 })),
    bar(planned, 8, "planned"), bar(held, 18, "held"));
}

export function wire(act) {
  order.addEventListener("change", show);
  filter.addEventListener("input", show);
  one("#truth-reset").addEventListener("click", () => act(section, async (admin) => {
    await admin.post("truth/reset");
    return "Counted anew from now on.";
  }));
}

export const parts = [{
  section,
  every: 2,
  refresh: async (admin) => {
    routes = await admin.get("truth?hdr=false");
    show();
  },
}];
