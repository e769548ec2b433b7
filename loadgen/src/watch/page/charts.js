// Charts over the run's time. uPlot (global) draws them.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const dark = matchMedia("(prefers-color-scheme: dark)");
const HEIGHT = 170;

/** `1:05` for 65 seconds. */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

/** Lines over time; `lines`: each one's name and colour. Made anew when the colours change. */
export class Chart {
  #host;
  #lines;
  #format;
  #plot;
  #data;
  #span = [0, 1];

  constructor(host, lines, format) {
    [this.#host, this.#lines, this.#format] = [host, lines, format];
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(host);
    dark.addEventListener("change", () => {
      this.#plot?.destroy();
      this.#plot = undefined;
      if (this.#data) this.show(this.#data, this.#span);
    });
  }

  /** `data`: times in seconds, then each line's values; `span`: from and to, seconds. */
  show(data, span) {
    [this.#data, this.#span] = [data, span];
    if (this.#plot) this.#plot.setData(data);
    else this.#plot = new uPlot(this.#options(), data, this.#host);
  }

  #size() {
    return { width: this.#host.clientWidth, height: HEIGHT };
  }

  #options() {
    const axis = { stroke: colour("soft"), font: "12px system-ui, sans-serif", grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
    const newest = (values) => values.at(-1);
    return {
      ...this.#size(),
      legend: { markers: { width: 0, fill: (plot, i) => plot.series[i].stroke() } },
      cursor: { sync: { key: "run" }, drag: { setScale: false, x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: false, range: () => this.#span },
        y: { range: (plot, min, max) => [0, Math.max(1, (max ?? 0) * 1.1)] },
      },
      axes: [{ ...axis, space: 70, values: (plot, at) => at.map(clock) }, { ...axis, size: 48, values: (plot, at) => at.map((value) => this.#format(value)) }],
      series: [
        { label: "at", value: (plot, at) => clock(at ?? newest(plot.data[0]) ?? 0) },
        ...this.#lines.map(([label, name]) => ({
          label, stroke: colour(name), width: 1.75, points: { show: false },
          // The newest while nobody points at an older one.
          value: (plot, value, line, at) => {
            const shown = at == null ? newest(plot.data[line]) : value;
            return shown == null ? "–" : this.#format(shown);
          },
        })),
      ],
    };
  }
}
