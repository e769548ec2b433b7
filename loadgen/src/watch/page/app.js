// The run as its stream tells it: folded into what is shown, and shown.

import { Chart, clock } from "./charts.js";

const one = (selector) => document.querySelector(selector);
const figure = (name) => one(`[data-figure="${name}"]`);

/** From this part of the allowance on, a gauge is near its end. The same as in the terminal. */
const NEAR = 0.7;
/** The generator may be late by a tenth of the tightest limit, and keep nine tenths of its cores busy. */
const LATE = 0.1, BUSY = 0.9;
/** Sentences and points in time that are kept. */
const SAID = 500, POINTS = 8000;

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Sets text where it changed, so that nothing is announced or selected away for nothing. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const count = (n) => grouped.format(n).replaceAll(",", " ");
const ms = (time) => (time == null ? null : time.secs * 1e3 + time.nanos / 1e6);

/** A duration with three digits and the unit that fits: as the report writes it. */
function duration(ms) {
  if (ms == null) return "–";
  if (ms === 0) return "0 ms";
  if (ms < 0.005) return "< 0.01 ms";
  if (ms < 9.995) return `${ms.toFixed(2)} ms`;
  if (ms < 99.95) return `${ms.toFixed(1)} ms`;
  if (ms < 9999.5) return `${count(Math.round(ms))} ms`;
  return `${(ms / 1e3).toFixed(1)} s`;
}

// What is known.

let run, scenarios, current, said, over, seen, points, arrived;

function forget() {
  [run, current, over, seen] = [null, null, null, 0];
  [scenarios, said] = [[], []];
  // Times, rates, users, p50, p95, p99, failures.
  points = Array.from({ length: 7 }, () => []);
}

function point(at, ...values) {
  // A chart's times ascend, whatever a clock does.
  const last = points[0].at(-1) ?? -1;
  [Math.max(at, last + 0.001), ...values].forEach((value, i) => points[i].push(value));
  if (points[0].length > POINTS) points.forEach((list) => list.shift());
}

/** Between two scenarios there is nothing, and lines have a gap. */
const gap = (at) => point(at, null, null, null, null, null, null);

const on = {
  run_began(event) {
    forget();
    run = event;
    scenarios = event.scenarios.map((planned) => ({ ...planned, state: "pending" }));
  },
  said: ({ text, at_ms }) => {
    said.push({ text, at_ms });
    if (said.length > SAID) said.shift();
  },
  scenario_began(event) {
    current = { ...event, live: null, failed: 0, begun: false };
    // A baseline is another thing than the scenario of its name.
    if (event.goals.length > 0) Object.assign(scenarios.find(({ name }) => name === event.name) ?? {}, { state: "running" });
  },
  load_began({ at_ms }) {
    current.began_ms = at_ms;
    gap(at_ms / 1e3);
  },
  second({ live }) {
    const { newest } = live;
    const failed = Math.max(0, live.failed - current.failed);
    // Figures come two seconds late: the first ones are of nothing.
    current.begun ||= newest.rate > 0;
    if (current.begun) point(current.began_ms / 1e3 + live.second, newest.rate, live.users, ms(newest.p50), ms(newest.p95), ms(newest.p99), failed);
    [current.live, current.failed] = [live, live.failed];
  },
  scenario_ended(event) {
    current.ended_ms = event.at_ms;
    gap(event.at_ms / 1e3);
    Object.assign(scenarios.find(({ name, state }) => name === event.name && state === "running") ?? {}, event, { state: "done" });
  },
  run_ended(event) {
    over = event;
  },
};

const OF_A_SCENARIO = ["load_began", "second", "scenario_ended"];

// What is shown.

const level = (used) => (used == null ? "unseen" : used >= 1 ? "over" : used >= NEAR ? "near" : "fine");

/** How a goal stands: see `gauge.rs`. */
function gauge(goal, { n, bad }) {
  const standing = goal.standing;
  if (standing.not_applicable != null) return { level: "aside", word: "not applicable" };
  if (standing.not_measured != null) return { level: "aside", word: "not measured" };
  if (goal.allowed === 0 || goal.kind === "exact") return bad > 0 ? { level: "over", word: `broken (${count(bad)})`, used: 1 } : { level: "fine", word: "ok" };
  if (!goal.judged) return { level: "aside", word: "too few planned" };
  if (n === 0) return { level: "unseen", word: "nothing yet" };
  const used = bad / n / goal.allowed;
  const share = used < 10 ? `${Math.round(100 * used)} %` : `${Math.round(used)} ×`;
  return { level: level(used), word: `${share} ${level(used)}`, used };
}

const VERDICTS = { PASS: "fine", FAIL: "over", INVALID: "over", INCONCLUSIVE: "near" };

function showScenarios(now) {
  one("#scenarios tbody").replaceChildren(...scenarios.map((row) => {
    const length = Math.ceil(row.length_s), running = row.state === "running";
    const live = running ? current?.live : null;
    const gone = Math.floor(gone_s(now));
    const state = running ? `${gone} of ${length} s` : row.state === "done" ? row.verdict ?? "over" : `${length} s to come`;
    const cell = make("td", {}, state);
    cell.dataset.level = VERDICTS[row.verdict] ?? (running ? "" : "aside");
    const counts = ["requests", "failed"].map((name) => (live ?? row)[name]);
    const tr = make("tr", {}, make("th", { scope: "row", title: row.title }, row.name), cell,
      ...counts.map((n) => make("td", { className: "n" }, n == null ? "–" : count(n))));
    if (running) tr.setAttribute("aria-current", "true");
    return tr;
  }));
}

const gone_s = (now) => (current?.began_ms == null ? 0 : Math.max(0, (current.ended_ms ?? now) - current.began_ms) / 1e3);

function left_s(now) {
  const pending = scenarios.filter(({ state }) => state === "pending").map(({ length_s }) => length_s + run.settling_s);
  const here = !current || current.ended_ms != null ? 0 : Math.max(0, current.length_s - gone_s(now));
  return pending.reduce((sum, s) => sum + s, here);
}

function showNow(now) {
  const what = current.goals.length === 0 ? "one user alone" : current.title;
  const when = current.ended_ms != null ? "over" : current.began_ms == null ? "warming up" : `${Math.floor(gone_s(now))} of ${Math.ceil(current.length_s)} s`;
  put(one("#now-title"), `${current.name}: ${what} (${when})`);
  const { live } = current;
  const text = !live ? {} : {
    rate: count(live.newest.rate), users: count(live.users), requests: count(live.requests), failed: count(live.failed),
    p50: duration(ms(live.newest.p50)), p95: duration(ms(live.newest.p95)), p99: duration(ms(live.newest.p99)),
    lateness: duration(ms(live.lateness_p99)), cores: live.cores?.toFixed(2) ?? "–",
  };
  for (const name of ["rate", "users", "p50", "p95", "p99", "requests", "failed", "lateness", "cores"]) put(figure(name), text[name] ?? "–");
  const allowed = current.tightest_ms == null ? null : current.tightest_ms * LATE;
  put(figure("lateness-allowed"), allowed == null ? "" : `of ${duration(allowed)} allowed`);
  put(figure("cores-allowed"), `of ${run.cores.toFixed(2)}`);
  figure("failed").dataset.level = live?.failed > 0 ? "over" : "";
  figure("lateness").dataset.level = live?.lateness_p99 && allowed ? level(ms(live.lateness_p99) / allowed) : "";
  figure("cores").dataset.level = live?.cores == null ? "" : level(live.cores / (BUSY * run.cores));
}

function showGoals() {
  one("#goals ul").replaceChildren(...current.goals.map((goal, i) => {
    const state = gauge(goal, current.live?.goals[i] ?? { n: 0, bad: 0 });
    const fill = make("i");
    fill.style.width = `${100 * Math.min(1, state.used ?? 0)}%`;
    const track = make("div", { className: "track" }, fill), word = make("span", { className: "word" }, state.word);
    track.dataset.level = word.dataset.level = state.level;
    const name = make("span", {}, make("span", { className: "name" }, goal.name), " ", make("span", { className: "limit" }, goal.limit));
    return make("li", { className: state.level }, name, word, track);
  }));
}

function showSeries() {
  const cell = (text, bad) => {
    const td = make("td", { className: "n" }, text);
    if (bad) td.dataset.level = "over";
    return td;
  };
  one("#series tbody").replaceChildren(...(current.live?.series ?? []).map(({ name, newest, n, failed }) =>
    make("tr", {}, make("th", { scope: "row" }, name), cell(count(newest.rate)),
      ...["p50", "p95", "p99"].map((p) => cell(duration(ms(newest[p])))), cell(count(n)), cell(count(failed), failed > 0))));
}

const number = (value) => (value > 0 && value < 10 && !Number.isInteger(value) ? value.toFixed(1) : count(value));
const charts = [
  [new Chart(one("#rate-chart"), [["requests", "blue"]], number), [1]],
  [new Chart(one("#latency-chart"), [["p50", "blue"], ["p95", "orange"], ["p99", "violet"]], number), [3, 4, 5]],
  [new Chart(one("#users-chart"), [["users", "blue"]], number), [2]],
  [new Chart(one("#failed-chart"), [["failed", "over"]], number), [6]],
];
let span = "scenario";

function showCharts() {
  const last = points[0].at(-1) ?? 0;
  const from = { 120: Math.max(0, last - 120), scenario: current?.began_ms == null ? 0 : current.began_ms / 1e3, run: 0 }[span];
  const shown = [from, Math.max(last, from + 10)];
  for (const [chart, lines] of charts) chart.show([points[0], ...lines.map((line) => points[line])], shown);
}

function showSaid() {
  const list = one("#said ol");
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
  list.replaceChildren(...said.map(({ text, at_ms }) => make("li", {}, make("time", {}, clock(at_ms / 1e3)), make("span", {}, text))));
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function state(name, text) {
  one("#status").dataset.state = name;
  put(one("#status"), text);
}

/** What changes with the time alone. */
function tick() {
  if (!run) return;
  const now = over ? over.at_ms : seen + performance.now() - arrived;
  showScenarios(now);
  if (current) showNow(now);
  put(one("#clock"), over ? `took ${clock(now / 1e3)}` : `${clock(now / 1e3)} gone, about ${clock(left_s(now))} left`);
}

function show() {
  if (!run) return;
  put(one("#run"), run.run);
  put(one("#where"), `${run.preset} · ${run.target}`);
  document.title = over ? `${over.answer} · ${run.run}` : run.run;
  tick();
  showSaid();
  if (!current) return;
  showGoals();
  showSeries();
  showCharts();
}

// How it comes in: many events at once when the page is opened late, one a second then.

let due = false;
function soon() {
  if (due) return;
  due = true;
  setTimeout(() => { due = false; show(); }, 50);
}

forget();
const source = new EventSource("/events");
source.addEventListener("message", ({ data }) => {
  const entry = JSON.parse(data);
  // What belongs to a scenario whose begin is no longer told says nothing.
  if (current || !OF_A_SCENARIO.includes(entry.event)) on[entry.event]?.(entry);
  [seen, arrived] = [entry.at_ms, performance.now()];
  if (over) {
    source.close();
    state("over", `The run is over. ${over.answer}${over.reports ? `; the report is in ${over.reports}` : ""}`);
  } else state("live", "live");
  soon();
});
source.addEventListener("error", () => { if (!over) state("gone", "The run does not answer; trying again."); });
setInterval(() => { if (!over) tick(); }, 500);
for (const button of document.querySelectorAll("#span button")) {
  button.addEventListener("click", () => {
    span = button.dataset.span;
    for (const other of document.querySelectorAll("#span button")) other.setAttribute("aria-pressed", String(other === button));
    showCharts();
  });
}
