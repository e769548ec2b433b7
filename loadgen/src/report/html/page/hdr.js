// Histograms as run.json keeps them: HDR, V2 with deflate, base64; values are microseconds.
// https://github.com/HdrHistogram/HdrHistogram: each count is a zig-zag LEB128 number, a negative one is a run of zeros.

const COMPRESSED = 0x1c849304;
const PLAIN = 0x1c849303;
/** Of a cookie, what says the form; the rest is the size of a word. */
const FORM = ~0xf0;
const HEADER = 40;

/** Counts by index, and what an index stands for. Refuses what is no such histogram. */
async function decode(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const outer = new DataView(bytes.buffer);
  if ((outer.getInt32(0) & FORM) !== COMPRESSED) throw new Error("not a compressed histogram");
  const packed = bytes.subarray(8, 8 + outer.getInt32(4));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const plain = new Uint8Array(await new Response(stream).arrayBuffer());
  const head = new DataView(plain.buffer);
  if ((head.getInt32(0) & FORM) !== PLAIN) throw new Error("not a histogram");
  const digits = head.getInt32(12);
  const lowest = Number(head.getBigUint64(16));
  const unit = Math.floor(Math.log2(Math.max(1, lowest)));
  const half = Math.ceil(Math.log2(2 * 10 ** digits)) - 1;
  return { unit, half, counts: counts(plain.subarray(HEADER, HEADER + head.getInt32(4))) };
}

/** Pairs of index and count, ascending. */
function counts(bytes) {
  const pairs = [];
  for (let at = 0, index = 0; at < bytes.length; ) {
    let raw = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (shift === 56n) {
        raw |= BigInt(byte) << shift;
        break;
      }
      raw |= BigInt(byte & 127) << shift;
      if (byte < 128) break;
    }
    const value = Number((raw >> 1n) ^ -(raw & 1n));
    if (value < 0) index -= value;
    else {
      if (value > 0) pairs.push([index, value]);
      index += 1;
    }
  }
  return pairs;
}

/** The middle of the values an index stands for, microseconds. */
function middle(index, unit, half) {
  const bucket = Math.max(0, (index >> half) - 1);
  const sub = index < 1 << half ? index : (index & ((1 << half) - 1)) + (1 << half);
  const width = 2 ** (bucket + unit);
  return sub * width + Math.floor(width / 2);
}

/** The values of some cells, together. Who was never answered ranks behind everybody who was. */
class Distribution {
  answered = 0;
  unanswered = 0;
  min = Infinity;
  max = 0;
  #counts = new Map();
  #steps;

  /** Adds a cell and its decoded histogram. What cannot be read counts as unanswered: it must not vanish. */
  add(cell, histogram) {
    const [, count, unanswered, min, max] = cell;
    this.unanswered += unanswered;
    if (count === 0) return;
    if (!histogram) {
      this.unanswered += count;
      return;
    }
    for (const [index, n] of histogram.counts) {
      const us = middle(index, histogram.unit, histogram.half);
      this.#counts.set(us, (this.#counts.get(us) ?? 0) + n);
      this.answered += n;
    }
    this.min = Math.min(this.min, min / 1e6);
    this.max = Math.max(this.max, max / 1e6);
    this.#steps = undefined;
  }

  get n() {
    return this.answered + this.unanswered;
  }

  /** Milliseconds and how many took them, ascending. */
  steps() {
    this.#steps ??= [...this.#counts].sort((a, b) => a[0] - b[0]).map(([us, n]) => [this.#exact(us), n]);
    return this.#steps;
  }

  /** By nearest rank, as the engine has it; `Infinity` where that rank was never answered, `null` without any. */
  percentile(percent) {
    if (this.n === 0) return null;
    const rank = Math.min(this.n, Math.max(1, Math.ceil((this.n * percent) / 100 - 1e-9)));
    if (rank > this.answered) return Infinity;
    let seen = 0;
    for (const [ms, n] of this.steps()) {
      seen += n;
      if (seen >= rank) return ms;
    }
    return Infinity;
  }

  #exact(us) {
    return Math.min(this.max, Math.max(this.min, us / 1000));
  }
}

/** Decoded histograms, by their text: a window that moves meets the same ones again. */
const decoded = new Map();

async function histogramOf(cell) {
  const text = cell[5];
  if (!text) return null;
  if (!decoded.has(text)) decoded.set(text, decode(text).catch(() => null));
  return decoded.get(text);
}

/** What a series measured in a window of seconds: `from` included, `to` not. */
async function measuredIn(series, from, to) {
  const cells = series.cells.filter(([second]) => second >= from && second < to);
  const histograms = await Promise.all(cells.map(histogramOf));
  const all = new Distribution();
  cells.forEach((cell, place) => all.add(cell, histograms[place]));
  return all;
}

/** Percentiles of each second: rows of second, then one value for each percentile. */
async function overTime(allCells, percents) {
  const bySecond = Map.groupBy
    ? Map.groupBy(allCells, ([second]) => second)
    : allCells.reduce((map, cell) => map.set(cell[0], [...(map.get(cell[0]) ?? []), cell]), new Map());
  const rows = [...bySecond].sort((a, b) => a[0] - b[0]).map(async ([second, cells]) => {
    const all = new Distribution();
    for (const cell of cells) all.add(cell, await histogramOf(cell));
    return [second, ...percents.map((percent) => all.percentile(percent))];
  });
  return Promise.all(rows);
}
