// What a page says of its own painting, told as it is painted. Runs before anything of the page does, in a world of
// its own: the page sees none of it, and changes none of it. `told` is the way out; each telling is whole, so that the
// last one is all there is to know.
(() => {
  "use strict";
  if (window !== window.top || typeof told !== "function") return;

  // Longest name and address that are told.
  const MOST = 300;
  // A session window of layout shifts: gap and length, milliseconds (https://web.dev/articles/cls).
  const GAP = 1000;
  const WINDOW = 5000;

  let largest = null;
  let candidates = 0;
  let firstPaint = null;
  let cls = 0;
  let shifts = { sum: 0, first: 0, last: 0 };
  let hidden = false;
  let load = null;
  let drawn = false;
  let input = false;
  let last = "";
  // When the first request for an address began and ended.
  const loaded = new Map();

  const navigation = () => performance.getEntriesByType("navigation")[0];
  // From when a person waits: later than the start of the navigation where the page was prerendered.
  const shown = () => (navigation() && navigation().activationStart) || 0;
  const at = (time) => Math.round(Math.max(time - shown(), 0) * 10) / 10;

  // `img.hero`, `p#lead`, `h1`.
  const name = (element) => {
    if (!element) return "";
    const id = element.getAttribute("id");
    const [kind] = element.classList;
    return (element.localName + (id ? `#${id}` : kind ? `.${kind}` : "")).slice(0, MOST);
  };

  // What an image that was inlined is loaded from says nothing: its kind does.
  const address = (url) => (url.startsWith("data:") ? url.split(/[;,]/, 1)[0] : url.slice(0, MOST));

  const candidate = (entry) => {
    const resource = loaded.get(entry.url);
    return {
      at: at(entry.startTime),
      size: entry.size,
      element: name(entry.element),
      url: entry.url ? address(entry.url) : null,
      requested: resource ? at(resource.requested) : null,
      responded: resource ? at(resource.responded) : null,
      earlier: candidates - 1,
    };
  };

  const tell = () => {
    hidden = hidden || document.visibilityState === "hidden";
    const first = navigation() && navigation().responseStart;
    const now = JSON.stringify({
      origin: performance.timeOrigin,
      hidden,
      ttfb: first ? at(first) : null,
      fcp: firstPaint === null ? null : at(firstPaint),
      load: load === null ? null : at(load),
      drawn,
      cls,
      path: location.pathname.slice(0, MOST),
      // What the page says it is, once it has come that far.
      page: document.body && (document.body.dataset.page || "").slice(0, MOST),
      lcp: largest && candidate(largest),
    });
    if (now === last) return;
    last = now;
    told(now);
  };

  const shift = (entry) => {
    if (entry.hadRecentInput) return;
    const time = entry.startTime;
    if (shifts.sum > 0 && time - shifts.last < GAP && time - shifts.first < WINDOW) {
      shifts.sum += entry.value;
      shifts.last = time;
    } else {
      shifts = { sum: entry.value, first: time, last: time };
    }
    cls = Math.max(cls, shifts.sum);
  };

  const take = (entry) => {
    switch (entry.entryType) {
      case "resource":
        // Another origin's times are not told unless it allows that: `requestStart` is 0 then.
        if (!loaded.has(entry.name)) {
          loaded.set(entry.name, {
            requested: entry.requestStart || entry.startTime,
            responded: entry.responseEnd,
          });
        }
        break;
      case "largest-contentful-paint":
        if (!input) {
          largest = entry;
          candidates += 1;
        }
        break;
      case "paint":
        if (entry.name === "first-contentful-paint") firstPaint = entry.startTime;
        break;
      case "layout-shift":
        shift(entry);
        break;
    }
  };

  const quietly = (work) => {
    try {
      work();
    } catch {
      // An odd page: what it did not say is not told.
    }
  };

  const observer = new PerformanceObserver((list) => quietly(() => {
    list.getEntries().forEach(take);
    tell();
  }));
  for (const type of ["resource", "largest-contentful-paint", "paint", "layout-shift"]) {
    quietly(() => observer.observe({ type, buffered: true }));
  }

  // A page may become another without going there.
  const marked = { subtree: true, attributeFilter: ["data-page"] };
  quietly(() => new MutationObserver(() => quietly(tell)).observe(document, marked));

  // What is painted after somebody did something is no part of the page's coming up.
  const stop = (event) => quietly(() => {
    if (!event.isTrusted || input) return;
    observer.takeRecords().forEach(take);
    input = true;
    tell();
  });
  for (const type of ["keydown", "click", "pointerdown"]) {
    addEventListener(type, stop, { capture: true, passive: true });
  }

  addEventListener("load", () => quietly(() => {
    load = (navigation() && navigation().loadEventStart) || performance.now();
    tell();
    // What has loaded is drawn in the next frame, which is over when the one after it begins.
    requestAnimationFrame(() => requestAnimationFrame(() => quietly(() => {
      drawn = true;
      tell();
    })));
  }), { once: true });
  quietly(tell);
})();
