// ---- Rendering: the details of a service ------------------------------------------------------

function panel(service) {
  return h("div", { class: "panel", id: `panel-${service.name}` },
    ownerFacts(service),
    objectives(service),
    traffic(service),
    servers(service),
    service.protection && breakers(service),
    service.protection && h("div", { class: "pair" }, shares(service), deployWindow(service)),
    violations(service),
    drift(service),
    service.contract && contract(service));
}

function ownerFacts({ owner, contract, ...service }) {
  const squad = provider(service);
  const optional = (name, value) => value && value.length !== 0 ? fact(name, [value].flat().join(", ")) : null;
  return h("section", null, h("h4", null, "Owner"),
    h("dl", { class: "facts" },
      fact("Provider", owner?.squad ?? squad ?? "not in the catalog"),
      optional("Chat", owner?.chat), optional("On call", owner?.oncall), optional("Mail", owner?.email),
      optional("Tier", owner?.tier), optional("Domains", owner?.domains), optional("Cost center", owner?.cost_center),
      optional("API", contract?.title), optional("Commit", owner?.commit && shortHash(owner.commit))));
}

// What the provider promises. The counts are those of this process since it started.
function objectives({ name, traffic }) {
  const rows = traffic?.objectives ?? [];
  if (!rows.length) return null;
  const what = (row) => row.le_seconds === null ? row.objective : `${row.objective}, ${age(row.le_seconds)}`;
  const left = ({ budget_left: left }) => left === null ? "no requests" : badge(left < 0 ? "bad" : left < 0.25 ? "warn" : "good", percent(left));
  return h("section", null,
    table(titled(`Objectives of ${name}`, `in this process since the start, ${age(traffic.since_seconds)} ago`), [
      ["objective", what], ["operation", (row) => row.operation === null ? "all" : code(row.operation), "name"],
      ["target", (row) => portion(row.target), "number"], ["good", (row) => integer(row.good), "number"], ["bad", (row) => integer(row.bad), "number"],
      ["reached", (row) => row.ratio === null ? "" : portion(row.ratio), "number"], ["error budget left", left],
    ], rows, (row) => `${row.objective} ${row.operation}`));
}

// A share near one, with the digits that matter.
const portion = (value) => `${(value * 100).toFixed(3).replace(/\.?0+$/, "")} %`;

const names = (consumers) => (consumers ?? []).map((consumer) => squadName(consumer.squad)).join(", ");

function traffic({ name, traffic, now }) {
  if (!traffic) return h("section", null, h("h4", null, "Traffic"), none("No traffic data."));
  const head = h("h4", null, "Traffic");
  if (!traffic.requests) return h("section", null, head, none("No requests yet."));
  const { consumers, operations } = traffic;
  const sum = { ...traffic, squad: null, operation: null, consumers: [] };
  const since = `since the start, ${age(traffic.since_seconds)} ago`;
  return h("section", null, head, charts(traffic), h("div", { class: "more" },
    now.requests > 0
      ? countTable(titled(`Requests to ${name}`, `in the last ${now.seconds} s`), [...now.squads.keys()].sort(), now)
      : none("No requests in the last seconds."),
    h("details", { key: "consumers" },
      h("summary", null, `${plural(consumers.length, "consumer")} since the start`),
      table(titled(`Consumers of ${name}`, since),
        [["squad", (row) => row.squad === null ? "sum" : squadName(row.squad)], ...countColumns(traffic)], consumers, (row) => row.squad, sum)),
    h("details", { key: "operations" },
      h("summary", null, `${plural(operations.length, "operation")} since the start`),
      table(titled(`Operations of ${name}`, since),
        [["operation", (row) => row.operation === null ? "sum" : code(row.operation)], ...countColumns(traffic), ["called by", (row) => names(row.consumers)]],
        operations, (row) => row.operation, sum))));
}

// The columns with counts, for consumers and operations: only outcomes that have occurred.
const countColumns = ({ outcomes }) => [
  ["requests", (row) => integer(row.requests), "number"],
  ...Object.keys(outcomes).filter((name) => outcomes[name] > 0).map((name) => [name, (row) => integer(row.outcomes[name]), "number"]),
  ["violations", (row) => integer(row.departed), "number"],
];

// The servers of an upstream with several of them, or with health checks.
function servers({ name, upstream }) {
  const rows = upstream?.servers ?? [];
  if (!rows.length) return null;
  const healthy = rows.filter((row) => row.state === "healthy").length;
  const levels = { healthy: "good", resting: "warn", unhealthy: "bad" };
  const sum = (field) => rows.reduce((sum, row) => sum + row[field], 0);
  return h("section", null,
    table(titled(`Servers of ${name}`, `${healthy} of ${rows.length} healthy, ${integer(sum("in_flight"))} requests in flight`), [
      ["server", (row) => code(row.address), "name"], ["state", (row) => badge(levels[row.state] ?? "note", row.state)],
      ["in flight", (row) => integer(row.in_flight), "number"], ["requests", (row) => integer(row.requests), "number"],
      ["failed connections", (row) => integer(row.connect_failures), "number"],
      ["since", (row) => row.since ? ago(secondsSince(row.since), row.since) : ""], ["reason", (row) => row.fault ?? "", "wide"],
    ], rows, (row) => row.address));
}

function breakers(service) {
  const { protection, name } = service;
  const all = breakersOf(service);
  const columns = [
    ["caller", (breaker) => breaker.squad ? squadName(breaker.squad) : ALL_CALLERS],
    ["tier", (breaker) => breaker.tier],
    ["state", (breaker) => badge(breakerLevel(breaker, protection).level, breakerLevel(breaker, protection).word)],
    ["override", (breaker) => breaker.override === "auto" ? "none" : h("b", null, breaker.override), "name"],
    ["since", (breaker) => breaker.history?.length ? ago(breaker.since_seconds) : "startup"],
    ["calls", (breaker) => breaker.calls, "number"], ["failed", (breaker) => breaker.failures, "number"], ["slow", (breaker) => breaker.slow, "number wide-only"],
    ["failure limit", (breaker) => percent(breaker.failure_rate_max), "number wide-only"],
    ["reason", breakerReason, "wide"],
  ];
  const changes = all.flatMap((breaker) => (breaker.history ?? []).map((change) => ({ ...change, breaker }))).sort((a, b) => a.ago_seconds - b.ago_seconds);
  return h("section", { class: "more" },
    table(titled(`Breakers of ${name}, mode ${protection.mode}`, "calls in the last 10 s"), columns, all, (breaker) => `${breaker.squad} ${breaker.tier}`),
    changes.length > 0 && h("details", { key: "history" }, h("summary", null, plural(changes.length, "breaker change")),
      h("ol", { class: "timeline" }, changes.map((change) => entry(change.ago_seconds, null, circuit(change.breaker), ` ${change.from} → ${change.to}: ${change.reason}`)))),
    composer(service));
}

function breakerReason(breaker) {
  const wait = breaker.remaining_seconds > 0 && `next probe in ${age(breaker.remaining_seconds)}`;
  const probes = breaker.probing > 0 && `${plural(breaker.probing, "probe")} in flight`;
  return [breaker.reason, wait, probes].filter(Boolean).join("; ");
}

const entry = (seconds, at, what, text) => h("li", null, ago(seconds, at), h("span", null, h("b", null, what), text));

function shares({ name, protection: { shares, budget } }) {
  const slots = `${shares.in_flight} of ${shares.limit} in flight, ${shares.waiting} waiting, ${shares.lent} lent${shares.adaptive ? "; adaptive limit" : ""}`;
  const crossSquad = budget && `${percent(budget.cross_squad / Math.max(1, budget.requests))} of the requests in the last 10 s came from other squads; ` +
    `the limit is ${percent(budget.cross_squad_max)}.`;
  return h("section", null,
    table(titled(`Shares of ${name}`, slots), [
      ["squad", (share) => squadName(share.squad)], ["weight", (share) => share.weight, "number"],
      ["guaranteed", (share) => integer(share.guaranteed), "number"], ["never lent", (share) => integer(share.never_lent), "number"],
      ["in flight", (share) => integer(share.in_flight), "number"], ["borrowed", (share) => integer(share.borrowed), "number"],
    ], shares.squads, (share) => share.squad, sharesSum(shares)),
    budget && h("p", { class: "muted" }, crossSquad));
}

// The sum of the shares. Guarantees may add up to less than the limit, because each is rounded down.
function sharesSum({ squads }) {
  const sum = (name) => squads.reduce((sum, share) => sum + share[name], 0);
  return { squad: "sum", weight: sum("weight"), guaranteed: sum("guaranteed"), never_lent: sum("never_lent"), in_flight: sum("in_flight"), borrowed: sum("borrowed") };
}

function deployWindow({ name, protection: { deploy_window: window } }) {
  const text = window
    ? `Open for ${age(window.open_seconds)}, ${age(window.remaining_seconds)} left${window.reason ? `: ${window.reason}` : ""}`
    : "Not open.";
  const place = `window ${name}`;
  return h("section", null, h("h4", null, "Deploy window"), h("p", null, text), window
    ? copyable(command("deploy-window", "close", name))
    : [h("div", { class: "composer" }, reasonInput(place, "")), withReason(["deploy-window", "open", name, "--for", "10m"], reasonOf(place, ""))]);
}

const violationColumns = (withService) => [
  ["last", (row) => ago(secondsSince(row.at), row.at)],
  ["count", (row) => integer(row.count), "number"],
  withService && ["service", (row) => row.service, "name"],
  ["class", (row) => row.class],
  ["operation", (row) => code(operationOf(row, row.drift) || "none"), "name"],
  ["consumer", (row) => squadName(row.squad)],
  ["location", (row) => [row.in, row.name ? [" ", code(row.name)] : "", row.pointer ? [" ", code(row.pointer)] : ""], "wide"],
  ["rule", (row) => [row.keyword ? [code(row.keyword), " "] : "", ruleLocation(row) || "", row.schema ? [" ", h("span", { class: "muted" }, code(row.schema))] : ""], "wide"],
  ["action", (row) => row.enforcement === "reject" ? badge("warn", "refused") : badge("note", "reported")],
].filter(Boolean);

// What is one row: the same violation by the same squad, wherever in the payload it is.
const kindOf = (row) => [row.service, row.class, row.operation, row.squad, row.in, row.name, row.keyword, ruleLocation(row), row.schema].join("\n");

// Notes when each kind was first seen. Nothing is new when the page opens, nor when a filter or a panel
// shows what was there before.
function noteKinds(all) {
  for (const row of violationsOf(all)) {
    const key = kindOf(row);
    if (!state.kinds.has(key)) state.kinds.set(key, state.isFirstPoll ? null : state.shownAt);
  }
}

// One row for each kind, at the position of its newest violation, so a consumer that repeats one does
// not fill the list. The count is exact where the drift of the service has it.
function merged(rows) {
  const found = new Map();
  for (const row of rows) {
    const key = kindOf(row);
    if (!found.has(key)) found.set(key, { ...row, key, kept: 0, isFresh: state.kinds.get(key) === state.shownAt });
    found.get(key).kept += 1;
  }
  return [...found.values()].map((row) => ({ ...row, count: exactCount(row) ?? row.kept }));
}

// How often a squad has violated the contract in this way since the start.
function exactCount(row) {
  const alike = similarDrift(row, row.drift).filter((kind) => ["in", "name", "keyword", "schema"].every((part) => (kind[part] ?? null) === (row[part] ?? null)));
  const counts = alike.flatMap((kind) => kind.consumers.filter((consumer) => consumer.squad === row.squad).map((consumer) => consumer.count));
  return counts.length ? counts.reduce((sum, count) => sum + count, 0) : null;
}

function violations(service) {
  const kinds = merged(violationsOf([service]));
  return h("section", null, kinds.length
    ? table(titled(`Recent contract violations of ${service.name}`, "with counts since the start"), violationColumns(false), kinds, (row) => row.key)
    : [h("h4", null, "Violations"), none("No violations.")]);
}

// The violations of services, newest first.
function violationsOf(all) {
  const rows = all.flatMap((service) => (service.traffic?.violations ?? []).map((row) => ({ ...row, service: service.name, drift: service.traffic.drift })));
  return rows.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

function feed(kinds) {
  if (!kinds.length) return none(state.answers.traffic ? "No violations." : "No traffic data.");
  const caption = state.find || state.only ? "Of the services shown above" : "Of all services";
  return table(titled(caption, "with counts since the start"), violationColumns(true), kinds.slice(0, FEED_SHOWN), (row) => row.key);
}

function drift({ name, traffic }) {
  const rows = traffic?.drift ?? [];
  const uncalled = traffic?.uncalled ?? [];
  const columns = [
    ["class", (row) => row.class],
    ["request", (row) => code(target(row) || row.operation || "any")],
    ["location", (row) => [row.in, row.name ? [" ", code(row.name)] : "", row.status ? ` ${row.status}` : ""]],
    ["rule", (row) => [row.keyword ? [code(row.keyword), " "] : "", ruleLocation(row)], "name"],
    ["count", (row) => integer(row.count), "number"],
    ["consumers", (row) => (row.consumers ?? []).map((consumer) => `${squadName(consumer.squad)} ${integer(consumer.count)}`).join(", ")],
    ["last", (row) => ago(row.last_seconds_ago)], ["first", (row) => ago(row.first_seconds_ago)],
  ];
  return h("section", { class: "more" },
    rows.length
      ? table(titled(`Drift of ${name}`, `${percent(traffic.drift_rate)} of exchanges in the last minute violated the contract`), columns, rows,
        (row) => [row.class, row.operation, target(row), row.in, row.name, row.status, row.keyword, row.schema].join("\n"))
      : [h("h4", null, "Drift"), none("No traffic violates the contract.")],
    traffic?.drift_more > 0 && h("p", { class: "muted" }, `and ${plural(traffic.drift_more, "violation")} of other kinds`),
    uncalled.length > 0 && h("details", { key: "uncalled" }, h("summary", null, plural(uncalled.length, "operation"), " never called"),
      h("p", null, uncalled.map((operation, index) => [index ? ", " : "", code(operation)]))));
}

function contract({ name, contract: view }) {
  const history = view.history ?? [];
  return h("section", { class: "more" }, h("h4", null, "Contract"),
    h("dl", { class: "facts" },
      fact("State", !view.in_force ? badge("bad", "not loaded") : view.stale ? badge("warn", "stale") : badge("good", "active")),
      fact("Version", view.version ?? "–"), fact("Revision", code(shortHash(view.revision) || "–")),
      fact("Since", view.since_seconds == null ? "–" : ago(view.since_seconds, view.since)),
      fact("Operations", view.operations), fact("Source", code(view.source)), fact("Reload policy", view.policy)),
    view.last_error && h("p", null, badge("warn", "last error"), " ", view.last_error),
    view.candidate && candidate(name, view.candidate),
    history.length > 0 && h("details", { key: "history" }, h("summary", null, plural(history.length, "contract event")),
      h("ol", { class: "timeline" }, history.map((change) => entry(secondsSince(change.at), change.at, resultName(change), summary(change))))),
    h("details", { key: "commands" }, h("summary", null, "Commands"),
      copyable(command("contract", "reload", name)), copyable(command("contract", "candidate", name, "next.yaml")),
      view.candidate && [copyable(command("contract", "promote", name)), copyable(command("contract", "drop", name))]));
}

// The result of an event, as shown.
const resultName = (change) => change.result === "in-force" ? "active" : change.result;

const summary = (change) => [
  change.version && ` ${change.version}`, change.revision && ` (${shortHash(change.revision)})`, ` (trigger: ${change.trigger})`,
  change.compile_ms != null && `, compiled in ${change.compile_ms} ms`, change.reason && `: ${change.reason}`,
].filter(Boolean).join("");

function candidate(name, { version, revision }) {
  const report = state.answers[`contracts/${encodeURIComponent(name)}/candidate`];
  const head = h("p", null, badge("note", "candidate"), ` ${version} (${shortHash(revision)}) is checked against live traffic.`);
  if (report?.revision !== revision) return head;
  const result = `${plural(report.judged, "exchange")} checked in ${age(report.since_seconds)}, ` +
    `${integer(report.refused)} would be refused; sample of ${percent(report.sample)} of the traffic`;
  if (report.refusals.length === 0) return [head, h("p", null, result)];
  return [head, table(titled(`Requests of ${name} that ${version} would refuse`, result), [
    ["operation", (row) => code(row.operation)], ["class", (row) => row.class], ["consumer", (row) => squadName(row.squad)],
    ["count", (row) => integer(row.count), "number"],
    ["example", (row) => [row.pointer, row.example].filter(Boolean).join(": "), "wide"],
    ["rule", (row) => [ruleLocation(row), row.schema].filter(Boolean).join(" "), "wide"],
  ], report.refusals)];
}

