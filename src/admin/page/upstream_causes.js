// ---- Causes: the upstream ------------------------------------------------------------------

// Failing calls and the circuits that they opened are one cause, whoever is affected. Slow calls and
// refusals for lack of capacity are reported only where they are not its effect.
function upstreamCauses(service, contacts) {
  const call = contactOf(provider(service), contacts, "provider");
  const failing = failingCause(service, call);
  if (failing) return [failing, shedCause(service, call, failing.squads)].filter(Boolean);
  return [slowCause(service, call), shedCause(service, call, [])].filter(Boolean);
}

const isFailing = (counts) => counts.sent >= CALLS_MIN && counts.failed >= FAILURES_MIN && counts.failed / counts.sent >= FAILING;

function failingCause(service, call) {
  const { now, protection } = service;
  const troubled = breakersOf(service).filter(isTroubled);
  const failing = [...now.squads].filter(([, counts]) => isFailing(counts)).map(([squad]) => squad);
  const isForAll = troubled.some((breaker) => !breaker.squad);
  const all = [...new Set([...callers(service), ...now.squads.keys()])];
  const squads = isForAll ? all : [...new Set([...troubled.map((breaker) => breaker.squad), ...failing])];
  if (!troubled.length && !failing.length && !isFailing(now)) return null;
  // A few failures of many squads: each of them is below the threshold, the sum is not.
  if (!squads.length) squads.push(...all);
  squads.sort();
  const counts = summed(squads.map((squad) => now.squads.get(squad) ?? NOTHING));
  const level = failingLevel(troubled, counts, protection);
  const unserved = unservedOf(counts);
  const isUnreachable = troubled.some((breaker) => !breaker.squad && breaker.state !== "closed");
  return cause(service, level, "failing", failingHeadline(service, { troubled, squads, counts, isForAll }), {
    figure: counts.requests ? unserved && `${percent(unserved / counts.requests)} of requests not served` : "no calls now",
    squads, call, affected: unserved / now.seconds, unreachable: isUnreachable ? { start: startOf(service, troubled), counts, seconds: now.seconds } : null,
    facts: failingFacts(service, { troubled, counts }),
    whom: squads.length > 1 ? { squads, now } : null,
    before: changeBefore(service, startOf(service, troubled)),
    look: command("breakers", "--service", service.name), changes: breakerActions(service, troubled),
  });
}

// A circuit that closed again recently is a notice, and so is one that only waits for a call. Without
// calls, nothing is critical.
function failingLevel(troubled, counts, protection) {
  const open = troubled.filter((breaker) => breaker.state !== "closed");
  const unserved = share(unservedOf(counts), counts.requests);
  if (troubled.length && !open.length) return isFailing(counts) ? "warn" : "note";
  if (counts.requests === 0) return open.every((breaker) => breaker.state === "half-open") ? "note" : "warn";
  if (counts.requests >= CALLS_MIN && unserved >= 0.5) return "bad";
  if (open.some((breaker) => breakerLevel(breaker, protection).level === "bad")) return "bad";
  return open.length || unserved >= FAILING ? "warn" : "note";
}

// The tiers of the circuits of one squad, unless they are all.
function tiersOf(troubled, squads) {
  const tiers = [...new Set(troubled.map((breaker) => breaker.tier).filter(Boolean))];
  return squads.length === 1 && tiers.length && tiers.length < TIERS.length ? ` (${list(tiers)})` : "";
}

// What is wrong and for whom, in words that do not change while it lasts.
function failingHeadline(service, { troubled, squads, counts, isForAll }) {
  const open = troubled.filter((breaker) => breaker.state !== "closed");
  const whom = isForAll && !squads.length ? ALL_CALLERS : `${naming(squads, service)}${tiersOf(troubled, squads)}`;
  if (troubled.length && !open.length) return `circuit closed again for ${whom}`;
  if (open.length && counts.requests === 0) return `circuit ${open.some((breaker) => breaker.state === "open") ? "open" : "half-open"} for ${whom}`;
  const isSlow = troubled.length > 0 && troubled.every((breaker) => / were slow /.test(problemStart(breaker).reason ?? ""));
  const word = isForAll ? "unreachable" : isSlow ? "too slow" : counts.unanswered > counts.failed / 2 ? "not responding" : "failing";
  return `${word} for ${whom}`;
}

// Since when, what callers get now, and the circuits. The counts that opened a circuit are among the
// changes below: they are old news.
function failingFacts(service, { troubled, counts }) {
  const { now, protection } = service;
  const open = troubled.filter((breaker) => breaker.state !== "closed");
  const parts = [[counts.shed, open.length ? "refused by circuits" : "refused"], [counts.failed, "failed upstream"], [counts.unsent, "not sent"],
    [counts.refused, "refused by the contract"], [counts.ended, "left by clients"], [counts.answered, "served"]];
  const current = counts.requests
    ? `${perSecond(counts.requests, now)} now: ${parts.filter(([count]) => count > 0).map(([count, word]) => `${perSecond(count, now)} ${word}`).join(", ")}`
    : "";
  const start = startOf(service, troubled);
  const openings = Math.max(0, ...troubled.map((breaker) => problemStart(breaker).openings));
  const circuits = [circuitWords(troubled, protection), openings > 1 ? `opened ${openings} times` : "", nextProbe(open)].filter(Boolean).join(", ");
  return [since(start), current, circuits].filter(Boolean);
}

// For how many seconds it has lasted: since the first circuit opened; without one, since calls have
// failed without a pause.
function startOf(service, troubled) {
  if (troubled.length) return Math.max(...troubled.map((breaker) => problemStart(breaker).seconds));
  const sent = (point) => Math.max(1, point.requests - point.refused - point.shed);
  return sustained(service.traffic, (point) => (point.failed + point.unanswered + point.truncated) / sent(point) >= FAILING);
}

// For how many seconds a rate has been too high, with pauses that are shorter than ten seconds. Points
// without requests are ignored. Without an end in the series it is `Infinity`.
function sustained(traffic, isHigh) {
  const { points, every_seconds: every } = traffic.series;
  let [first, calm] = [points.length, 0];
  for (let index = points.length - 1; index >= 0 && calm < CALM_POINTS; index -= 1) {
    if (points[index].requests === 0) continue;
    calm = isHigh(points[index]) ? 0 : calm + 1;
    if (calm === 0) first = index;
  }
  return first === 0 && points.length >= POINTS_MAX ? Infinity : (points.length - first) * every;
}

// The last change of the service shortly before a failure began.
function changeBefore(service, start) {
  if (start == null) return null;
  const earlier = (change) => secondsSince(change.at) - start;
  const changed = (service.contract?.history ?? []).find((change) => ["in-force", "promoted"].includes(change.result) &&
    change.trigger !== "start" && earlier(change) > -SAME_SECONDS && earlier(change) <= CHANGE_SECONDS);
  return changed ? `contract ${changed.version ?? ""} became active ${earlier(changed) < SAME_SECONDS ? "at the same time" : `${age(earlier(changed))} before`}` : null;
}

// What an operator can do about circuits, the mildest override for each squad. The details of the
// service compose the others.
function breakerActions(service, troubled) {
  const open = troubled.filter((breaker) => breaker.state !== "closed");
  const bySquad = [...Map.groupBy(open, (breaker) => breaker.squad ?? "everybody")];
  return bySquad.slice(0, ACTIONS_SHOWN).map(([squad, group]) => {
    const tiers = group.map((breaker) => breaker.tier).filter(Boolean);
    const isOne = tiers.length === 1 && squad !== UNKNOWN;
    const over = group[0].override === "auto" ? "observe" : "auto";
    const what = over === "auto" ? `end the override for ${squad}` : `let all calls of ${squad === "everybody" ? ALL_CALLERS : squadName(squad)} through, and only count failures`;
    return { what, words: ["breakers", "set", service.name, squad, ...(isOne ? ["--tier", tiers[0]] : []), over], hasReason: true };
  });
}

function slowCause(service, call) {
  const { now } = service;
  const squads = (service.protection?.squads ?? []).filter((breaker) => breaker.calls >= CALLS_MIN && breaker.slow / breaker.calls >= SLOW);
  if (!squads.length) return null;
  const sum = (name) => squads.reduce((sum, breaker) => sum + breaker[name], 0);
  const names = [...new Set(squads.map((breaker) => breaker.squad))].sort();
  const begin = service.traffic ? sustained(service.traffic, (point) => point.p50_ms == null || point.p50_ms >= (now.p50 ?? 0) / 2) : null;
  return cause(service, "warn", "slow", `slow for ${naming(names, service)}`, {
    figure: `${percent(sum("slow") / sum("calls"))} of calls`, call, affected: 0,
    facts: [begin == null ? "" : since(begin), now.p50 == null ? "" : `p50 ${duration(now.p50)}, p99 ${duration(now.p99)}`,
      `${perSecond(sum("calls"), now)} now, of them ${perSecond(sum("slow"), now)} slow`].filter(Boolean),
    before: changeBefore(service, begin),
    look: command("breakers", "--service", service.name), changes: [],
  });
}

// Refusals for lack of capacity: those of squads whose circuits are closed.
function shedCause(service, call, explained) {
  const { now, protection, traffic } = service;
  const isCut = (squad) => explained.includes(squad) || breakersOf(service).some((breaker) => breaker.state !== "closed" && [undefined, squad].includes(breaker.squad));
  const squads = [...now.squads].filter(([squad, counts]) => counts.shed > 0 && !isCut(squad)).map(([squad]) => squad).sort();
  if (!squads.length) return null;
  const counts = summed(squads.map((squad) => now.squads.get(squad)));
  const shares = protection?.shares;
  const budget = protection?.budget;
  const isOver = budget && budget.requests > 0 && budget.cross_squad / budget.requests > budget.cross_squad_max;
  const facts = [
    since(sustained(traffic, (point) => point.shed > 0)),
    `${perSecond(counts.requests, now)} now: ${perSecond(counts.shed, now)} refused`,
    shares ? `${shares.in_flight} of ${shares.limit} slots in use, ${plural(shares.waiting, "request")} waiting` : "",
    isOver ? `${percent(budget.cross_squad / budget.requests)} of requests come from other squads, the limit is ${percent(budget.cross_squad_max)}` : "",
  ];
  return cause(service, "warn", "shed", `over capacity for ${naming(squads, service)}`, {
    figure: `${percent(counts.shed / counts.requests)} of requests not served`, call, affected: counts.shed / now.seconds, facts: facts.filter(Boolean), whom: squads.length > 1 ? { squads, now } : null,
    look: command("breakers", "--service", service.name), changes: [],
  });
}

