// Another run, laid over this one: read from a file somebody picks, never fetched.

const overlay = { run: null };

/** Reads a `run.json` or another `report.html`; throws what is wrong with it, in words. */
function readRun(text) {
  if (text.trimStart().startsWith("<")) {
    const held = new DOMParser().parseFromString(text, "text/html").getElementById("data");
    if (!held) throw new Error("this page holds no run: choose the run.json or report.html of a run");
    return JSON.parse(held.textContent);
  }
  const run = JSON.parse(text);
  if (run.format !== 1 || !run.meta || !Array.isArray(run.scenarios)) throw new Error("this is no run.json of this version");
  const { id, started, preset, seed, world_seed, time_scale, target, environment, load = 1 } = run.meta;
  return { id, started, preset, seed, world_seed, time_scale, target, environment, load, step_s: 1, scenarios: run.scenarios.map(({ title, run }) => scenarioOf(title, run)) };
}

function scenarioOf(title, { name, duration, steady, health, timings }) {
  return {
    name, title, steady, bands: [], users: health.users, warm_up_s: null, readings: [], starts: [], planned_starts: null, planned_users: null,
    duration_s: duration.secs + duration.nanos / 1e9,
    series: timings.map(seriesOf).filter(({ cells }) => cells.length),
  };
}

function seriesOf({ name, role, columns, outcomes }) {
  const felt = columns.find(({ column }) => column === "since_due")?.cells ?? [];
  return {
    name, role, limits: [], warm_up: [],
    outcomes: outcomes.map(({ second, ok, failed }) => [second, ok, failed]),
    cells: felt.map(({ second, count, unanswered = 0, min_ns, max_ns, hdr = "" }) => [second, count, unanswered, min_ns, max_ns, hdr]),
  };
}

/** What two runs should have in common. */
const ALIKE = [
  ["preset", "preset"], ["time_scale", "time scale"], ["seed", "seed"], ["world_seed", "seed of the world"],
  ["target", "target"], ["environment", "what the target says it is"], ["load", "load"],
];

/** In what the two were not alike. */
function unlike(mine, other) {
  const told = [];
  for (const [key, name] of ALIKE)
    if (other[key] === undefined) told.push(`the other one's ${name} is not known`);
    else if (mine[key] !== other[key]) told.push(`another ${name}: ${mine[key]} here, ${other[key]} there`);
  const names = ({ scenarios }) => scenarios.map(({ name }) => name);
  const lacks = (some, all) => names(some).filter((name) => !names(all).includes(name));
  const [there, here] = [lacks(mine, other), lacks(other, mine)];
  if (there.length) told.push(`not in the other run: ${there.join(", ")}`);
  if (here.length) told.push(`only in the other run: ${here.join(", ")}`);
  if (other.step_s > 1) told.push(`windows of the other run are cut to ${other.step_s} s`);
  return told;
}

function overlays(mine, scenes) {
  const [pick, said, away] = ["overlay", "overlaid", "alone"].map((id) => document.getElementById(id));
  const show = (run) => {
    overlay.run = run;
    away.hidden = !run;
    document.body.dataset.overlay = run?.id ?? "";
    return Promise.all(scenes.map((scene) => scene.refresh()));
  };
  pick.addEventListener("change", async () => {
    const [file] = pick.files;
    if (!file) return;
    try {
      const run = readRun(await file.text());
      const differences = unlike(mine, run);
      const told = differences.length ? ` Mind that they differ: ${differences.join("; ")}.` : " Same preset, time scale, seeds, target and load.";
      said.textContent = `Solid: ${mine.id} (${mine.started}). Dashed: ${run.id} (${run.started}), without its warm-up.${told}`;
      said.classList.remove("wrong");
      await show(run);
    } catch (wrong) {
      said.textContent = `${file.name} cannot be laid over this run: ${wrong.message}`;
      said.classList.add("wrong");
      await show(null);
    }
  });
  away.addEventListener("click", () => {
    pick.value = said.textContent = "";
    show(null);
  });
}
