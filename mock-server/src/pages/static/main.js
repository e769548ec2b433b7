
// Makes the page's API call and fills the list in. What is shown is set as text, never as markup.
const cookie = (name) => document.cookie.split("; ").find((pair) => pair.startsWith(name + "="))?.slice(name.length + 1);
const token = () => cookie("access_token");

const card = (title, lines, tags = []) => {
  const item = element("li", "card");
  item.append(element("h3", "", title));
  lines.filter(Boolean).forEach((line) => item.append(element("p", "meta", line)));
  tags.slice(0, 4).forEach((tag) => item.append(element("span", "tag", tag)));
  return item;
};

const day = (iso) => new Date(iso).toLocaleDateString(undefined, { weekday: "short", day: "numeric", month: "long", year: "numeric" });
const money = (cents, currency) => cents ? (cents / 100).toLocaleString(undefined, { style: "currency", currency: (currency || "usd").toUpperCase() }) : "Free";

const event = (e) => card(e.title, [
  `${day(e.start_date)} · ${e.is_online ? "Online" : `${e.city}, ${e.state}`}`,
  `${e.current_registrations} of ${e.capacity} places taken · ${money(e.price, e.currency)}`,
], [e.event_type, e.style]);
const instructor = (i) => card(`${i.first_name} ${i.last_name}`, [`${i.rank} · ${i.style}`, `${i.city}, ${i.state} · ${i.years_experience} years`, i.bio]);
const result = (r) => card(r.title, [r.snippet, [r.style, r.location, r.level].filter(Boolean).join(" · ")], [r.type]);

const pages = {
  events: { url: () => "/api/events?limit=20", items: (answer) => answer.events.map(event) },
  instructors: { url: () => "/api/instructors?limit=20", items: (answer) => answer.instructors.map(instructor) },
  search: {
    url: () => {
      const q = new URLSearchParams(location.search).get("q");
      return q && q.trim() ? `/api/search?limit=20&q=${encodeURIComponent(q)}` : null;
    },
    items: (answer) => answer.results.map(result),
  },
  dashboard: {
    url: () => "/api/users/me/dashboard",
    items: (answer) => [
      card(`Welcome, ${answer.user.name || answer.user.email}`, [
        answer.subscription ? `Membership: ${answer.subscription.tier} (${answer.subscription.status})` : "No membership yet",
        `${answer.stats.events_attended} events attended · ${answer.stats.hours_trained} hours trained`,
      ]),
      ...answer.upcoming_events.map(event),
    ],
  },
};

async function fill(page, list, status) {
  const url = page.url();
  if (!url) return;
  status.textContent = "Loading…";
  try {
    const headers = token() ? { authorization: `Bearer ${token()}` } : {};
    const answer = await fetch(url, { headers });
    if (answer.status === 401) { document.cookie = "access_token=; path=/; max-age=0"; location.assign("/login"); return; }
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const items = page.items(await answer.json());
    list.replaceChildren(...items);
    status.textContent = items.length ? "" : "Nothing found.";
  } catch (error) {
    status.textContent = `This list could not be loaded: ${error.message}`;
  }
}

async function signIn(form, status) {
  const body = JSON.stringify(Object.fromEntries(new FormData(form)));
  status.textContent = "Signing in…";
  const answer = await fetch("/api/auth/login", { method: "POST", headers: { "content-type": "application/json" }, body });
  const said = await answer.json();
  if (!answer.ok) { status.textContent = typeof said.detail === "string" ? said.detail : "Please check what you entered."; return; }
  document.cookie = `access_token=${said.access_token}; path=/; max-age=${said.expires_in}; samesite=lax`;
  location.assign("/dashboard");
}

// The core is wanted on every page; the rest when somebody opens what needs it.
for (const name of modules.keys()) if (name.startsWith("core/")) use(name).run();

const status = document.querySelector("[role=status]");
const list = document.querySelector("[data-list]");
if (list && pages[list.dataset.list]) fill(pages[list.dataset.list], list, status);
const login = document.querySelector("form[data-login]");
if (login) login.addEventListener("submit", (e) => {
  e.preventDefault();
  signIn(login, status).catch((error) => { status.textContent = `Signing in failed: ${error.message}`; });
});
