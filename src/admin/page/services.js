// ---- Services ------------------------------------------------------------------------------

const LEVEL_ORDER = { bad: 0, warn: 1, note: 2, good: 3 };

// All services with their data and causes of trouble, those with the worst causes first.
function services() {
  const { contracts, breakers, traffic, owners, upstreams } = state.answers;
  const found = new Map();
  const put = (part, items) => (items ?? []).forEach((item) => {
    if (!found.has(item.service)) found.set(item.service, { name: item.service });
    found.get(item.service)[part] = item;
  });
  put("contract", contracts?.services);
  put("protection", breakers?.services);
  put("traffic", traffic?.services);
  put("owner", owners?.services);
  put("upstream", upstreams?.services);
  for (const service of found.values()) service.now = recent(service.traffic);
  return [...found.values()];
}

const provider = (service) => service.owner?.squad ?? service.traffic?.provider ?? null;

// The contacts of all squads in the catalog.
function contactsBySquad() {
  return new Map((state.answers.owners?.squads ?? []).map((owner) => [owner.squad, contact(owner)]));
}

const contact = (owner) => [owner.chat, owner.oncall].filter(Boolean).join(" / ") || owner.email || null;

// Whom to contact, also if the catalog has no contact.
function contactOf(squad, contacts, role) {
  if (!squad) return { who: "no contact", why: `no ${role} in the catalog` };
  if (squad === UNKNOWN) return { who: "no contact", why: "the consumer is not in the catalog" };
  const known = contacts.get(squad);
  return known ? { who: known, why: `${squad}, ${role}` } : { who: squad, why: `${role}; no contact in the catalog` };
}

// What happened to requests, as few words as possible: each request is in exactly one of these. What
// the upstream failed and what was refused to protect it are not served.
function counted({ requests, outcomes, wrong_requests: wrongRequests, wrong_responses: wrongResponses }) {
  const { answered, refused, shed, unsent } = outcomes;
  const failed = outcomes.failed + outcomes.unanswered + outcomes.truncated;
  const ended = outcomes.abandoned + outcomes.disconnected + outcomes.idle + outcomes.drained;
  const sent = answered + failed + outcomes.abandoned + outcomes.disconnected + outcomes.idle;
  return { requests, answered, failed, shed, refused, unsent, ended, sent, unanswered: outcomes.unanswered, wrongRequests, wrongResponses };
}

const NOTHING = { requests: 0, answered: 0, failed: 0, shed: 0, refused: 0, unsent: 0, ended: 0, sent: 0, unanswered: 0, wrongRequests: 0, wrongResponses: 0 };

// The sum of counts.
const summed = (all) => all.reduce((sum, each) => Object.fromEntries(Object.keys(NOTHING).map((name) => [name, sum[name] + each[name]])), NOTHING);

const unservedOf = (counts) => counts.failed + counts.shed + counts.unsent;
const share = (part, whole) => whole > 0 ? part / whole : 0;

// The current counts of a service, and of each squad. The window is that of the proxy: ten seconds.
function recent(traffic) {
  const { seconds, consumers } = traffic?.recent ?? { seconds: 0, consumers: [] };
  const squads = new Map(consumers.map((consumer) => [consumer.squad, counted(consumer)]));
  const all = traffic?.recent ? counted(traffic.recent) : NOTHING;
  const points = (traffic?.series?.points ?? []).slice(-Math.max(1, Math.round(seconds / (traffic?.series?.every_seconds || 2))));
  const last = points.findLast((point) => point.p50_ms != null);
  return {
    ...all, seconds: seconds || 1, squads, perSecond: all.requests / (seconds || 1),
    unserved: unservedOf(all), p50: last?.p50_ms, p99: last?.p99_ms,
  };
}

// The squads that call a service, without the consumer that is not known.
function callers(service) {
  const names = (service.traffic?.consumers ?? []).map((consumer) => consumer.squad);
  return names.filter((name) => name !== UNKNOWN);
}

// How squads are named in a headline: few by name, many by number.
function naming(squads, service) {
  const known = squads.filter((squad) => squad !== UNKNOWN);
  const others = squads.includes(UNKNOWN) ? ["unknown callers"] : [];
  const all = callers(service);
  if (known.length > 1 && all.every((squad) => known.includes(squad))) return list([`all ${known.length} squads`, ...others]);
  return known.length > 3 ? list([`${known.length} of ${all.length} squads`, ...others]) : list([...known, ...others]);
}

// Services with their causes, and all causes: most severe first, then those that affect most requests.
function findCauses() {
  const all = services();
  const contacts = contactsBySquad();
  const own = all.flatMap((service) => serviceCauses(service, contacts));
  const found = [...proxyCauses(all), ...dependencyCauses(contacts), ...violationCauses(all, contacts), ...joinUnreachable(own)];
  found.sort((a, b) => LEVEL_ORDER[a.level] - LEVEL_ORDER[b.level] || (b.affected ?? 0) - (a.affected ?? 0));
  for (const service of all) {
    service.causes = found.filter((cause) => cause.services.includes(service.name));
    service.level = service.causes[0]?.level ?? "good";
  }
  all.sort((a, b) => LEVEL_ORDER[a.level] - LEVEL_ORDER[b.level] || b.now.unserved - a.now.unserved);
  return { all, found };
}

// The causes that belong to one service.
function serviceCauses(service, contacts) {
  return [
    ...contractCauses(service, contacts),
    ...upstreamCauses(service, contacts),
    ...operatorCauses(service, contacts),
  ];
}

// One cause of trouble: level, headline, current figure, facts, who is affected, contact and commands. The key
// identifies it across polls; `affected` orders causes of one level.
function cause(service, level, kind, headline, more) {
  return { key: `${service.name} ${kind}`, service: service.name, services: [service.name], level, subject: service.name, headline, ...more };
}

// A time in the past, with its age: "since 02:14:03, 4 min ago".
const since = (seconds) => seconds === Infinity ? "for several minutes" : `since ${clock(new Date(proxyNow() - 1000 * seconds))} (${age(seconds)})`;

const perSecond = (count, now) => `${rate(count / now.seconds)}/s`;

