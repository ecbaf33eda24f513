// ---- Charts --------------------------------------------------------------------------------

// The width of a chart in points. A short series is not stretched.
const width = (values) => Math.max(POINTS_MIN, values.length);

// The path of a line through values, with gaps where values are missing. It ends at the right edge.
function path(values, max) {
  const from = width(values) - values.length;
  let isDown = false;
  return values.map((value, index) => {
    if (value == null) {
      isDown = false;
      return "";
    }
    const point = `${from + index} ${(100 - 100 * value / max).toFixed(1)}`;
    const step = isDown ? `L${point}` : `M${point}h.01`;
    isDown = true;
    return step;
  }).join("");
}

function area(values, max) {
  const from = width(values) - values.length;
  return values.length ? `${path(values, max).replace(/h\.01/g, "")}V100H${from}z` : "";
}

// The smallest round number that is not below the value.
function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}

const frame = (kind, points, attributes, ...inside) =>
  h("svg", { class: kind, viewBox: `0 0 ${width(points) - 1} 100`, preserveAspectRatio: "none", ...attributes }, ...inside);

// A chart of a few lines with one unit, each with its own stroke. Its label describes it for screen
// readers.
function chart(title, unit, series, lines) {
  const known = lines.flatMap((line) => line.values).filter((value) => value != null);
  const max = roundUp(known.reduce((max, value) => Math.max(max, value), 0));
  const span = age((series.every_seconds ?? 2) * width(series.points));
  const last = (line) => line.values.at(-1);
  const current = lines.map((line) => `${line.name} ${last(line) == null ? "no data" : rate(last(line))}`);
  const highest = known.length ? `; the highest value is ${rate(Math.max(...known))}` : "";
  const label = `${title}, ${unit}, over the last ${span}. Now: ${current.join(", ")}${highest}.`;
  const drawn = lines.map((line) => [
    line.fill && h("path", { class: "area", d: area(line.values.map((value) => value ?? 0), max) }),
    h("path", { class: `stroke ${line.stroke}`, d: path(line.values, max) }),
  ]);
  const keys = lines.map((line) => h("span", null,
    h("svg", { class: "key", viewBox: "0 0 24 8", "aria-hidden": "true" }, h("path", { class: `stroke ${line.stroke}`, d: "M1 4h22" })),
    `${line.name} ${last(line) == null ? "–" : rate(last(line))}`));
  return h("figure", { class: "chart" },
    h("figcaption", null, h("b", null, `${title}, ${unit}`), keys),
    h("div", { class: "axis", "aria-hidden": "true" }, h("span", null, rate(max))),
    frame("plot", series.points, { role: "img", "aria-label": label }, drawn),
    h("div", { class: "axis", "aria-hidden": "true" }, h("span", null, `${span} ago`), h("span", null, "now")));
}

function charts({ series }) {
  const each = (value) => series.points.map((point) => value(point) / (series.every_seconds || 2));
  const as = (name) => series.points.map((point) => point[name]);
  return h("div", { class: "charts" },
    chart("Requests", "per second", series, [{ name: "all", values: each((p) => p.requests), stroke: "ink-main", fill: true }]),
    chart("Errors and refusals", "per second", series, [
      { name: "failed", values: each((p) => p.failed + p.unanswered + p.truncated), stroke: "ink-bad" },
      { name: "refused", values: each((p) => p.refused), stroke: "ink-warn dash" },
      { name: "shed", values: each((p) => p.shed), stroke: "ink-note dot" },
    ]),
    chart("Latency", "ms", series, [
      { name: "median", values: as("p50_ms"), stroke: "ink-main" },
      { name: "99th percentile", values: as("p99_ms"), stroke: "ink-note dash" },
    ]));
}

// The small chart of a row: requests, with a line at the bottom where some were not served.
function spark({ series }) {
  const all = series.points.map((point) => point.requests);
  const wrong = series.points.map((point) => (point.failed + point.unanswered + point.truncated + point.shed > 0 ? 5 : null));
  const max = 1.25 * Math.max(1, ...all);
  return frame("spark", series.points, { "aria-hidden": "true" },
    h("path", { class: "area", d: area(all, max) }), h("path", { class: "stroke ink-main", d: path(all, max) }),
    h("path", { class: "stroke ink-bad", d: path(wrong, 100) }));
}

function meter(share) {
  return h("svg", { class: "meter", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    h("rect", { class: "all", width: 100, height: 8 }),
    h("rect", { class: share < 0.9 ? "part low" : "part", width: (100 * Math.min(1, Math.max(0, share))).toFixed(1), height: 8 }));
}

