// ---- Causes: calls of services that are not declared -------------------------------------------

// The calls of the last hour through the forward proxy that the catalog does not allow, one cause for
// each calling service and verdict.
function dependencyCauses(contacts) {
  const { calls = [] } = state.answers.dependencies ?? {};
  const recent = calls.filter((call) => DEPENDENCY_HEADLINES[call.verdict] && secondsSince(call.last_at) < DEPENDENCY_SECONDS);
  const caller = (call) => call.service === UNKNOWN ? (call.squad === UNKNOWN ? "Unknown callers" : squadName(call.squad)) : call.service;
  return [...Map.groupBy(recent, (call) => `${caller(call)} ${call.verdict}`)].map(([key, group]) => {
    const [{ verdict, squad }] = group;
    const hosts = [...new Set(group.map((call) => call.host))].sort();
    const shown = hosts.length > 6 ? [...hosts.slice(0, 5), `${hosts.length - 5} more`] : hosts;
    const calls = group.reduce((sum, call) => sum + call.calls, 0);
    return {
      key: `dependency ${key}`, services: [], level: verdict === "undeclared" ? "note" : "warn", affected: 0,
      subject: caller(group[0]), headline: DEPENDENCY_HEADLINES[verdict], figure: plural(hosts.length, "host"),
      call: squad === UNKNOWN ? undefined : contactOf(squad, contacts, "consumer"),
      facts: [list(shown), `${plural(calls, "call")} since the start`, `last ${recently(Math.min(...group.map((call) => secondsSince(call.last_at))))}`],
      look: command("owners", "dependencies"),
    };
  });
}

const DEPENDENCY_HEADLINES = {
  undeclared: "calls hosts that it has not declared",
  refused: "is refused calls to hosts that it has not declared",
  "denied-address": "is refused calls to addresses that must not be called",
};
