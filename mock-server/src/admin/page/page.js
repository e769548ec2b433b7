// The page: signs in, asks once a second while somebody looks, says what is wrong.

import { Admin, Gone, NotPart, WrongToken, forgetToken, keepToken, keptToken } from "./admin.js";
import * as books from "./books.js";
import { make, one, put, say } from "./dom.js";
import * as figures from "./figures.js";
import * as latency from "./latency.js";
import * as switches from "./switches.js";

const EVERY_MS = 1000;
const parts = [figures, latency, switches, books].flatMap((module) => module.parts);
let admin = null;

const STATES = {
  out: "no token yet",
  asking: "asking…",
  live: "live",
  paused: "paused while nobody looks",
  gone: "gone; asking again every second",
};

function state(name) {
  const status = one("#status");
  status.dataset.state = name;
  put(status, STATES[name]);
  one("#board").classList.toggle("stale", name === "gone");
}

/** Shows the figures of the mock whose token this is. */
function open(token) {
  admin = new Admin(token);
  round = 0;
  state("asking");
  one("#sign-in").hidden = true;
  one("#board").hidden = one("#sign-out").hidden = false;
  poll();
}

/** Back to the question for the token. */
function close(why) {
  admin = null;
  forgetToken();
  state("out");
  one("#board").hidden = one("#sign-out").hidden = true;
  one("#sign-in").hidden = false;
  put(one("#sign-in-said"), why);
  one("#token").focus();
}

let round = 0;
let polling = false;

async function poll() {
  if (polling) return;
  polling = true;
  while (admin && document.visibilityState === "visible") {
    const began = performance.now();
    await ask();
    await new Promise((done) => setTimeout(done, Math.max(100, EVERY_MS - (performance.now() - began))));
  }
  polling = false;
  if (admin) state("paused");
}

/** One look at everything that is due. */
async function ask() {
  const asked = admin;
  const due = parts.filter(({ every, section }) => round % every === 0 && !(section.hasAttribute("data-absent") && round > 0));
  const ends = await Promise.all(due.map((part) => refresh(part, asked)));
  if (admin !== asked) return;
  const failed = (kind) => ends.find((end) => end instanceof kind);
  if (failed(WrongToken)) return close("This is not the admin token of this mock.");
  // After a mock is back, everything is asked anew: it may be another one.
  round = failed(Gone) ? 0 : round + 1;
  state(failed(Gone) ? "gone" : "live");
}

/** Asks for one part. What went wrong is returned, not thrown: one part must not stop the others. */
async function refresh({ section, refresh }, asked) {
  let end;
  try {
    await refresh(asked);
  } catch (error) {
    end = error;
  }
  const absent = end instanceof NotPart;
  section.toggleAttribute("data-absent", absent);
  const expected = !end || end instanceof Gone || end instanceof WrongToken;
  if (!expected && !absent) console.error(end);
  put(one(".absent", section), expected ? "" : absent ? "Not part of this mock." : `This could not be shown: ${end.message}`);
  return end;
}

/** Does what a button says; `undo` when it could not be done. Each section does one thing at a time. */
async function act(section, work, undo = () => {}) {
  section.setAttribute("aria-busy", "true");
  try {
    say(section, await work(admin));
  } catch (error) {
    undo();
    if (error instanceof WrongToken) close("This is not the admin token of this mock any more.");
    else if (error instanceof Gone) say(section, "The mock does not answer.", true);
    else say(section, `Refused: ${error.message}`, true);
  } finally {
    section.removeAttribute("aria-busy");
  }
}

for (const section of document.querySelectorAll("#board section")) {
  section.append(make("p", { className: "absent" }));
  one(".body", section).append(make("p", { className: "none" }));
}
for (const module of [latency, switches, books]) module.wire(act);
put(one("#where"), location.host);
one("#sign-in form").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = one("#token").value.trim();
  keepToken(token);
  put(one("#sign-in-said"), "");
  one("#token").value = "";
  open(token);
});
one("#sign-out").addEventListener("click", () => close(""));
document.addEventListener("visibilitychange", poll);
const signIn = () => {
  const token = keptToken();
  if (token) open(token);
};
addEventListener("hashchange", signIn);
signIn();
