// ---- Polling -------------------------------------------------------------------------------

const state = {
  answers: {},         // by source, the last good responses
  faults: {},          // by source, why the last request failed
  shownAt: null,       // when the shown data was received
  isFirstPoll: true,
  kinds: new Map(),    // by kind of violation, when it was first shown
  skew: 0,             // the proxy's clock minus the browser's clock, in ms
  lostSince: null, tries: 0, isPaused: false, timer: 0, ownersAt: -Infinity,
  isEvery: false, open: new Set(), composed: {}, reasons: {}, find: "", only: "", copied: null,
  announced: null, announcedAt: 0, isFirst: true,
};

const proxyNow = () => (state.shownAt ?? Date.now()) + state.skew;
const secondsSince = (at) => (proxyNow() - Date.parse(at)) / 1000;

async function read(source) {
  const answer = await fetch(source, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  const date = Date.parse(answer.headers.get("date"));
  if (!Number.isNaN(date)) state.skew = date - Date.now();
  // `/readyz` has a body for every status.
  if (source === "readyz") return answer.text();
  if (!answer.ok) throw new Error(`returned status ${answer.status}`);
  return answer.json();
}

// The sources of this poll.
function sourcesToPoll() {
  const sources = ["breakers", "contracts", "traffic", "dependencies", "upstreams", "readyz"];
  if (performance.now() - state.ownersAt > OWNERS_MS) sources.push("owners");
  const candidates = (state.answers.contracts?.services ?? []).filter((view) => view.candidate && state.open.has(view.service));
  return [...sources, ...candidates.map((view) => `contracts/${encodeURIComponent(view.service)}/candidate`)];
}

async function poll() {
  const sources = sourcesToPoll();
  const began = performance.now();
  const answers = await Promise.allSettled(sources.map(read));
  if (answers.every((answer) => answer.status === "rejected")) {
    connectionLost();
    return;
  }
  // Forgets faults of sources that are no longer polled. Owners are polled less often.
  for (const source of Object.keys(state.faults)) if (source !== "owners" && !sources.includes(source)) delete state.faults[source];
  sources.forEach((source, index) => storeResponse(source, answers[index]));
  Object.assign(state, { isFirstPoll: state.shownAt === null, shownAt: Date.now(), lostSince: null, tries: 0 });
  show();
  // With many services a poll takes longer; polling uses at most a fifth of the time.
  schedulePoll(Math.max(document.hidden ? HIDDEN_MS : EVERY_MS, 4 * (performance.now() - began)));
}

// Renders, and keeps polling even if a response cannot be rendered.
function show() {
  try {
    render();
  } catch (error) {
    console.error(error);
    renderInto("lost", h("p", { class: "lost" }, sign("bad"), ` This page cannot display the response of the proxy (${error.message}). `,
      "Use the commands instead: ", code(command("breakers")), ", ", code(command("contract", "list"))));
  }
}

function storeResponse(source, { status, value, reason }) {
  if (status === "rejected") {
    state.faults[source] = reason.message;
    return;
  }
  delete state.faults[source];
  state.answers[source] = value;
  if (source === "owners") state.ownersAt = performance.now();
}

function connectionLost() {
  state.lostSince ??= Date.now();
  const wait = AWAY_MS[Math.min(state.tries++, AWAY_MS.length - 1)];
  show();
  schedulePoll(document.hidden ? HIDDEN_MS : wait);
}

function schedulePoll(wait) {
  clearTimeout(state.timer);
  if (!state.isPaused) state.timer = setTimeout(poll, wait);
}

