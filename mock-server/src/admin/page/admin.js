// The admin API, as the page asks it.

const KEPT_AS = "mock-admin-token";

/** The token is not, or no longer, the mock's. */
export class WrongToken extends Error {}
/** This mock has no such part. */
export class NotPart extends Error {}
/** Nobody answers. */
export class Gone extends Error {}
/** The mock says no, and why. */
export class Refused extends Error {}

/** The token of this tab, from the address (and taken out of it) or from before. */
export function keptToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    keepToken(given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEPT_AS);
}

export const keepToken = (token) => sessionStorage.setItem(KEPT_AS, token);
export const forgetToken = () => sessionStorage.removeItem(KEPT_AS);

/** Asks the mock. Longest wait: a second-by-second page is of no use with older answers. */
export class Admin {
  #token;

  constructor(token) {
    this.#token = token;
  }

  get = (path, patience) => this.#ask("GET", path, undefined, patience);
  post = (path) => this.#ask("POST", path);
  put = (path, body) => this.#ask("PUT", path, body);
  delete = (path) => this.#ask("DELETE", path);

  async #ask(method, path, body, patience = 5000) {
    // Header values are bytes; a token with other characters cannot be right.
    if (!/^[\x20-\x7e]+$/.test(this.#token)) throw new WrongToken();
    const headers = { authorization: `Bearer ${this.#token}` };
    if (typeof body === "object") {
      headers["content-type"] = "application/json";
      body = JSON.stringify(body);
    }
    let response, text;
    try {
      response = await fetch(`/__admin/${path}`, {
        method, headers, body, cache: "no-store", signal: AbortSignal.timeout(patience),
      });
      text = await response.text();
    } catch (error) {
      throw new Gone(error.message);
    }
    if (response.status === 401 || response.status === 403) throw new WrongToken();
    if (response.status === 404 && method === "GET") throw new NotPart();
    if (!response.ok) throw new Refused(reason(response.status, text));
    return JSON.parse(text);
  }
}

/** The sentence of a refusal, in FastAPI's two shapes. */
function reason(status, text) {
  try {
    const { detail } = JSON.parse(text);
    return Array.isArray(detail) ? detail.map((fault) => fault.msg).join("; ") : String(detail);
  } catch {
    return `the mock answered ${status}`;
  }
}
