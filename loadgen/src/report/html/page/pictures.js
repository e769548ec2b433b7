// What each chart of a scenario shows, of what the scenario holds at the moment.

const PERCENTS = [50, 95, 99];
const TONES = { 50: "p50", 95: "p95", 99: "p99" };
const DASH = [6, 4];

/** A chart over the time of a run, its warm-up before second 0. */
function overTheRun(scene, { steady, bands, duration_s }, more) {
  return {
    sync: scene.name,
    select: (from, to) => scene.select(from, to),
    clear: () => scene.clear(),
    draw: [warmUp(scene.before), faultBands(bands), fullLoad(steady)],
    x: { scale: { range: () => [-scene.before, Math.max(1, duration_s, scene.other?.duration_s ?? 0)] } },
    ...more,
  };
}

/** By the names of their places; each gives what is drawn, or nothing where there is nothing to draw. */
const pictures = {
  percentiles({ scene, data, rows: { warmUp: before, here, there } }) {
    if (!here?.length) return null;
    const lines = PERCENTS.map((percent) => ({ label: `p${percent}`, tone: TONES[percent], width: percent === 95 ? 2.25 : 1.5 }));
    const others = PERCENTS.map((percent) => ({ label: `p${percent}, ${overlay.run?.id}`, tone: TONES[percent], dash: DASH, width: 1.25 }));
    // The seconds that count say how high the picture is: a cold start would press their lines to the ground.
    const highest = Math.max(...here.concat(there).flatMap((row) => row.slice(1)).filter((ms) => ms !== null && ms < Infinity), 0);
    // A limit far beyond what was seen would press every line to the ground.
    const near = scene.series.limits.filter(({ ms }) => ms <= 3 * highest).map(({ ms }) => ms);
    const mine = [...before, ...here];
    return overTheRun(scene, data, {
      data: there.length ? joined(mine, there) : joined(mine),
      over: [beyond(before)],
      lines: there.length ? [...lines, ...others] : lines,
      y: { format: tick, said: time, scale: { range: () => [0, 1.12 * Math.max(highest, ...near, 1e-3)] } },
      goals: scene.series.limits.map(({ percent, ms }, lane) => ({ label: `goal p${percent} < ${tick(ms)}`, value: ms, tone: TONES[percent] ?? "fail", lane })),
    });
  },

  rate({ scene, data }) {
    const { planned_starts: planned } = data;
    const tables = [requests(data)];
    const lines = [{ label: "requests", tone: "p95", fill: 0.12, paths: steps }];
    const add = (rows, line) => rows?.length && (tables.push(rows), lines.push(line));
    add(planned?.map((starts, second) => [second, starts]), { label: "starts due by the plan", tone: "p99", dash: DASH, paths: steps });
    add(data.starts, { label: "starts made", tone: "p50", paths: steps });
    if (scene.other) add(requests(scene.other), { label: `requests, ${overlay.run.id}`, tone: "soft", dash: DASH, paths: steps });
    return overTheRun(scene, data, { data: joined(...tables), lines, y: { format: perSecond } });
  },

  users({ scene, data }) {
    const { users, planned_users: planned } = data;
    if (!users.length) return null;
    const tables = [users];
    const lines = [{ label: "users", tone: "p95", fill: 0.12 }];
    const add = (rows, line) => rows?.length && (tables.push(rows), lines.push(line));
    add(planned?.map((heads, second) => [second, heads]), { label: "by the plan", tone: "p99", dash: DASH });
    if (scene.other) add(scene.other.users, { label: `users, ${overlay.run.id}`, tone: "soft", dash: DASH });
    return overTheRun(scene, data, { data: joined(...tables), lines, y: { format: number } });
  },

  errors({ scene, data, otherSeries }) {
    const failed = (series) => series.outcomes.map(([second, , failed]) => [second, failed]);
    const tables = [failed(scene.series)];
    const lines = [{ label: "failed", tone: "fail", fill: 0.2, paths: steps }];
    if (otherSeries) {
      tables.push(failed(otherSeries));
      lines.push({ label: `failed, ${overlay.run.id}`, tone: "soft", dash: DASH, paths: steps });
    }
    return overTheRun(scene, data, { data: joined(...tables), lines, y: { format: perSecond, scale: { range: (plot, min, max) => [0, Math.max(5, (max ?? 0) * 1.1)] } } });
  },

  target({ scene, data, reading }) {
    const { name, unit, capacity, points } = reading ?? {};
    if (!points) return null;
    const format = UNITS[unit];
    const highest = Math.max(...points.map(([, value]) => value));
    const goals = capacity === null ? [] : [{ label: `no more than ${format(capacity)}`, value: capacity, tone: "fail", lane: 0 }];
    // An end that is far away would press the line to the ground.
    const most = capacity !== null && capacity <= 3 * highest ? capacity : 0;
    return overTheRun(scene, data, {
      data: joined(points),
      lines: [{ label: name, tone: "p95", fill: 0.12 }],
      y: { format, scale: { range: () => [0, 1.12 * Math.max(highest, most, 1e-9)] } },
      goals,
    });
  },

  spread({ rows: { all, allOther } }) {
    if (!all?.answered) return null;
    const tables = [spreadOf(all)];
    const lines = [{ label: "share of answers", tone: "p95", fill: 0.25, paths: steps }];
    if (allOther?.answered) {
      tables.push(spreadOf(allOther));
      lines.push({ label: overlay.run.id, tone: "soft", dash: DASH, paths: steps });
    }
    return { data: joined(...tables), lines, x: { scale: { distr: 3 }, format: tick, axis: { filter: (plot, splits) => splits, values: (plot, at) => at.map((ms) => (isRound(ms) ? tick(ms) : "")) }, label: "from", said: time }, y: { format: (share) => `${+share.toFixed(1)} %` } };
  },

  curve({ scene, rows: { all, allOther } }) {
    if (!all?.answered) return null;
    const tables = [curveOf(all)];
    const lines = [{ label: "took at most", tone: "p95", width: 2 }];
    if (allOther?.answered) {
      tables.push(curveOf(allOther));
      lines.push({ label: overlay.run.id, tone: "soft", dash: DASH });
    }
    const name = (x) => `p${+(100 * (1 - 10 ** -x)).toFixed(Math.max(0, Math.floor(x)))}`;
    const marks = [0, Math.log10(2), 1, Math.log10(20), 2, 3, 4, 5, 6];
    const most = Math.max(1, ...tables.map((rows) => rows.at(-1)[0]));
    return {
      data: joined(...tables), lines,
      x: { scale: { range: () => [0, most] }, label: "percentile", axis: { splits: () => marks.filter((x) => x <= most), values: (plot, at) => at.map((x) => (x === 0 ? "min" : name(x))) }, said: (x) => `p${+(100 * (1 - 10 ** -x)).toFixed(3)}` },
      y: { format: tick, said: time },
      goals: scene.series.limits.filter(({ ms }) => ms <= 3 * all.max).map(({ percent, ms }, lane) => ({ label: `goal p${percent} < ${tick(ms)}`, value: ms, tone: TONES[percent] ?? "fail", lane })),
    };
  },
};

function requests({ series }) {
  const sums = new Map();
  for (const { outcomes } of series.filter(({ role }) => role === "endpoint"))
    for (const [second, ok, failed] of outcomes) sums.set(second, (sums.get(second) ?? 0) + ok + failed);
  return [...sums].sort((a, b) => a[0] - b[0]);
}

const steps = uPlot.paths.stepped({ align: 1 });
/** A figure of the target's side, in its unit. */
const UNITS = {
  share: (value) => `${+(100 * value).toPrecision(3)} %`,
  count: (value) => (Number.isInteger(value) ? number(value) : `${+value.toPrecision(3)}`),
  "per-second": (value) => perSecond(value),
  bytes: (value) => `${+(value / 2 ** 20).toPrecision(3)} MiB`,
  seconds: (value) => tick(1e3 * value),
  cores: (value) => `${+value.toPrecision(3)} cores`,
};
const perSecond = (value) => `${+value.toPrecision(3)}/s`;
const isRound = (ms) => [1, 2, 5].includes(+(ms / 10 ** Math.floor(Math.log10(ms) + 1e-9)).toFixed(6));

/** Shares of answers by how long they took, in a hundred steps of equal ratio from the quickest to the slowest. */
function spreadOf(all) {
  const [low, high] = [Math.max(all.min, 1e-3), Math.max(all.max, all.min * 1.01, 2e-3)];
  const bins = Math.max(10, Math.min(60, Math.round(Math.sqrt(all.answered))));
  const ratio = Math.log(high / low) / bins;
  const counts = Array(bins).fill(0);
  for (const [ms, n] of all.steps()) counts[Math.min(bins - 1, Math.max(0, Math.floor(Math.log(ms / low) / ratio)))] += n;
  const rows = counts.map((n, bin) => [low * Math.exp(bin * ratio), (100 * n) / all.answered]);
  return [...rows, [high, 0]];
}

/** Milliseconds over log10(1 / (1 - p)), up to the last who was answered. */
function curveOf(all) {
  const rows = [];
  let seen = 0;
  for (const [ms, n] of all.steps()) {
    if (seen === 0) rows.push([0, ms]);
    seen += n;
    // The slowest of all would be at infinity: it is drawn where half a sample is left.
    const x = Math.log10(all.n / Math.max(all.n - seen, 0.5));
    if (x > rows.at(-1)[0]) rows.push([x, ms]);
  }
  return rows;
}
