// Responses of an admin port with many services, in every state of a service; one small proxy in a
// test does not reach all of them. Names and messages contain markup.

const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
const ZERO = { answered: 0, failed: 0, unanswered: 0, unsent: 0, refused: 0, shed: 0, abandoned: 0, disconnected: 0, truncated: 0, idle: 0, drained: 0 };
const REVISION = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const LONG = "the-service-with-the-longest-name-that-a-catalog-may-hold-64-chs";

/** The responses by path, for this number of services. */
export function manyServices(count, now = Date.now()) {
  const all = Array.from({ length: count }, (_, index) => service(index, now));
  const pick = (part) => all.map((each) => each[part]).filter(Boolean);
  return {
    traffic: { services: pick("traffic"), squads: [
      { squad: "checkout", health: 0.62, violation_rate: 0.08, cut_rate: 0.3, drift_rate: 0.01 },
      { squad: "payments", health: 0.9997, violation_rate: 0, cut_rate: 0, drift_rate: 0 },
      { squad: "unknown", health: 0, violation_rate: 1, cut_rate: 0, drift_rate: 1 },
    ] },
    dependencies: { is_on: true, default: "report", since_seconds: 400, unlisted_calls: 0, declared: {}, calls: [
      called("service-010", "api.example.com", "undeclared", now), called("service-010", HOSTILE, "undeclared", now),
      called("service-010", "a.internal", "declared", now), called("service-011", "metadata.example", "denied-address", now),
      called("unknown", "x.example", "refused", now),
    ] },
    upstreams: { services: [{ service: "service-010", servers: [
      server("10.0.0.1:8080", "healthy", 7, null), server("10.0.0.2:8080", "resting", 0, "connection refused"),
      server(HOSTILE, "unhealthy", 0, HOSTILE),
    ] }] },
    breakers: { services: pick("bank") },
    contracts: { services: pick("contract") },
    "contracts/service-010/candidate": report("service-010", now),
    owners: { services: pick("owner"), squads: Array.from({ length: 9 }, (_, index) => ({ ...NO_OWNER, squad: `squad-${index}`, chat: `#squad-${index}`, oncall: `squad-${index}-pager` })) },
  };
}

const server = (address, state, in_flight, fault) => ({
  address, state, in_flight, fault, requests: 1200, connect_failures: state === "resting" ? 3 : 0, since: null,
});

const called = (service, host, verdict, now) => ({
  service, squad: service === "unknown" ? "unknown" : "squad-1", host, port: 443, pattern: verdict === "declared" ? "*.internal" : null,
  verdict, calls: 3, refused: 0, last_at: new Date(now - 60000).toISOString(),
});

function service(index, now) {
  const name = index === 1 ? LONG : `service-${String(index).padStart(3, "0")}`;
  const kind = KINDS[index] ?? {};
  return {
    contract: contract(name, kind, now),
    bank: bank(name, kind),
    traffic: kind.unmeasured ? null : traffic(name, kind, now),
    owner: kind.orphan ? { ...NO_OWNER, service: name } : { ...NO_OWNER, service: name, squad: `squad-${index % 9}`, chat: `#squad-${index % 9}`, oncall: `squad-${index % 9}-pager`, email: "squad@example.com", domains: ["Ordering"] },
  };
}

// By index; the other services are healthy.
const KINDS = [
  { open: true }, { open: true, everybody: true }, { unread: true }, { stale: true }, { quiet: true }, { unmeasured: true },
  { orphan: true, failing: true }, { hostile: true }, { shedding: true }, { window: true }, { candidate: true }, { silenced: true }, { flapping: true },
  { waiting: true, quiet: true }, { starved: true }, { starved: true }, { careless: true }, { careless: true },
];

const NO_OWNER = { squad: null, email: null, chat: null, oncall: null, domains: [], cost_center: null, tier: null, contract: null, commit: null, portcullis: { version: "0.1.0", commit: null } };

function contract(service, { unread, stale, hostile, candidate }, now) {
  const at = new Date(now - 400000).toISOString();
  const revision = REVISION;
  const result = unread || stale ? "refused" : "in-force";
  const entry = { at, version: "1.4.0", revision, source: "openapi.yaml", trigger: "watch", result, reason: stale ? "openapi.yaml:17:1: expected a mapping" : null, compile_ms: 4 };
  return {
    service, title: hostile ? HOSTILE : "An API", version: unread ? null : "1.4.0", revision: unread ? null : revision,
    source: "contracts/openapi.yaml", operations: unread ? 0 : 4, ...(unread ? {} : { since: at, since_seconds: 400 }),
    in_force: !unread, stale: Boolean(stale), ...(stale ? { stale_since: at, stale_seconds: 400 } : {}), last_error: unread || stale ? "openapi.yaml:17:1: expected a mapping" : null,
    policy: "any", candidate: candidate ? { version: "2.0.0", revision: revision.replace("0", "f") } : null, history: [entry],
  };
}

// The report of a candidate.
function report(service, now) {
  const refusal = { operation: "createOrder", class: "invalid-body", squad: "checkout", count: 3, example: "value is less than the minimum of 5", pointer: "/lines/0/quantity", schema: "#/components/schemas/Line", file: "next.yaml", line: 279 };
  return { service, version: "2.0.0", revision: REVISION.replace("0", "f"), since: new Date(now - 60000).toISOString(), since_seconds: 60, sample: 1, judged: 40, refused: 3, unjudged: 0, refusals: [refusal], squads: ["checkout"] };
}

function cell(more) {
  return { state: "closed", override: "auto", reason: null, since_seconds: 4000, calls: 0, failures: 0, slow: 0, failure_rate_max: 0.5, probing: 0, history: [], ...more };
}

function tripped(squad) {
  const reason = "31 of 50 calls failed within 10 s, more than 50 %";
  return cell({ ...squad, state: "open", reason: "2 of 3 probes failed", since_seconds: 4, remaining_seconds: 12, history: [
    { ago_seconds: 4, from: "half-open", to: "open", reason: "2 of 3 probes failed" },
    { ago_seconds: 5, from: "open", to: "half-open", reason: "the wait is over, the next calls are probes" },
    { ago_seconds: 40, from: "closed", to: "open", reason },
  ] });
}

// Closed shortly after it opened for the second time.
function flapping() {
  const [closing, opening] = [{ from: "half-open", to: "closed", reason: "4 of 5 probes succeeded" }, { from: "closed", to: "open", reason: "31 of 50 calls failed within 10 s, more than 50 %" }];
  const changes = [[3, closing], [9, opening], [30, closing], [42, opening], [900, closing], [950, opening]];
  return cell({ squad: "checkout", tier: "bronze", reason: closing.reason, since_seconds: 3, history: changes.map(([ago_seconds, change]) => ({ ago_seconds, ...change })) });
}

function bank(service, { open, everybody, window, silenced, flapping: flaps, waiting }) {
  const squads = [cell({ squad: "payments", tier: "gold", calls: 120, failures: 1 })];
  if (open) squads.unshift(tripped({ squad: "checkout", tier: "bronze" }));
  if (flaps) squads.push(flapping());
  if (waiting) squads.push({ ...tripped({ squad: "checkout", tier: "bronze" }), state: "half-open", remaining_seconds: 0 });
  if (silenced) squads.push(cell({ squad: "checkout", tier: "silver", override: "disabled" }));
  return {
    service, mode: "enforce", everybody: everybody ? tripped({}) : cell({ failure_rate_max: 0.9 }), squads,
    deploy_window: window ? { open_seconds: 61, remaining_seconds: 539, reason: HOSTILE } : null,
    shares: { limit: 10, adaptive: false, in_flight: 9, waiting: 3, lent: 5, squads: [
      { squad: "checkout", weight: 1, guaranteed: 2, never_lent: 1, in_flight: 7, borrowed: 5 },
      { squad: "payments", weight: 3, guaranteed: 8, never_lent: 3, in_flight: 2, borrowed: 0 },
    ] },
    budget: { requests: 200, cross_squad: 70, cross_squad_max: 0.15 },
  };
}

function traffic(service, kind, now) {
  const counted = kind.quiet ? { requests: 0, departed: 0, outcomes: ZERO } : { requests: 1234, departed: 12, outcomes: { ...ZERO, answered: 1200, failed: 22, refused: 12 } };
  const consumers = kind.quiet ? [] : [{ squad: "checkout", ...counted }, { squad: "unknown", ...counted }];
  return {
    service, provider: kind.orphan ? null : "squad-1", since_seconds: 4000, recent: recent(kind), contract: null, drift_rate: kind.quiet ? 0 : 0.0097, ...counted, consumers,
    operations: kind.quiet ? [] : [{ operation: "createOrder", ...counted, consumers }, { operation: HOSTILE, ...counted, consumers }],
    objectives: [
      { objective: "availability", operation: null, target: 0.999, le_seconds: null, good: 99950, bad: 50, ratio: 0.9995, budget_left: 0.5 },
      { objective: "latency", operation: null, target: 0.99, le_seconds: 0.3, good: 980, bad: 20, ratio: 0.98, budget_left: -1 },
      { objective: "availability", operation: "createOrder", target: 0.9995, le_seconds: null, good: 0, bad: 0, ratio: null, budget_left: null },
    ],
    uncalled: ["deleteOrder", "listOrders"], drift_more: kind.hostile ? 7 : 0,
    drift: kind.hostile ? [{ class: "unknown-path", operation: null, method: "GET", path: `/${HOSTILE}/{}/notes`, in: "path", name: null, status: null, count: 12, consumers: [{ squad: "checkout", count: 12 }], first_seconds_ago: 900, last_seconds_ago: 2 }] : [],
    violations: kind.hostile ? [violation(now, "reject"), violation(now, "reject"), violation(now - 9000, "report")]
      : kind.careless ? [{ ...violation(now, "reject"), squad: "mobile" }] : [],
    series: { every_seconds: 2, points: Array.from({ length: kind.quiet ? 3 : 150 }, (_, index) => point(index, kind)) },
  };
}

// The counts of the last ten seconds: those of checkout depend on the state of the service.
function recent({ quiet, open, failing, shedding, hostile, starved }) {
  if (quiet) return { seconds: 10, ...sum([]), consumers: [] };
  const unsent = starved ? 15 : 0;
  const [shed, failed, refused] = [open ? 100 : shedding ? 24 : 0, open ? 20 : failing ? 150 : 0, hostile ? 4 : 0];
  const consumers = [
    { squad: "checkout", requests: 200, departed: hostile ? 6 : 0, wrong_requests: hostile ? 6 : 0, wrong_responses: 0, outcomes: { ...ZERO, shed, failed, refused, unsent, answered: 200 - shed - failed - refused - unsent } },
    { squad: "unknown", requests: 10, departed: 0, wrong_requests: 0, wrong_responses: 0, outcomes: { ...ZERO, answered: 10 } },
  ];
  return { seconds: 10, ...sum(consumers), consumers };
}

function sum(consumers) {
  const add = (value) => consumers.reduce((total, consumer) => total + value(consumer), 0);
  return {
    requests: add((one) => one.requests), departed: add((one) => one.departed), wrong_requests: add((one) => one.wrong_requests), wrong_responses: 0,
    outcomes: Object.fromEntries(Object.keys(ZERO).map((name) => [name, add((one) => one.outcomes[name])])),
  };
}

const violation = (at, enforcement) => ({
  at: new Date(at).toISOString(), class: "invalid-body", operation: "createOrder", squad: "checkout", enforcement, in: "body", name: HOSTILE,
  pointer: "/lines/0/quantity", keyword: "minimum", schema: "#/components/schemas/Line/properties/quantity/minimum", file: "openapi.yaml", line: 88,
});

function point(index, { quiet, failing, shedding, open }) {
  if (quiet) return { requests: 0, failed: 0, refused: 0, shed: 0, unanswered: 0, truncated: 0, p50_ms: null, p99_ms: null };
  const requests = 40 + Math.round(12 * Math.sin(index / 9) + 5 * Math.sin(index));
  const isLate = index > 125;
  return {
    requests, failed: isLate && failing ? 30 : 0, refused: index % 11 ? 0 : 2, shed: (isLate && shedding) || (index > 130 && open) ? 12 : 0, unanswered: 0, truncated: 0,
    p50_ms: 0.4 + (isLate && failing ? 3 : 0), p99_ms: 2.1 + Math.sin(index / 5) + (isLate && failing ? 20 : 0),
  };
}
