// ---- Breakers ------------------------------------------------------------------------------

const breakersOf = (service) => service.protection ? [service.protection.everybody, ...service.protection.squads] : [];

// Whether a breaker that is not closed refuses requests. In observe mode it refuses none.
function isEnforced(breaker, protection) {
  return breaker.override === "open" || (breaker.override === "auto" && protection.mode === "enforce");
}

// The level and state of a breaker.
function breakerLevel(breaker, protection) {
  if (breaker.state === "closed") return { level: "good", word: "closed" };
  if (!isEnforced(breaker, protection)) return { level: "warn", word: `${breaker.state} (observe)` };
  return { level: breaker.state === "open" ? "bad" : "warn", word: breaker.state };
}

// When and why a breaker's problem began, and how often it has opened since. Half-open phases are
// ignored, and so are closed phases shorter than a minute.
function problemStart(breaker) {
  const found = { seconds: breaker.since_seconds, reason: breaker.reason, openings: 0 };
  let opened = 0;
  for (const { from, to, ago_seconds: seconds, reason } of breaker.history ?? []) {
    if (to === "closed" && seconds - opened > MINUTE_SECONDS) break;
    if (from !== "closed" || to === "closed") continue;
    Object.assign(found, { seconds, reason, openings: found.openings + 1 });
    opened = seconds;
  }
  return found;
}

// Not closed, or closed so recently that it may open again. What an operator decided is another cause.
function isTroubled(breaker) {
  if (breaker.override === "open") return false;
  return breaker.state !== "closed" || (breaker.override === "auto" && problemStart(breaker).openings > 0);
}

const circuit = (breaker) => breaker.squad ? `${squadName(breaker.squad)}${breaker.tier ? ` (${breaker.tier})` : ""}` : ALL_CALLERS;

// The state of several breakers in words: "5 circuits open, 1 half-open".
function circuitWords(breakers, protection) {
  const states = Map.groupBy(breakers, (breaker) => breakerLevel(breaker, protection).word);
  states.delete("closed");
  const counts = [...states].map(([word, group], index) => index ? `${group.length} ${word}` : `${plural(group.length, "circuit")} ${word}`);
  return counts.join(", ");
}

// When an open breaker is probed next, or that it waits for a call.
function nextProbe(breakers) {
  const waits = breakers.filter((breaker) => breaker.remaining_seconds > 0).map((breaker) => breaker.remaining_seconds);
  if (waits.length) return `next probe in ${age(Math.ceil(Math.min(...waits)))}`;
  const probing = breakers.reduce((sum, breaker) => sum + breaker.probing, 0);
  if (probing > 0) return `${plural(probing, "probe")} in flight`;
  return breakers.some((breaker) => breaker.state === "half-open") ? "waiting for calls that probe it" : null;
}

