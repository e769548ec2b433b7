// The books: whether what the mock holds breaks a rule, and which worlds it holds.

import { count, make, one, put, row } from "./dom.js";

const section = one("#books");

/** A long name that may go on in the next line after each of its words. */
const breakable = (name) => name.split(/(?<=_)/).flatMap((word) => [word, make("wbr")]);

function show({ ok, checks }) {
  const broken = checks.filter((check) => !check.ok);
  // What is broken comes first.
  one("#audit-rows").replaceChildren(...[...broken, ...checks.filter((check) => check.ok)].map((check) => {
    const verdict = make("span", { className: `chip ${check.ok ? "pass" : "fail"}` }, check.ok ? "holds" : "broken");
    const found = make("span", {}, check.detail);
    if (check.offenders.length > 0) {
      found.append(make("details", {}, make("summary", {}, "which"), make("code", {}, check.offenders.join(", "))));
    }
    return row(verdict, make("code", {}, ...breakable(check.name)), [count(check.checked), "n"], found);
  }));
  one("#audit-table").hidden = false;
  return ok ? `PASS: all ${checks.length} invariants hold.` : `FAIL: ${broken.length} of ${checks.length} invariants are broken.`;
}

export function wire(act) {
  one("#audit-run").addEventListener("click", () => act(section, async (admin) => show(await admin.get("audit", 60000))));
  one("#reset-load").addEventListener("click", () => {
    if (!confirm("Remove the bookings, accounts and webhooks that load left in the mock?")) return;
    act(section, async (admin) => {
      const gone = Object.entries(await admin.post("reset-load")).map(([what, n]) => `${count(n)} ${what}`);
      return `Removed: ${gone.join(", ")}.`;
    });
  });
}

async function worlds(admin) {
  const list = await admin.get("worlds");
  one("#world-rows").replaceChildren(...list.map((world) =>
    row(world.name, ...["member", "event", "rsvp", "subscription"].map((kind) => [count(world.counts[kind]), "n"]),
      make("time", { dateTime: world.last_used }, new Date(world.last_used).toLocaleTimeString("en-GB")))));
}

export const parts = [{ section: one("#worlds"), every: 5, refresh: worlds }];
