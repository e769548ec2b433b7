// Charts: uPlot draws them, this says how they look here.

const FONT = "12px system-ui, sans-serif";
/** Widths of a chart on paper, pixels: A4 with its margins. */
const PAPER = { wide: 680, half: 330, third: 330 };

/**
 * A chart in its host. `say` gives what is drawn: `{ data, lines, … }`, asked anew when colours change; `marked` the window
 * to show in it, nothing where it has none.
 */
class Chart {
  #host;
  #say;
  #marked;
  #plot;

  constructor(host, say, marked) {
    [this.#host, this.#say, this.#marked] = [host, say, marked];
    new ResizeObserver(() => this.#fit()).observe(host);
    whenLookChanges(() => this.#plot && this.draw());
  }

  /** Draws what is to be shown by now. */
  draw() {
    const said = this.#say();
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#host.replaceChildren();
    if (!said || said.data[0].length === 0) {
      this.#host.append(make("p", "Nothing was measured here.", "none"));
      return;
    }
    this.#plot = new uPlot(options(said, this.#size()), said.data, this.#host);
    this.mark();
  }

  /** Shows the window that is selected. */
  mark() {
    if (!this.#plot || !this.#marked) return;
    const marked = this.#marked();
    const height = this.#plot.over.clientHeight;
    if (!marked) {
      this.#plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      return;
    }
    const [left, right] = marked.map((x) => this.#plot.valToPos(x, "x"));
    this.#plot.setSelect({ left, width: right - left, top: 0, height }, false);
  }

  #size() {
    const width = paper.on ? PAPER[this.#host.dataset.size] : this.#host.clientWidth;
    return { width: Math.max(200, width), height: this.#host.dataset.size === "wide" ? 260 : 190 };
  }

  #fit() {
    if (!this.#plot || paper.on) return;
    const { width, height } = this.#size();
    if (width === this.#plot.width) return;
    this.#plot.setSize({ width, height });
    this.mark();
  }
}

function options(said, size) {
  const axis = {
    stroke: colour("soft"), font: FONT, grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, gap: 6,
  };
  const { x = {}, y = {}, draw = [], over = [] } = said;
  return {
    ...size,
    padding: [14, 12, 0, 0],
    legend: { live: true, markers: { width: 0, fill: (plot, i) => plot.series[i].stroke() } },
    cursor: {
      sync: said.sync ? { key: said.sync } : undefined,
      drag: { x: Boolean(said.select), y: false, setScale: false },
      points: { size: 6 },
      bind: { dblclick: () => () => said.clear?.() },
    },
    scales: { x: { time: false, ...x.scale }, y: { range: fromZero, ...y.scale } },
    axes: [
      { ...axis, size: 28, space: 60, values: (plot, at) => at.map(x.format ?? clock), ...x.axis },
      { ...axis, size: 62, space: 36, values: (plot, at) => at.map((value) => (value == null ? "" : y.format(value))), ...y.axis },
    ],
    series: [{ label: x.label ?? "at", value: (plot, at) => (at == null ? "" : (x.said ?? x.format ?? clock)(at)) }, ...said.lines.map((line) => series(line, y))],
    hooks: {
      drawClear: [(plot) => draw.forEach((layer) => layer(plot))],
      draw: [(plot) => (said.goals ?? []).forEach((goal) => goalLine(plot, goal)), (plot) => over.forEach((layer) => layer(plot))],
      setSelect: said.select ? [(plot) => selected(plot, said.select)] : [],
    },
  };
}

function fromZero(plot, min, max) {
  return [0, Math.max(max ?? 0, plot.series.length ? 1e-3 : 1) * 1.1 || 1];
}

function series({ label, tone, dash, width = 1.75, fill, paths }, y) {
  return {
    label, width, dash, paths,
    stroke: () => colour(tone),
    fill: fill ? () => tint(tone, fill) : undefined,
    points: { show: (plot, i) => plot.data[0].length < 2 },
    // A second in which the percentile was never answered is a gap.
    spanGaps: false,
    value: (plot, value) => (value == null ? "" : (y.said ?? y.format)(value)),
  };
}

function selected(plot, select) {
  const { left, width } = plot.select;
  if (width > 0) select(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
}

/** A limit: a dashed line with its name, or its name at the top where it is beyond what is drawn. */
function goalLine(plot, { label, value, tone, lane }) {
  const { ctx, bbox } = plot;
  const dpr = devicePixelRatio;
  const beyond = value > plot.scales.y.max;
  const y = beyond ? bbox.top : plot.valToPos(value, "y", true);
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour(tone);
  ctx.font = `${11 * dpr}px system-ui, sans-serif`;
  ctx.textAlign = beyond ? "left" : "right";
  if (!beyond) {
    ctx.setLineDash([6 * dpr, 4 * dpr]);
    ctx.lineWidth = 1.25 * dpr;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  const text = beyond ? `▲ ${label}, beyond this scale` : label;
  const base = beyond ? bbox.top + (14 + 15 * lane) * dpr : y - 6 * dpr;
  ctx.fillText(text, beyond ? bbox.left + 6 * dpr : bbox.left + bbox.width - 4 * dpr, base);
  ctx.restore();
}

/** Shades where something was scheduled to go wrong, with its name. */
function faultBands(bands) {
  return (plot) => {
    const { ctx, bbox } = plot;
    const dpr = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    bands.forEach(({ label, from_s, to_s }, lane) => {
      const [left, right] = [from_s, to_s].map((at) => plot.valToPos(at, "x", true));
      ctx.fillStyle = tint("fail", 0.12);
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.fillStyle = colour("fail");
      ctx.font = `${11 * dpr}px system-ui, sans-serif`;
      ctx.fillText(label, Math.max(left, bbox.left) + 4 * dpr, bbox.top + bbox.height - (6 + 14 * lane) * dpr);
    });
    ctx.restore();
  };
}

/** Shades what ran before second 0 and counts nowhere. */
function warmUp(before) {
  return (plot) => {
    if (!before) return;
    const { ctx, bbox } = plot;
    const width = plot.valToPos(0, "x", true) - bbox.left;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, width, bbox.height);
    ctx.clip();
    ctx.fillStyle = tint("soft", 0.14);
    ctx.fillRect(bbox.left, bbox.top, width, bbox.height);
    ctx.fillStyle = colour("soft");
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.fillText("warm-up", bbox.left + 4 * devicePixelRatio, bbox.top + bbox.height - 6 * devicePixelRatio);
    ctx.restore();
  };
}

/** Marks along the top for what is beyond the scale: rows of second, then a value for each percentile. */
function beyond(rows) {
  return (plot) => {
    const { ctx, bbox } = plot;
    const dpr = devicePixelRatio;
    ctx.save();
    for (const [second, ...values] of rows)
      values.forEach((value, place) => {
        if (value === null || value === Infinity || value <= plot.scales.y.max) return;
        const [x, y] = [plot.valToPos(second, "x", true), bbox.top + 9 * place * dpr];
        ctx.fillStyle = colour(TONES[PERCENTS[place]]);
        ctx.beginPath();
        ctx.moveTo(x, y);
        ctx.lineTo(x - 4 * dpr, y + 7 * dpr);
        ctx.lineTo(x + 4 * dpr, y + 7 * dpr);
        ctx.fill();
      });
    ctx.restore();
  };
}

/** A strip along the top while every flow was at its full height. */
function fullLoad(steady) {
  return (plot) => {
    if (!steady) return;
    const { ctx, bbox } = plot;
    const [left, right] = steady.map((at) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(at, "x", true))));
    ctx.save();
    ctx.fillStyle = tint("soft", 0.45);
    ctx.fillRect(left, bbox.top - 5 * devicePixelRatio, right - left, 3 * devicePixelRatio);
    ctx.restore();
  };
}

/** Several lists of rows (x first) on one axis. */
function joined(...tables) {
  return uPlot.join(tables.map((rows) => columns(rows)));
}

function columns(rows) {
  const width = rows[0]?.length ?? 2;
  return Array.from({ length: width }, (_, column) => rows.map((row) => (row[column] === Infinity ? null : row[column])));
}
