// One scenario: its charts, the series somebody looks at, the window somebody marked.

class Scene {
  /** The seconds that are marked: `[from, to)`, or nothing. */
  window = null;
  #data;
  #section;
  #charts = {};
  #series;
  #reading = 0;
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
      this.#charts[kind] = new Chart(host, () => this.picture(kind), overTime ? () => this.window : undefined);
    }
    return this.#redraw();
  }

  /** What the chart of this name shows by now. */
  picture(kind) {
    const data = this.#data;
    return pictures[kind]({ scene: this, data, rows: this.#rows, otherSeries: this.#otherSeries, reading: data.readings[this.#reading] });
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
    choice.addEventListener("change", () => this.choose(choice.value));
    this.#readings();
    for (const role of ["from", "to"]) {
      this.#find(role).max = Math.ceil(this.#data.duration_s);
      this.#find(role).step = this.step;
      this.#find(role).addEventListener("change", () => this.select(Number(this.#find("from").value), Number(this.#find("to").value || Infinity)));
    }
    this.#find("whole").addEventListener("click", () => this.clear());
  }

  /** What there is to choose from of the target's side. */
  #readings() {
    const { readings } = this.#data;
    const choice = this.#find("reading");
    if (!choice) return;
    for (const source of new Set(readings.map(({ source }) => source))) {
      const group = document.createElement("optgroup");
      group.label = source;
      readings.forEach((reading, place) => reading.source === source && group.append(new Option(reading.name, place)));
      choice.append(group);
    }
    choice.value = this.#reading;
    choice.addEventListener("change", () => {
      this.#reading = Number(choice.value);
      this.#charts.target.draw();
    });
  }

  /** Looks at another series. */
  choose(name) {
    this.#series = name;
    return this.refresh();
  }

  /** Marks a window: cut to whole steps, at least one long. */
  select(from, to) {
    // Warm-up is in no window.
    if (to <= 0) return this.clear();
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
    const [here, there] = await Promise.all([mine, others].map((series) => overTime(series?.cells ?? [], PERCENTS)));
    const warming = await overTime(this.before ? mine.warm_up : [], PERCENTS);
    if (turn !== this.#asked) return;
    this.#rows = { warmUp: this.#shifted(warming), here, there };
    for (const kind of ["percentiles", "rate", "users", "errors", "target"]) this.#charts[kind]?.draw();
    if (this.window && overlay.run) this.select(...this.window);
    await this.recount();
  }

  /** Seconds of warm-up before second 0. */
  get before() {
    return this.#data.warm_up_s ?? 0;
  }

  /** Rows of the warm-up at their place before second 0, and the gap after them. */
  #shifted(rows) {
    if (!rows.length) return [];
    return [...rows.map(([second, ...values]) => [second - this.before, ...values]), [-1e-6, ...PERCENTS.map(() => null)]];
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
}

/** What somebody wants to see first: all there is, or what a goal is about. */
function usual({ series }) {
  return series.find(({ name, role }) => name === "all" && role === "group") ?? series.find(({ limits }) => limits.length) ?? series[0];
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
