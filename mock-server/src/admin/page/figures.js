// Requests and pools over time: tiles, two charts, a table. uPlot (global) draws the charts.

import { count, make, megabytes, one, put, rate, row } from "./dom.js";

/** Seconds that are looked back on. */
const SPAN_S = 120;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const dark = matchMedia("(prefers-color-scheme: dark)");

/** A chart of lines over the last two minutes; made anew when its lines or the colours change. */
class Chart {
  #host;
  #height;
  #lowest;
  #format;
  #plot;
  #made;
  #data;
  #lines = [];

  /** `lowest`: the y axis goes at least this high. */
  constructor(host, height, lowest, format) {
    this.#host = host;
    this.#height = height;
    this.#lowest = lowest;
    this.#format = format;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(host);
    dark.addEventListener("change", () => this.show(this.#data, this.#lines));
  }

  /** `data`: times in seconds, then each line's values; `lines`: each line's name and colour. */
  show(data, lines) {
    if (!data) return;
    [this.#data, this.#lines] = [data, lines];
    const wanted = JSON.stringify([lines, dark.matches]);
    if (this.#made === wanted) return this.#plot.setData(data);
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(lines), data, this.#host);
    this.#made = wanted;
  }

  #size() {
    return { width: this.#host.clientWidth, height: this.#height };
  }

  #options(lines) {
    const axis = { stroke: colour("soft"), font: "12px system-ui, sans-serif", grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
    return {
      ...this.#size(),
      legend: { markers: { width: 0, fill: (plot, i) => plot.series[i].stroke() } },
      cursor: { sync: { key: "board" }, drag: { setScale: false, x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { range: (plot, min, max) => [max - SPAN_S, max] },
        y: { range: (plot, min, max) => [0, Math.max(this.#lowest, (max ?? 0) * 1.08)] },
      },
      axes: [{ ...axis, space: 70, values: (plot, at) => at.map(clock) }, { ...axis, size: 52, values: (plot, at) => at.map(this.#format) }],
      series: [
        { label: "at", value: (plot, at) => clock(at ?? newest(plot.data[0])) },
        ...lines.map(([label, name, filled]) => ({
          label, stroke: colour(name), width: 1.75, points: { show: false },
          fill: filled ? `${colour(name)}1f` : undefined,
          // The newest while nobody points at an older one.
          value: (plot, value, line, at) => this.#format(at == null ? newest(plot.data[line]) : (value ?? 0)),
        })),
      ],
    };
  }
}

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");

const rates = new Chart(one("#rate-chart"), 260, 5, rate);
const shares = new Chart(one("#pool-chart"), 190, 100, (value) => `${count(value)} %`);

async function traffic(admin) {
  const [history, connections] = await Promise.all([admin.get(`history?seconds=${SPAN_S}`), admin.get("connections")]);
  const { unix_ms: at, by_class: classes } = history;
  const tiles = {
    "rate": rate(newest(history.requests_per_second)),
    "4xx": rate(newest(classes["4xx"])),
    "5xx": rate(newest(classes["5xx"])),
    "in-flight": count(newest(history.in_flight)),
    "connections": count(connections.open),
    "memory": megabytes(history.rss_bytes.at(-1)),
  };
  for (const [name, text] of Object.entries(tiles)) {
    const tile = one(`[data-figure="${name}"]`);
    put(tile, text);
    tile.classList.toggle("bad", name === "5xx" && newest(classes["5xx"]) > 0);
  }
  const seconds = at.map((ms) => ms / 1000);
  rates.show(
    [seconds, history.requests_per_second, classes["4xx"], classes["5xx"]],
    [["all", "blue", true], ["4xx", "doubt"], ["5xx", "fail"]],
  );
  const pools = Object.entries(history.pools);
  if (pools.length > 0) {
    const share = ({ size, held }) => smooth(held.map((n, i) => (n == null ? null : (100 * n) / size[i])));
    shares.show(
      [seconds, ...pools.map(([, pool]) => share(pool))],
      pools.map(([name], i) => [name, `c${i % 6}`]),
    );
  }
  one("#pool-chart").closest("figure").hidden = pools.length === 0;
}

/** A pool is looked at once a second; the mean of five looks says more of how busy it is. */
const smooth = (list) => list.map((value, i) => {
  const looks = list.slice(Math.max(0, i - 4), i + 1).filter((look) => look != null);
  return value == null ? null : looks.reduce((sum, look) => sum + look, 0) / looks.length;
});

const newest = (list) => list.at(-1) ?? 0;

async function pools(admin) {
  const { pools } = await admin.get("pools");
  const rows = pools.map((pool) =>
    row(pool.pool,
      make("meter", { max: pool.size, value: Math.min(pool.held, pool.size), high: 0.85 * pool.size, low: 0.65 * pool.size, optimum: 0, title: `${pool.held} of ${pool.size}` }),
      [`${count(pool.held)} / ${count(pool.size)}`, "n"], [count(pool.waiting), "n"],
      [count(pool.refused), pool.refused > 0 ? "n bad" : "n"]));
  one("#pool-rows").replaceChildren(...rows);
  one("#pool-rows").closest(".scroll").hidden = pools.length === 0;
  put(one("#pools .none"), pools.length === 0 ? "The latency profile that is served has no pools." : "");
}

export const parts = [
  { section: one("#traffic"), every: 1, refresh: traffic },
  { section: one("#pools"), every: 1, refresh: pools },
];
