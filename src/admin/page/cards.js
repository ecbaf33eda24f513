// ---- Rendering: causes ---------------------------------------------------------------------

function render() {
  const { all, found } = findCauses();
  if (state.isFirst && state.shownAt) openFirst(all);
  renderLink();
  if (!state.shownAt) return;
  renderVerdict(all, found);
  renderSections(all);
  renderServices(all);
  announce(found);
}

function renderLink() {
  const lost = state.lostSince;
  const at = state.shownAt ? clock(new Date(state.shownAt)) : null;
  renderInto("link", state.isPaused ? `Paused; as of ${at ?? "never"}` : lost ? "No response" : `Live, ${at ?? "connecting"}`);
  renderInto("lost", lost && h("p", { class: "lost" }, sign("bad"),
    ` The proxy has been unreachable since ${clock(new Date(lost))}. `,
    at ? `The data below is from ${at}. Retrying.` : "Retrying."));
  const faults = Object.entries(state.faults);
  renderInto("partly", faults.length > 0 && h("p", { class: "partly" }, sign("warn"),
    ` Some data is missing or outdated: ${faults.map(([source, why]) => `/${source} ${why}`).join("; ")}.`));
}

// What is wrong, and with the current figure.
const nameOf = ({ subject, headline }) => `${subject}: ${headline}`;
const titleOf = (cause) => [nameOf(cause), cause.figure].filter(Boolean).join(", ");

function renderVerdict(all, found) {
  const serious = found.filter((cause) => cause.level !== "note");
  const level = serious[0]?.level ?? "good";
  const text = serious.length ? `${plural(serious.length, "cause needs", "causes need")} attention` : "No problems";
  document.title = `${state.lostSince ? "? " : serious.length ? `(${serious.length}) ` : ""}Portcullis${serious[0] ? ` – ${titleOf(serious[0])}` : ""}`;
  const verdict = byId("verdict");
  verdict.className = `verdict ${level}`;
  renderInto("verdict", sign(level), h("span", null, text));
  renderInto("totals", totals(all));
  renderInto("causes",
    found.length > 0 && h("ul", { class: "causes" }, found.slice(0, CAUSES_SHOWN).map(card)),
    found.length > CAUSES_SHOWN && h("details", { class: "more", key: "more" },
      h("summary", null, `and ${found.length - CAUSES_SHOWN} more`),
      h("ul", { class: "causes" }, found.slice(CAUSES_SHOWN).map(card))));
}

// The sum over all services, in the words of the table below.
function totals(all) {
  const sum = summed(all.map((service) => service.now));
  const together = all.reduce((sum, service) => sum + service.now.perSecond, 0);
  const squads = new Set(all.flatMap((service) => [...service.now.squads.keys()]).filter((squad) => squad !== UNKNOWN));
  return [plural(all.length, "service"), plural(squads.size, "calling squad"), `${rate(together)} requests/s`,
    sum.requests > 0 && `${percent(unservedOf(sum) / sum.requests)} not served`,
    sum.refused > 0 && `${percent(sum.refused / sum.requests)} refused`].filter(Boolean).join(" · ");
}

// Keeps the chat and the on-call name unbroken on narrow screens.
const contactLine = ({ who, why }) => h("p", { class: "call" },
  h("span", { class: "muted" }, "Contact "),
  h("b", null, who.split(" / ").map((part, index) => [index ? " / " : "", h("span", null, part)])),
  " ", h("span", { class: "why muted" }, why));

const LEVELS = { bad: "Critical", warn: "Warning", note: "Notice" };

function card(cause) {
  const { key, level, subject, headline, figure, facts, before, call, whom } = cause;
  return h("li", { class: `cause ${level}`, key },
    h("h3", null, badge(level, LEVELS[level]), " ", h("b", null, `${subject}:`), ` ${headline}`, figure ? [", ", h("span", { class: "figure" }, figure)] : null),
    call && contactLine(call),
    h("div", { class: "facts-line muted" },
      facts.map((fact, index) => [index > 0 && h("span", { class: "unseen" }, "; "), h("span", null, fact)]),
      before && [h("span", { class: "unseen" }, "; "), h("b", null, before)]),
    h("div", { class: "acts" },
      cause.look && h("div", { class: "next" }, copyable(cause.look)),
      cause.service && h("button", { type: "button", class: "plain", "data-act": "show", "data-service": cause.service }, "Details", h("span", { class: "unseen" }, ` of ${cause.service}`)),
      whom && h("details", { key: "whom" }, h("summary", null, "Squads"), squadCounts(whom, cause)),
      cause.changes?.length > 0 && h("details", { key: "changes" }, h("summary", null, "Act"), changeCommands(cause))));
}

const COUNT_COLUMNS = [["requests", "requests"], ["answered", "served"], ["failed", "failed"], ["shed", "shed"], ["refused", "refused"], ["unsent", "not sent"], ["ended", "ended by the client"]];

// The current counts of squads, with their sum. Columns without counts are left out.
function countTable(caption, squads, now, extra = []) {
  const rows = squads.map((squad) => ({ squad, ...(now.squads.get(squad) ?? NOTHING) }));
  const sum = { ...summed(rows), squad: null };
  const shown = COUNT_COLUMNS.filter(([name], index) => index < 3 || sum[name] > 0);
  const columns = [["squad", (row) => row.squad == null ? "sum" : squadName(row.squad)], ...extra,
    ...shown.map(([name, title]) => [title, (row) => integer(row[name]), "number"]),
    ["not served", (row) => row.requests ? percent(unservedOf(row) / row.requests) : "–", "number"]];
  return table(caption, columns, rows, (row) => row.squad, sum);
}

function squadCounts({ squads, now }, cause) {
  return countTable(titled(`Requests to ${cause.service}`, `in the last ${now.seconds} s`), squads, now);
}

