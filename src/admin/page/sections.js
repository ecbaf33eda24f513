// ---- Rendering: violations, squads, changes --------------------------------------------------

// The sections below the services. Each is closed until it is needed; its head says what is in it.
function renderSections(all) {
  noteKinds(all);
  const rows = violationsOf(all.filter(matches));
  const kinds = merged(rows);
  renderInto("violations-note", rows.length ? `${plural(kinds.length, "kind")}, last seen ${recently(secondsSince(rows[0].at))}` : "none");
  renderInto("feed", feed(kinds));
  const health = [...(state.answers.traffic?.squads ?? [])].sort((a, b) => a.health - b.health);
  renderInto("squads-note", health.length ? `${squadName(health[0].squad)} is the least healthy: ${percent(health[0].health)}` : "no calls yet");
  renderInto("health", squads(health));
  const changes = recentChanges(all);
  renderInto("changes-note", changes.length ? `${recently(changes[0].seconds)}: ${changes[0].service}:${changes[0].short}` : "none since startup");
  renderInto("changes", changes.length ? h("ol", { class: "timeline" },
    changes.slice(0, CHANGES_SHOWN).map((change) => entry(change.seconds, change.at, change.service, change.text))) : none("No changes since startup."));
}

function squads(rows) {
  const contacts = contactsBySquad();
  if (!rows.length) return none("No calls from squads yet.");
  return table(titled("Health of squads", "over the last ten minutes"), [
    ["squad", (row) => squadName(row.squad)],
    ["health", (row) => [meter(row.health), ` ${percent(row.health)}`]],
    ["violating calls", (row) => percent(row.violation_rate), "number"], ["time cut off", (row) => percent(row.cut_rate), "number"],
    ["violating responses", (row) => percent(row.drift_rate), "number"],
    ["contact", (row) => contacts.get(row.squad) ?? h("span", { class: "muted" }, "no contact")],
  ], rows, (row) => row.squad);
}

// One timeline of contracts, breakers and deploy windows, to find the change before a failure.
function recentChanges(all) {
  const changes = all.filter(matches).flatMap((service) => [...contractChanges(service), ...breakerChanges(service), ...windowChanges(service)]);
  return changes.sort((a, b) => a.seconds - b.seconds);
}

// The first contract at startup is not a change.
const contractChanges = ({ name, contract }) => (contract?.history ?? [])
  .filter((change) => change.result !== "unchanged" && (change.trigger !== "start" || change.result !== "in-force"))
  .map((change) => ({ seconds: secondsSince(change.at), at: change.at, service: name, short: ` contract ${resultName(change)}`, text: ` contract ${resultName(change)}${summary(change)}` }));

// Skips half-open phases. Circuits of one service that change alike at the same time are one entry.
function breakerChanges(service) {
  const changes = breakersOf(service).flatMap((breaker) => (breaker.history ?? [])
    .filter((change) => change.from === "closed" || change.to === "closed" || change.from === change.to)
    .map((change) => ({ ...change, breaker })));
  changes.sort((a, b) => a.ago_seconds - b.ago_seconds);
  const groups = [];
  for (const change of changes) {
    const group = groups.find(([first]) => first.from === change.from && first.to === change.to && change.ago_seconds - first.ago_seconds <= SAME_SECONDS);
    if (group) group.push(change);
    else groups.push([change]);
  }
  return groups.map((group) => {
    const [{ from, to, reason, ago_seconds: seconds }] = group;
    const names = changedCircuits(group);
    const which = names.length === 1 ? `circuit of ${names[0]}` : `${names.length} circuits`;
    const whose = names.length > 1 ? ` (${list(names)})` : "";
    const what = from === to ? `: ${reason}` : ` ${from} → ${to}`;
    return { seconds, service: service.name, short: ` ${which}${what}`, text: ` ${which}${whose}${what}${from === to ? "" : `: ${reason}`}` };
  });
}

// The circuits of a squad that all changed are named by the squad.
function changedCircuits(group) {
  const bySquad = Map.groupBy(group, ({ breaker }) => breaker.squad);
  return [...bySquad.values()].flatMap((changes) => {
    const names = [...new Set(changes.map(({ breaker }) => circuit(breaker)))];
    return names.length === TIERS.length ? [squadName(changes[0].breaker.squad)] : names;
  }).sort();
}

const windowChanges = ({ name, protection }) => protection?.deploy_window
  ? [{ seconds: protection.deploy_window.open_seconds, service: name, short: " deploy window opened", text: ` deploy window opened${protection.deploy_window.reason ? `: ${protection.deploy_window.reason}` : ""}` }]
  : [];

