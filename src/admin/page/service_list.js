// ---- Rendering: services -------------------------------------------------------------------

function matches(service) {
  const words = [service.name, provider(service), service.contract?.title, ...(service.traffic?.consumers ?? []).map((consumer) => consumer.squad)];
  const isFound = words.some((word) => word?.toLowerCase().includes(state.find));
  return isFound && (state.only !== "trouble" || ["bad", "warn"].includes(service.level));
}

const LEGEND = "All figures are of the last ten seconds. Not served: failed upstream, or refused to protect it. Refused: broke the contract or HTTP. Latency: calls that reached the upstream.";

function renderServices(all) {
  const shown = all.filter(matches);
  renderInto("shown", shown.length === all.length ? plural(all.length, "service") : `${shown.length} of ${plural(all.length, "service")}`);
  const drawn = state.isEvery ? shown : shown.filter((service, index) => index < SERVICES_SHOWN || state.open.has(service.name));
  const heads = ["Service", "Provider", "Contract"].map((name, index) => h("span", { class: index ? "wide-only" : null }, name));
  const numbers = ["Req/s", "Not served", "Refused", "p50 · p99, ms"].map((name) => h("span", { class: name === "Refused" ? "number refused" : "number" }, name));
  renderInto("list", shown.length === 0 ? none(all.length ? "No matching services." : "No services are configured.")
    : h("div", { class: "services" },
      h("div", { class: "heads", "aria-hidden": "true" }, heads, numbers, h("span", { class: "wide-only" }, "Last minutes")), drawn.map(line)),
    shown.length > 0 && h("p", { class: "legend muted" }, LEGEND),
    drawn.length < shown.length && h("button", { type: "button", class: "plain", "data-act": "every" }, `Show the other ${plural(shown.length - drawn.length, "service")}`));
}

function line(service) {
  const isOpen = state.open.has(service.name);
  const { contract, traffic, now } = service;
  const part = (count) => now.requests ? percent(count / now.requests) : "–";
  const cell = (name, value, kind) => h("div", { class: kind ?? null }, h("dt", null, name), h("dd", null, value));
  const level = { bad: "critical", warn: "warning", note: "notice", good: "healthy" }[service.level];
  return h("article", { class: `service ${service.level}`, key: service.name, id: `service-${service.name}` },
    h("div", { class: "line" },
      h("h3", null, h("button", {
        type: "button", "data-act": "toggle", "data-service": service.name,
        "aria-expanded": String(isOpen), "aria-controls": isOpen ? `panel-${service.name}` : null,
      },
      h("svg", { class: "sign turn", "aria-hidden": "true" }, h("use", { href: "#turn" })),
      h("span", { class: `badge ${service.level}` }, sign(service.level), h("span", { class: "unseen" }, level)), h("span", null, service.name))),
      h("dl", null,
        cell("Provider", provider(service) ?? h("span", { class: "muted" }, "unknown"), "wide-only"),
        cell("Contract", contract?.in_force ? [contract.version, " ", h("span", { class: "muted" }, code(shortHash(contract.revision)))] : badge("bad", "none"), "wide-only"),
        cell("Requests per second", traffic ? rate(now.perSecond) : "–", "number"),
        cell("Not served", part(now.unserved), now.unserved > 0 ? "number high" : "number zero"),
        cell("Refused", part(now.refused), now.refused > 0 ? "number refused" : "number refused zero"),
        cell("p50 · p99, ms", now.p50 == null ? "–" : `${millis(now.p50)} · ${millis(now.p99)}`, "number"),
        h("div", { class: "chart-cell wide-only" }, h("dt", null, "Last minutes"), h("dd", null, traffic ? spark(traffic) : "–")))),
    isOpen && panel(service));
}

