// What can be switched while the mock runs: its latency profile, faults around it, defects in it.

import { count, make, one, put, row, say } from "./dom.js";

const [profile, faults, defects] = ["#profile", "#faults", "#defects"].map((id) => one(id));
const plan = one("#fault-plan");

/** The plan as the mock has it. While the text differs from it, somebody is writing, and it is left alone. */
let served = "";

/** Faults that are added with a press: what the button says, and the table for the plan, by the pools there are. */
const PRESETS = [
  ["+200 ms on all", () => 'kind = "latency"\nms = 200'],
  ["5 % 503", () => 'kind = "error"\nstatus = 503\nshare = 0.05'],
  ["1 % reset", () => 'kind = "reset"\nshare = 0.01'],
  ["stall for 2 s", () => 'kind = "stall"\nfor_s = 2'],
  ["brown-out for 30 s", (pools) => {
    const pool = pools.find(({ pool }) => pool === "db") ?? pools[0];
    return `kind = "brown-out"\npool = "${pool?.pool ?? "db"}"\nservers = ${Math.max(1, (pool?.size ?? 2) - 1)}\nfor_s = 30`;
  }],
  ["5 % of chat lost", () => 'kind = "chat-lost"\nshare = 0.05'],
];

async function refreshFaults(admin) {
  showFaults(await admin.get("faults"));
}

function showFaults({ toml, running_for_s: elapsed, faults: list }) {
  const untouched = plan.value === served;
  served = toml ?? "";
  if (untouched && plan.value !== served) plan.value = served;
  one("#fault-table").hidden = list.length === 0;
  one("#fault-rows").replaceChildren(...list.map((fault) =>
    row(fault.kind, fault.strikes, when(fault, elapsed), [`${+(100 * fault.share).toFixed(2)} %`, "n"],
      [`${count(fault.struck)} of ${count(fault.met)}`, "n"])));
}

function when({ from_s: from, for_s: lasting }, elapsed) {
  if (elapsed == null) return "stopped";
  if (elapsed < from) return `in ${count(from - elapsed)} s`;
  if (lasting == null) return "now";
  const left = from + lasting - elapsed;
  return left > 0 ? `now, ${count(left)} s more` : "over";
}

async function apply(admin) {
  showFaults(await admin.put("faults", plan.value));
  return "The plan strikes from now on.";
}

function wireFaults(act) {
  for (const [name, table] of PRESETS) {
    const button = make("button", { type: "button" }, name);
    button.addEventListener("click", () => act(faults, async (admin) => {
      const { pools } = await admin.get("pools");
      plan.value = `${plan.value.trim() || "seed = 1"}\n\n[[fault]]\n${table(pools)}\n`;
      return apply(admin);
    }));
    one("#fault-presets").append(button);
  }
  one("form", faults).addEventListener("submit", (event) => {
    event.preventDefault();
    act(faults, apply);
  });
  one("#fault-clear").addEventListener("click", () => act(faults, async (admin) => {
    showFaults(await admin.delete("faults"));
    plan.value = served;
    return "Nothing strikes any more.";
  }));
}

async function refreshDefects(admin) {
  showDefects(await admin.get("defects"));
}

/** Each a check box; made once, so that the focus stays where it is. */
function showDefects(list) {
  for (const defect of list) {
    const box = document.getElementById(`defect-${defect.name}`) ?? add(defect);
    box.checked = defect.on;
    box.closest("li").classList.toggle("on", defect.on);
  }
}

function add({ name, title, scenario }) {
  const box = make("input", { type: "checkbox", id: `defect-${name}`, value: name });
  const seen = scenario ? ["found by ", make("code", {}, scenario)] : [];
  one("#defect-list").append(make("li", {}, make("label", {}, box,
    make("span", {}, title, make("small", {}, make("code", {}, name), seen.length > 0 ? " · " : "", ...seen)))));
  return box;
}

function wireDefects(act) {
  one("#defect-list").addEventListener("change", ({ target }) => act(defects, async (admin) => {
    const { value: name, checked: on } = target;
    await admin.put("defects", { name, on });
    target.closest("li").classList.toggle("on", on);
    return `${name} is ${on ? "on" : "off"}.`;
  }, () => { target.checked = !target.checked; }));
}

async function refreshProfile(admin) {
  const { name, shipped } = await admin.get("profile");
  const choice = one("#profile-name");
  const names = shipped.includes(name) ? shipped : [...shipped, name];
  if (choice.options.length !== names.length) choice.replaceChildren(...names.map((name) => make("option", {}, name)));
  if (choice.dataset.served !== name) choice.value = choice.dataset.served = name;
}

function wireProfile(act) {
  one("form", profile).addEventListener("submit", (event) => {
    event.preventDefault();
    act(profile, async (admin) => {
      const name = one("#profile-name").value;
      await admin.put("profile", name);
      return `Answers take as long as ${name} says from now on.`;
    });
  });
}

export function wire(act) {
  wireProfile(act);
  wireFaults(act);
  wireDefects(act);
}

export const parts = [
  { section: profile, every: 5, refresh: refreshProfile },
  { section: faults, every: 1, refresh: refreshFaults },
  { section: defects, every: 2, refresh: refreshDefects },
];
