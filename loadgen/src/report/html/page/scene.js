// One scenario: its charts, the series somebody looks at, the window somebody marked.

const PERCENTS = [50, 95, 99];
const TONES = { 50: "p50", 95: "p95", 99: "p99" };
const DASH = [6, 4];

class Scene {
  /** The seconds that are marked: `[from, to)`, or nothing. */
  window = null;
  #data;
  #section;
  #charts = {};
  #series;
  #rows = {};
  #begun;
  #asked = 0;

  constructor(data, section, step) {
    [this.#data, this.#section, this.step] = [data, section, step];
    this.#series = usual(data).name;
  }

  get name() {
    return this.#data.name;
  }

  /** The series that is looked at. */
  get series() {
    return this.#data.series.find(({ name }) => name === this.#series);
  }

  /** The same scenario of the run laid over this one. */
  get other() {
    return overlay.run?.scenarios.find(({ name }) => name === this.name);
  }

  get #otherSeries() {
    return this.other?.series.find(({ name }) => name === this.#series);
  }

  /** Builds what is needed to look at it; once, when it comes into sight. */
  begin() {
    this.#begun ??= this.#build();
    return this.#begun;
  }

  #build() {
    this.#controls();
    for (const host of this.#section.querySelectorAll("[data-chart]")) {
      const kind = host.dataset.chart;
      const overTime = kind !== "spread" && kind !== "curve";
      this.#charts[kind] = new Chart(host, () => this[kind](), overTime ? () => this.window : undefined);
    }
    return this.#redraw();
  }

  #find(role) {
    return this.#section.querySelector(`[data-role="${role}"]`);
  }

  #controls() {
    const choice = this.#find("series");
    for (const [role, label] of [["group", "Groups"], ["endpoint", "Endpoints"], ["value", "Durations that are no requests"]]) {
      const group = document.createElement("optgroup");
      group.label = label;
      for (const { name } of this.#data.series.filter((series) => series.role === role)) group.append(new Option(name, name));
      if (group.children.length) choice.append(group);
    }
    choice.value = this.#series;
    choice.addEventListener("change", () => {
      this.#series = choice.value;
      this.refresh();
    });
    for (const role of ["from", "to"]) {
      this.#find(role).max = Math.ceil(this.#data.duration_s);
      this.#find(role).step = this.step;
      this.#find(role).addEventListener("change", () => this.select(Number(this.#find("from").value), Number(this.#find("to").value || Infinity)));
    }
    this.#find("whole").addEventListener("click", () => this.clear());
  }

  /** Marks a window: cut to whole steps, at least one long. */
  select(from, to) {
    const step = overlay.run ? lowestMultiple(this.step, overlay.run.step_s) : this.step;
    const end = Math.ceil(this.#end() / step) * step;
    const start = Math.min(Math.max(0, Math.floor(from / step) * step), end - step);
    const stop = Math.min(end, Math.max(start + step, Math.ceil(to / step) * step));
    if (this.window && this.window[0] === start && this.window[1] === stop) return this.#mark();
    this.window = [start, stop];
    this.#windowChanged();
  }

  clear() {
    if (!this.window) return this.#mark();
    this.window = null;
    this.#windowChanged();
  }

  #end() {
    const last = ({ series }) => Math.max(0, ...series.flatMap(({ cells }) => (cells.length ? [cells.at(-1)[0] + 1] : [])));
    return Math.max(1, last(this.#data));
  }

  #mark() {
    Object.values(this.#charts).forEach((chart) => chart.mark());
  }

  #windowChanged() {
    this.#mark();
    const [from, to] = this.window ?? ["", ""];
    [this.#find("from").value, this.#find("to").value] = [from, to];
    this.recount();
  }

  /** Another series, another run beside it: everything is drawn again. */
  async refresh() {
    if (this.#begun) await this.#redraw();
  }

  async #redraw() {
    const turn = ++this.#asked;
    const [mine, others] = [this.series, this.#otherSeries];
    const [here, there] = await Promise.all([mine, others].map((series) => (series ? overTime(series, PERCENTS) : [])));
    if (turn !== this.#asked) return;
    this.#rows = { here, there };
    for (const kind of ["percentiles", "rate", "users", "errors"]) this.#charts[kind]?.draw();
    if (this.window && overlay.run) this.select(...this.window);
    await this.recount();
  }

  /** What is measured in the window, of every series, and the two pictures of its values. */
  async recount() {
    const turn = ++this.#asked;
    const [from, to] = this.window ?? [-Infinity, Infinity];
    const [here, there] = await Promise.all([this.series, this.#otherSeries].map((series) => (series ? measuredIn(series, from, to) : null)));
    if (turn !== this.#asked) return;
    Object.assign(this.#rows, { all: here, allOther: there });
    for (const kind of ["spread", "curve"]) this.#charts[kind]?.draw();
    await this.#table(from, to, turn);
  }

  async #table(from, to, turn) {
    const [said, body] = [this.#find("selected"), this.#find("figures")];
    const shown = Boolean(this.window || this.other);
    this.#find("window").hidden = !shown;
    if (!shown) {
      body.replaceChildren();
      said.textContent = "";
      return;
    }
    const rows = await Promise.all(this.#data.series.map((series) => this.#row(series, from, to)));
    if (turn !== this.#asked) return;
    body.replaceChildren(...rows.flat());
    said.textContent = this.window ? `Selected ${from} s to ${to} s` : "The whole run";
    this.#section.dataset.counted = this.window ? `${from}-${to}` : "whole";
  }

  async #row(series, from, to) {
    const rows = [figures(series.name, series, await measuredIn(series, from, to), from, to)];
    const other = this.other?.series.find(({ name }) => name === series.name);
    if (this.other) rows.push(other ? figures(overlay.run.id, other, await measuredIn(other, from, to), from, to, "other") : absent());
    rows[0].dataset.series = series.name;
    return rows;
  }

  // What each chart shows.

  #time(more) {
    const { steady, bands } = this.#data;
    return {
      sync: this.name,
      select: (from, to) => this.select(from, to),
      clear: () => this.clear(),
      draw: [faultBands(bands), fullLoad(steady)],
      x: { scale: { range: () => [0, Math.max(1, this.#data.duration_s, this.other?.duration_s ?? 0)] } },
      ...more,
    };
  }

  percentiles() {
    const { here, there } = this.#rows;
    if (!here?.length) return null;
    const lines = PERCENTS.map((percent) => ({ label: `p${percent}`, tone: TONES[percent], width: percent === 95 ? 2.25 : 1.5 }));
    const others = PERCENTS.map((percent) => ({ label: `p${percent}, ${overlay.run?.id}`, tone: TONES[percent], dash: DASH, width: 1.25 }));
    const highest = Math.max(...here.concat(there).flatMap((row) => row.slice(1)).filter((ms) => ms !== null && ms < Infinity), 0);
    // A limit far beyond what was seen would press every line to the ground.
    const near = this.series.limits.filter(({ ms }) => ms <= 3 * highest).map(({ ms }) => ms);
    return this.#time({
      data: there.length ? joined(here, there) : joined(here),
      lines: there.length ? [...lines, ...others] : lines,
      y: { format: tick, said: time, scale: { range: () => [0, 1.12 * Math.max(highest, ...near, 1e-3)] } },
      goals: this.series.limits.map(({ percent, ms }, lane) => ({ label: `p${percent} < ${tick(ms)}`, value: ms, tone: TONES[percent] ?? "fail", lane })),
    });
  }

  rate() {
    const { planned_starts: planned } = this.#data;
    const tables = [requests(this.#data)];
    const lines = [{ label: "requests", tone: "p95", fill: 0.12, paths: steps }];
    const add = (rows, line) => rows?.length && (tables.push(rows), lines.push(line));
    add(planned?.map((starts, second) => [second, starts]), { label: "starts due by the plan", tone: "p99", dash: DASH, paths: steps });
    add(this.#data.starts, { label: "starts made", tone: "p50", paths: steps });
    if (this.other) add(requests(this.other), { label: `requests, ${overlay.run.id}`, tone: "soft", dash: DASH, paths: steps });
    return this.#time({ data: joined(...tables), lines, y: { format: perSecond } });
  }

  users() {
    const { users, planned_users: planned } = this.#data;
    if (!users.length) return null;
    const tables = [users];
    const lines = [{ label: "users", tone: "p95", fill: 0.12 }];
    const add = (rows, line) => rows?.length && (tables.push(rows), lines.push(line));
    add(planned?.map((heads, second) => [second, heads]), { label: "by the plan", tone: "p99", dash: DASH });
    if (this.other) add(this.other.users, { label: `users, ${overlay.run.id}`, tone: "soft", dash: DASH });
    return this.#time({ data: joined(...tables), lines, y: { format: number } });
  }

  errors() {
    const failed = (series) => series.outcomes.map(([second, , failed]) => [second, failed]);
    const tables = [failed(this.series)];
    const lines = [{ label: "failed", tone: "fail", fill: 0.2, paths: steps }];
    if (this.#otherSeries) {
      tables.push(failed(this.#otherSeries));
      lines.push({ label: `failed, ${overlay.run.id}`, tone: "soft", dash: DASH, paths: steps });
    }
    return this.#time({ data: joined(...tables), lines, y: { format: perSecond, scale: { range: (plot, min, max) => [0, Math.max(5, (max ?? 0) * 1.1)] } } });
  }

  spread() {
    const { all, allOther } = this.#rows;
    if (!all?.answered) return null;
    const tables = [spreadOf(all)];
    const lines = [{ label: "share of answers", tone: "p95", fill: 0.25, paths: steps }];
    if (allOther?.answered) {
      tables.push(spreadOf(allOther));
      lines.push({ label: overlay.run.id, tone: "soft", dash: DASH, paths: steps });
    }
    return { data: joined(...tables), lines, x: { scale: { distr: 3 }, format: tick, axis: { filter: (plot, splits) => splits, values: (plot, at) => at.map((ms) => (isRound(ms) ? tick(ms) : "")) }, label: "from", said: time }, y: { format: (share) => `${+share.toFixed(1)} %` } };
  }

  curve() {
    const { all, allOther } = this.#rows;
    if (!all?.answered) return null;
    const tables = [curveOf(all)];
    const lines = [{ label: "took at most", tone: "p95", width: 2 }];
    if (allOther?.answered) {
      tables.push(curveOf(allOther));
      lines.push({ label: overlay.run.id, tone: "soft", dash: DASH });
    }
    const name = (x) => `p${+(100 * (1 - 10 ** -x)).toFixed(Math.max(0, Math.floor(x)))}`;
    const marks = [0, Math.log10(2), 1, Math.log10(20), 2, 3, 4, 5, 6];
    const most = Math.max(1, ...tables.map((rows) => rows.at(-1)[0]));
    return {
      data: joined(...tables), lines,
      x: { scale: { range: () => [0, most] }, label: "percentile", axis: { splits: () => marks.filter((x) => x <= most), values: (plot, at) => at.map((x) => (x === 0 ? "min" : name(x))) }, said: (x) => `p${+(100 * (1 - 10 ** -x)).toFixed(3)}` },
      y: { format: tick, said: time },
      goals: this.series.limits.filter(({ ms }) => ms <= 3 * all.max).map(({ percent, ms }, lane) => ({ label: `p${percent} < ${tick(ms)}`, value: ms, tone: TONES[percent] ?? "fail", lane })),
    };
  }
}

/** What somebody wants to see first: all there is, or what a goal is about. */
function usual({ series }) {
  return series.find(({ name, role }) => name === "all" && role === "group") ?? series.find(({ limits }) => limits.length) ?? series[0];
}

function requests({ series }) {
  const sums = new Map();
  for (const { outcomes } of series.filter(({ role }) => role === "endpoint"))
    for (const [second, ok, failed] of outcomes) sums.set(second, (sums.get(second) ?? 0) + ok + failed);
  return [...sums].sort((a, b) => a[0] - b[0]);
}

const steps = uPlot.paths.stepped({ align: 1 });
const perSecond = (value) => `${+value.toPrecision(3)}/s`;
const isRound = (ms) => [1, 2, 5].includes(+(ms / 10 ** Math.floor(Math.log10(ms) + 1e-9)).toFixed(6));

/** Shares of answers by how long they took, in a hundred steps of equal ratio from the quickest to the slowest. */
function spreadOf(all) {
  const [low, high] = [Math.max(all.min, 1e-3), Math.max(all.max, all.min * 1.01, 2e-3)];
  const bins = Math.max(10, Math.min(60, Math.round(Math.sqrt(all.answered))));
  const ratio = Math.log(high / low) / bins;
  const counts = Array(bins).fill(0);
  for (const [ms, n] of all.steps()) counts[Math.min(bins - 1, Math.max(0, Math.floor(Math.log(ms / low) / ratio)))] += n;
  const rows = counts.map((n, bin) => [low * Math.exp(bin * ratio), (100 * n) / all.answered]);
  return [...rows, [high, 0]];
}

/** Milliseconds over log10(1 / (1 - p)), up to the last who was answered. */
function curveOf(all) {
  const rows = [];
  let seen = 0;
  for (const [ms, n] of all.steps()) {
    if (seen === 0) rows.push([0, ms]);
    seen += n;
    // The slowest of all would be at infinity: it is drawn where half a sample is left.
    const x = Math.log10(all.n / Math.max(all.n - seen, 0.5));
    if (x > rows.at(-1)[0]) rows.push([x, ms]);
  }
  return rows;
}

function figures(name, series, all, from, to, kind = "") {
  const failed = series.outcomes.filter(([second]) => second >= from && second < to).reduce((sum, outcome) => sum + outcome[2], 0);
  const row = make("tr", "", kind);
  row.append(make("td", name), make("td", number(all.n), "n"), make("td", number(failed), "n"));
  const values = [...PERCENTS.map((percent) => all.percentile(percent)), all.unanswered ? Infinity : all.n ? all.max : null];
  row.append(...values.map((ms) => make("td", time(ms), "n")));
  return row;
}

function absent() {
  const row = make("tr", "", "other");
  const said = make("td", `${overlay.run.id}: no such series`);
  said.colSpan = 7;
  row.append(said);
  return row;
}

function lowestMultiple(a, b) {
  let n = a;
  while (n % b) n += a;
  return n;
}
