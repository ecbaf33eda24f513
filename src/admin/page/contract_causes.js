// ---- Causes: contracts ---------------------------------------------------------------------

function contractCauses(service, contacts) {
  const view = service.contract;
  if (!view) return [];
  const more = {
    call: contactOf(provider(service), contacts, "provider"), affected: service.now.requests / service.now.seconds,
    look: command("contract", "show", service.name),
    changes: [{ what: "read the contract again", words: ["contract", "reload", service.name] }],
  };
  if (!view.in_force) {
    const facts = [view.last_error ?? "it has not been loaded yet"];
    return [cause(service, "bad", "contract", "no active contract, every request is refused", { ...more, facts })];
  }
  const warnings = (view.warnings ?? []).map((warning, index) => cause(service, "warn", `warning ${index}`, warning, { ...more, affected: 0, facts: [] }));
  if (!view.stale && !view.last_error) return warnings;
  const isUnread = view.history?.[0]?.result === "unavailable";
  const what = isUnread ? "its contract cannot be read" : "a new contract was refused";
  const facts = [view.stale_since ? since(secondsSince(view.stale_since)) : "", view.last_error].filter(Boolean);
  const active = view.version ? `, ${view.version} stays active` : "";
  return [cause(service, "warn", "contract", `${what}${active}`, { ...more, affected: 0, facts }), ...warnings];
}

// The provider is responsible for responses, the consumer for requests.
const RESPONSES = ["undeclared-status", "missing-header", "invalid-header", "undeclared-media-type", "malformed-response-body", "invalid-response-body", "response-check-limit"];
// The contract is at fault, which is a warning of its own.
const UNREADABLE = ["unreadable-credentials", "unreadable", "unreadable-response"];
const isResponse = (violation) => RESPONSES.includes(violation.class);

// Violations of the last minute. Requests are one cause for each service, or for the squad if it alone
// violates several contracts; responses are one cause for each service.
function violationCauses(all, contacts) {
  const found = [];
  const requests = [];
  for (const service of all) {
    const latest = (service.traffic?.violations ?? []).filter((violation) => secondsSince(violation.at) <= MINUTE_SECONDS && !UNREADABLE.includes(violation.class));
    const [responses, others] = [latest.filter(isResponse), latest.filter((violation) => !isResponse(violation))];
    if (responses.length) found.push(responseCause(service, responses, contacts));
    if (others.length) requests.push({ service, group: others, squads: [...new Set(others.map((violation) => violation.squad))].sort() });
  }
  const bySender = Map.groupBy(requests, ({ service, squads }) => squads.length === 1 && squads[0] !== UNKNOWN ? `of ${squads[0]}` : `to ${service.name}`);
  return [...found, ...[...bySender.values()].map((parts) => requestCause(parts, contacts))];
}

function responseCause(service, group, contacts) {
  const { now } = service;
  const isRejected = group.some((violation) => violation.enforcement === "reject");
  const squads = [...new Set(group.map((violation) => violation.squad))].sort();
  return cause(service, isRejected ? "warn" : "note", "responses",
    "responses violate the contract", {
      figure: violating(now.wrongResponses, now), call: contactOf(provider(service), contacts, "provider"), affected: isRejected ? now.wrongResponses / now.seconds : 0,
      facts: [isRejected ? "refused" : "passed on and reported", `seen by ${naming(squads, service)}`, ...kinds([{ service, group }])],
      look: `curl -s ${location.origin}/traffic/${encodeURIComponent(service.name)}`, changes: [],
    });
}

// Requests that violate contracts. Those of unknown callers alone are a notice.
function requestCause(parts, contacts) {
  const { service, squads } = parts[0];
  const names = parts.map((part) => part.service.name);
  const isRejected = parts.some(({ group }) => group.some((violation) => violation.enforcement === "reject"));
  const isKnown = squads.some((squad) => squad !== UNKNOWN);
  const counts = summed(parts.flatMap((part) => squads.map((squad) => part.service.now.squads.get(squad) ?? NOTHING)));
  const whose = squads.length > 3 ? `${squads.length} consumers` : list(squads.map(squadName));
  const headline = names.length > 1 ? `requests violate the contracts of ${list(names)}` : `requests from ${whose} violate the contract`;
  return {
    ...cause(service, isRejected && isKnown ? "warn" : "note", `requests ${names.length > 1 ? squads[0] : ""}`, headline, {
      figure: violating(counts.wrongRequests, counts),
      call: squads.length === 1 ? contactOf(squads[0], contacts, "consumer") : contactOf(provider(service), contacts, "provider"),
      affected: isRejected ? counts.wrongRequests / service.now.seconds : 0,
      facts: [isRejected ? `${perSecond(counts.refused, service.now)} refused now` : "passed on and reported", ...kinds(parts)],
      whom: squads.length > 1 ? { squads, now: service.now } : null,
      look: `curl -s ${location.origin}/traffic/${encodeURIComponent(service.name)}`, changes: [],
    }),
    services: names, subject: names.length > 1 ? squads[0] : service.name,
  };
}

// How many of the current exchanges violate the contract.
const violating = (count, { requests }) => count ? `${percent(share(count, requests))} of them now` : "none in the last seconds";

// The kinds of violations, those that are still happening and most frequent first.
function kinds(parts) {
  const found = parts.flatMap(({ service, group }) =>
    [...Map.groupBy(group, (violation) => [violation.class, violation.operation, messageLocation(violation)].join(" ")).values()]
      .map((kind) => ({ count: kind.length, text: sentence(kind[0], service.traffic.drift), service })));
  found.sort((a, b) => b.count - a.count);
  const name = (kind) => parts.length > 1 ? `${kind.service.name}: ` : "";
  const shown = found.slice(0, 2).map((kind) => name(kind) + kind.text);
  return found.length > 2 ? [...shown, `and ${plural(found.length - 2, "other kind")}`] : shown;
}

function sentence(violation, drift) {
  const what = operationOf(violation, drift);
  const against = [violation.keyword, shortLocation(violation)].filter(Boolean).join(" at ");
  const rows = similarDrift(violation, drift);
  const first = Math.max(0, ...rows.map((row) => row.first_seconds_ago));
  return `${violation.class}${what ? ` in ${what}` : ""}, ${messageLocation(violation)}${against ? `, rule ${against}` : ""}` +
    (first > 0 ? `, first ${age(first)} ago` : "");
}

// The drift rows that may include a violation.
const similarDrift = (violation, drift) => (drift ?? []).filter((row) => row.class === violation.class && row.operation === violation.operation &&
  (row.consumers ?? []).some((consumer) => consumer.squad === violation.squad));

// The operation of a violation, or the method and path of an unknown operation.
const operationOf = (violation, drift) => violation.operation ?? list(similarDrift(violation, drift).slice(0, 3).map(target));

// The method and path of a drift row.
const target = (row) => [row.method, row.path].filter(Boolean).join(" ");
const messageLocation = (violation) => [violation.in, violation.name, violation.pointer].filter(Boolean).join(" ");
// The place of a rule without its folders, for a card.
const shortLocation = (violation) => ruleLocation(violation).replace(/^.*\//, "");
const ruleLocation = (violation) => violation.file ? `${violation.file}${violation.line ? `:${violation.line}` : ""}` : "";

