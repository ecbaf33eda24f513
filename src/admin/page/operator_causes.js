// ---- Causes: operators, the proxy itself, and what services have in common ----------------------

// Overrides, deploy windows and candidates that operators have set.
function operatorCauses(service, contacts) {
  const { protection, contract } = service;
  const window = protection?.deploy_window;
  const found = overrideCauses(service, contacts);
  if (window) {
    found.push(cause(service, "note", "window", `deploy window open for another ${age(window.remaining_seconds)}`, {
      facts: [since(window.open_seconds), window.reason].filter(Boolean), look: command("deploy-window", "list"),
      changes: [{ what: "close the window", words: ["deploy-window", "close", service.name] }],
    }));
  }
  if (contract?.candidate) {
    found.push(cause(service, "note", "candidate", `${contract.candidate.version} is being tested as a candidate`, {
      facts: ["it is checked against live traffic and refuses nothing"], look: command("contract", "candidate", service.name),
      changes: [{ what: "end the test", words: ["contract", "drop", service.name] }],
    }));
  }
  return found;
}

const OVERRIDDEN = {
  open: "an override refuses all requests of",
  observe: "an override lets all requests through, and only counts failures, of",
  disabled: "an override switches the breaker off for",
};

// One cause for each kind of override.
function overrideCauses(service, contacts) {
  const { now } = service;
  const overridden = breakersOf(service).filter((breaker) => breaker.override !== "auto" && !isTroubled(breaker));
  return [...Map.groupBy(overridden, (breaker) => breaker.override)].map(([over, group]) => {
    const names = [...new Set(group.map((breaker) => breaker.squad ?? "everybody"))].sort();
    const isForAll = names.includes("everybody");
    const squads = isForAll ? [...now.squads.keys()] : names;
    const counts = summed(squads.map((squad) => now.squads.get(squad) ?? NOTHING));
    const refused = over === "open" && counts.shed > 0 ? [`${perSecond(counts.shed, now)} refused now`] : [];
    const headline = `${OVERRIDDEN[over]} ${isForAll ? ALL_CALLERS : naming(names, service)}`;
    return cause(service, over === "open" ? "warn" : "note", `override ${over}`, headline, {
      call: names.length === 1 && !isForAll ? contactOf(names[0], contacts, "consumer") : contactOf(provider(service), contacts, "provider"),
      affected: over === "open" ? counts.shed / now.seconds : 0,
      facts: [since(Math.max(...group.map((breaker) => breaker.since_seconds))), ...refused],
      look: command("breakers", "--service", service.name),
      changes: names.map((name) => ({ what: `let the breaker decide for ${name === "everybody" ? ALL_CALLERS : squadName(name)}`, words: ["breakers", "set", service.name, name, "auto"], hasReason: true })),
    });
  });
}

// Trouble of the proxy itself, whichever services it affects.
function proxyCauses(all) {
  const found = [];
  const reasons = (state.answers.readyz ?? "ok").trim();
  const proxy = (level, key, headline, facts, more) => found.push({ key, services: [], subject: "Portcullis", level, headline, facts, ...more });
  if (reasons !== "ok") {
    proxy(reasons.startsWith("draining") ? "warn" : "bad", "proxy not ready", "not ready for traffic", reasons.split("\n"));
  }
  const unsent = all.filter((service) => service.now.unsent > 0);
  if (unsent.length) {
    const affected = unsent.reduce((sum, service) => sum + service.now.unsent / service.now.seconds, 0);
    proxy("bad", "proxy unsent", "this machine lacks descriptors, ports, memory or the resolver",
      [`affects ${list(unsent.slice(0, 5).map((service) => service.name))}${unsent.length > 5 ? ` and ${unsent.length - 5} more` : ""}`], { services: unsent.map((service) => service.name), affected, figure: `${rate(affected)} requests/s not sent` });
  }
  return found;
}

// Services that become unreachable at the same time have a cause in common, so they are one card.
function joinUnreachable(found) {
  const parts = found.filter((cause) => cause.unreachable);
  const starts = parts.map((cause) => cause.unreachable.start);
  if (parts.length < TOGETHER_MIN || Math.max(...starts) - Math.min(...starts) > MINUTE_SECONDS) return found;
  const counts = summed(parts.map((cause) => cause.unreachable.counts));
  const unserved = unservedOf(counts);
  const affected = parts.reduce((sum, cause) => sum + cause.affected, 0);
  const names = parts.map((cause) => cause.service).sort();
  const level = parts.map((cause) => cause.level).sort((a, b) => LEVEL_ORDER[a] - LEVEL_ORDER[b])[0];
  const joined = {
    key: "unreachable", services: names, level, affected, subject: `${names.length} services`, headline: "unreachable for all callers",
    figure: counts.requests ? unserved && `${percent(unserved / counts.requests)} of their requests not served` : "no calls now",
    facts: [since(Math.max(...starts)), list(names.length > 6 ? [...names.slice(0, 5), `${names.length - 5} more`] : names),
      "they may share a network, a host, a resolver or certificates"],
    look: command("breakers"), changes: [],
  };
  return [...found.filter((cause) => !cause.unreachable), joined];
}

