"""The results of `run` as Markdown and as SVG. Every figure is a median over rounds, with the lowest
and the highest round in parentheses."""

import html
import math
import statistics

DIRECT = "direct"
BASELINE = "nginx"
# Below this share of its core, something else than the proxy bounds the throughput.
BUSY_MIN = 0.9


def median(values):
    return statistics.median(values)


def spread(values, digits=1):
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    middle, low, high = (f"{value:,.{digits}f}" for value in (median(values), min(values), max(values)))
    return middle if low == high else f"{middle} ({low}–{high})"


def ratios(own, baseline):
    """CPU time over that of the baseline in the same round."""
    return [a["cpu_us"] / b["cpu_us"] for a, b in zip(own, baseline) if b["cpu_us"]]


def megabytes(value):
    return "–" if value is None else f"{value / 1e6:,.0f} MB"


def rows_of(record, load):
    """The proxies in the order of their CPU time, without the run that has no proxy."""
    rows = [one for name, one in record["proxies"].items() if name != DIRECT]
    return sorted(rows, key=lambda one: median([run["cpu_us"] for run in one["closed"][load]]))


def table(lines):
    """The first line is the head."""
    head, *body = (f"| {' | '.join(cells)} |" for cells in lines)
    return "\n".join([head, "|" + "---|" * len(lines[0]), *body])


def throughput(one, load):
    runs = one["closed"][load]
    text = spread([run["rate"] for run in runs], 0)
    return text if median([run["busy"] for run in runs]) >= BUSY_MIN else f"≥ {text}"


def cpu_table(record, load):
    baseline = record["proxies"].get(BASELINE)
    lines = [["proxy", "validates", "CPU µs/request", f"× {BASELINE}", "requests/s", "proxy core",
              "load core", "resident"]]
    for one in rows_of(record, load):
        runs = one["closed"][load]
        lines.append([
            one["title"], "yes" if one["validates"] else "no",
            spread([run["cpu_us"] for run in runs]),
            spread(ratios(runs, baseline["closed"][load]), 2) if baseline else "–",
            throughput(one, load),
            f"{median([run['busy'] for run in runs]):.0%}",
            f"{median([run['load_busy'] for run in runs]):.0%}",
            megabytes(one["resident"][load]),
        ])
    return table(lines)


def latency_table(record, load):
    """The last column is the median of p99.9 less that without a proxy."""
    names = {"p50_us": "p50", "p99_us": "p99", "p999_us": "p99.9"}
    direct = record["proxies"][DIRECT]
    parts = []
    for rate, direct_runs in direct["open"].get(load, {}).items():
        lines = [["proxy", *(f"{name}, µs" for name in names.values()), "p99.9 added"]]
        for one in [direct, *rows_of(record, load)]:
            runs = one["open"][load][rate]
            cells = ["cannot keep up", "", "", ""]
            if runs:
                added = median([run["p999_us"] for run in runs]) - \
                    median([run["p999_us"] for run in direct_runs]) if direct_runs else math.nan
                cells = [spread([run[key] for run in runs], 0) for key in names] + [f"{added:,.0f}"]
            lines.append([one["title"], *cells])
        parts.append(f"Latency at {rate:,} requests a second:\n\n{table(lines)}")
    return "\n\n".join(parts)


def generator_note(record, load):
    """What shows whether the generator bounds a result."""
    direct = record["proxies"][DIRECT]
    runs = direct["closed"][load]
    open_runs = [(rate, run) for one in record["proxies"].values()
                 for rate, runs_of_rate in one["open"].get(load, {}).items() for run in runs_of_rate]
    text = f"Without a proxy: {spread([run['rate'] for run in runs], 0)} requests/s."
    if open_runs:
        late = max(run["late_p99_us"] or 0 for _, run in open_runs)
        reached = min(run["requests"] / run["seconds"] / rate for rate, run in open_runs)
        text += (f" In the open loops the generator sent at most {late:,.0f} µs late (p99 of the worst "
                 f"run) and reached at least {reached:.1%} of the rate.")
    return text


def markdown(record):
    about = record["about"]
    parts = [
        "# Portcullis and its peers",
        f"{about['date']}, {about['machine']}. Each proxy has one worker on core {about['proxy_core']}; "
        f"the load generator and the upstream share core {about['load_core']}. "
        f"{about['rounds']} interleaved rounds of {about['seconds']:g} s, "
        f"{about['connections']} connections. Figures are medians, with the lowest and the highest "
        "round in parentheses. `proxy core` and `load core` are the shares that were used: the core near "
        "100% bounds the throughput, and `≥` marks where it is not that of the proxy.",
    ]
    for load, title in record["loads"].items():
        parts += [f"## {title}", cpu_table(record, load), generator_note(record, load)]
        latencies = latency_table(record, load)
        if latencies:
            parts.append(latencies)
    lines = [["proxy", "version", "resident after start"]]
    lines += [[one["title"], one["version"], megabytes(one["resident_at_start"])]
              for name, one in record["proxies"].items() if name != DIRECT]
    parts += ["## Versions", table(lines)]
    if record["missing"]:
        lines = [["proxy", "reason"]]
        lines += [[title, reason.splitlines()[0]] for title, reason in record["missing"]]
        parts += ["## Not measured", table(lines)]
    return "\n\n".join(parts) + "\n"


BAR, GAP, LABEL, PLOT, FIGURE, HEAD = 18, 6, 220, 420, 100, 30
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 14px }
.grid { stroke: #d0d7de }
.relay { fill: #8c959f }
.validator { fill: #bc4c00 }
.portcullis { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .grid { stroke: #30363d }
}
"""


def kind(name, one):
    if name.startswith("portcullis"):
        return "portcullis"
    return "validator" if one["validates"] else "relay"


def panel(record, load, title, top, scale, marks):
    """The bars of one load, and where the next panel begins."""
    names = {id(one): name for name, one in record["proxies"].items()}
    parts = [f'<text class="title" x="0" y="{top + 14}">{html.escape(title)}</text>']
    y = top + HEAD
    rows = rows_of(record, load)
    bottom = y + len(rows) * (BAR + GAP)
    for mark in marks:
        x = LABEL + scale(mark)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{y - GAP}" y2="{bottom}"/>')
    for one in rows:
        runs = [run["cpu_us"] for run in one["closed"][load]]
        width = max(1.0, scale(median(runs)))
        parts.append(f'<text x="{LABEL - 8}" y="{y + 13}" text-anchor="end">{html.escape(one["title"])}</text>')
        parts.append(f'<rect class="{kind(names[id(one)], one)}" x="{LABEL}" y="{y}" '
                     f'width="{width:.1f}" height="{BAR}" rx="2"/>')
        parts.append(f'<text x="{LABEL + width + 6:.1f}" y="{y + 13}">{median(runs):,.1f} µs</text>')
        y += BAR + GAP
    return parts, y + HEAD / 2


def svg(record):
    """CPU time of a request, on a logarithmic scale: one panel for each load."""
    values = [run["cpu_us"] for name, one in record["proxies"].items() if name != DIRECT
              for runs in one["closed"].values() for run in runs if run["cpu_us"]]
    if not values:
        return '<svg xmlns="http://www.w3.org/2000/svg"/>\n'
    low = 10 ** math.floor(math.log10(min(values)))
    high = 10 ** math.ceil(math.log10(max(values) * 1.01))

    def scale(value):
        return PLOT * math.log10(max(value, low) / low) / math.log10(high / low)

    marks = [low * 10 ** step for step in range(round(math.log10(high / low)) + 1)]
    body, top = [], 0
    for load, title in record["loads"].items():
        parts, top = panel(record, load, f"CPU time of a request (log scale): {title}", top, scale, marks)
        body += parts
    for mark in marks:
        body.append(f'<text x="{LABEL + scale(mark):.1f}" y="{top:.0f}" text-anchor="middle">{mark:g} µs</text>')
    about = record["about"]
    notes = (f"{about['date']}; medians of {about['rounds']} interleaved rounds", about["machine"])
    for line, note in enumerate(notes):
        body.append(f'<text x="0" y="{top + 28 + 18 * line:.0f}">{html.escape(note)}</text>')
    width, height = LABEL + PLOT + FIGURE, top + 56
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -4 {width + 8} {height:.0f}" '
            f'role="img" aria-label="CPU time of a request through each proxy">\n'
            f"<style>{STYLE}</style>\n" + "\n".join(body) + "\n</svg>\n")
