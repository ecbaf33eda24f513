// ---- User actions --------------------------------------------------------------------------

// Expands a service after the first response: the one in the URL, or the only one where there is room.
// The causes come first, so nothing else is expanded by itself.
function openFirst(all) {
  state.isFirst = false;
  const named = decodeURIComponent(location.hash).replace(/^#service-/, "");
  const isNamed = all.some((service) => service.name === named);
  if (isNamed) {
    state.open.add(named);
    queueMicrotask(() => byId(`service-${named}`)?.scrollIntoView());
  } else if (all.length === 1 && matchMedia("(min-width: 60rem)").matches) {
    state.open.add(all[0].name);
  }
}

// Opens a section that a link of the page leads to.
function openSection(hash) {
  const section = hash && byId(hash.slice(1));
  if (section?.localName === "details") section.open = true;
}

const ACTS = {
  pause() {
    state.isPaused = !state.isPaused;
    byId("pause").textContent = state.isPaused ? "Resume" : "Pause";
    renderLink();
    schedulePoll(0);
  },
  toggle({ service }) {
    if (!state.open.delete(service)) state.open.add(service);
    history.replaceState(null, "", state.open.has(service) ? `#service-${service}` : location.pathname);
    render();
  },
  show({ service }) {
    // Clears a filter that hides the service.
    Object.assign(state, { find: "", only: "" });
    byId("find").value = byId("only").value = "";
    state.open.add(service);
    render();
    byId(`service-${service}`).scrollIntoView();
    byId(`service-${service}`).querySelector("button").focus({ preventScroll: true });
  },
  every() {
    state.isEvery = true;
    render();
  },
  async copy({ line }, button) {
    // Browsers offer no clipboard to pages over plain HTTP from another machine.
    if (!navigator.clipboard) {
      getSelection().selectAllChildren(button.previousElementSibling);
      byId("say").textContent = "The command is selected; copy it with the keyboard.";
      return;
    }
    await navigator.clipboard.writeText(line);
    state.copied = line;
    byId("say").textContent = "Copied.";
    render();
    setTimeout(() => {
      state.copied = null;
      render();
    }, 2000);
  },
};

document.addEventListener("click", (event) => {
  openSection(event.target.closest("a")?.hash);
  const button = event.target.closest("[data-act]");
  if (button) ACTS[button.dataset.act](button.dataset, button);
});
document.addEventListener("input", ({ target }) => {
  if (target.id === "find") state.find = target.value.trim().toLowerCase();
  else if (target.id === "only") state.only = target.value;
  else if (target.dataset.reason) state.reasons[target.dataset.reason] = target.value;
  else if (target.dataset.compose) {
    const { compose, service } = target.dataset;
    state.composed[service] = { ...state.composed[service], [compose]: target.value };
  } else return;
  render();
});
document.addEventListener("visibilitychange", () => schedulePoll(document.hidden ? HIDDEN_MS : 0));
poll();
