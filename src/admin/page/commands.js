// ---- Rendering: commands -------------------------------------------------------------------

// A command to copy. One that changes a breaker has a reason; without one it cannot be copied.
function copyable(line, isIncomplete = false) {
  return h("div", { class: "command" }, code(line),
    h("button", {
      type: "button", "data-act": "copy", "data-line": line, "aria-label": isIncomplete ? "Copy command: enter a reason first" : `Copy command: ${line}`,
      disabled: isIncomplete ? "" : null,
    }, state.copied === line ? "Copied" : "Copy", h("span", { class: "phone" }, " command")));
}

// The reason that an operator entered for the commands of a place, or the suggested one.
const reasonOf = (place, suggested) => (state.reasons[place] ?? suggested).trim();

// An input for the reason that the proxy logs with a change.
function reasonInput(place, suggested) {
  return h("label", { class: "reason" }, "Reason (required, for the log)",
    h("input", { key: "reason", type: "text", required: "", maxlength: 200, autocomplete: "off", "data-reason": place, value: suggested }));
}

const withReason = (words, reason) => copyable(command(...words, "--reason", reason || "…"), !reason);

// The commands that change something about a cause, mildest first.
function changeCommands(cause) {
  const reason = reasonOf(cause.key, nameOf(cause));
  return h("div", { class: "changes" },
    cause.changes.some((change) => change.hasReason) && reasonInput(cause.key, nameOf(cause)),
    cause.changes.map(({ what, words, hasReason }) => h("div", null, h("p", { class: "muted" }, `To ${what}:`),
      hasReason ? withReason(words, reason) : copyable(command(...words)))));
}

// Overrides, mildest first.
const OVERRIDES = { auto: "let the breaker decide", observe: "count, but refuse nothing", disabled: "switch it off", open: "refuse all requests" };

// Composes a `portcullis breakers set` command, to be copied. It begins with the mildest override of
// one squad: the one that needs attention, if there is one.
function composer(service) {
  const { name, protection } = service;
  const worst = protection.squads.find((breaker) => breaker.override !== "auto") ?? protection.squads.find((breaker) => breaker.state !== "closed");
  const squads = [...new Set([...protection.shares.squads.map((share) => share.squad), UNKNOWN])];
  const chosen = { squad: worst?.squad ?? squads[0], tier: worst?.tier ?? "", over: worst?.override === "auto" ? "observe" : "auto", ...state.composed[name] };
  const hasTier = !["everybody", UNKNOWN].includes(chosen.squad);
  const select = (field, label, options, isOff) => h("label", null, label,
    h("select", { "data-compose": field, "data-service": name, disabled: isOff ? "" : null },
      options.map(([value, text]) => h("option", { value, selected: value === chosen[field] ? "" : null }, text ?? value))));
  const words = ["breakers", "set", name, chosen.squad, ...(hasTier && chosen.tier ? ["--tier", chosen.tier] : []), chosen.over];
  const place = `compose ${name}`;
  const suggested = service.causes[0] ? nameOf(service.causes[0]) : "";
  return h("div", { role: "group", "aria-label": `Compose a breaker command for ${name}` },
    h("div", { class: "composer" },
      select("squad", "Override the breaker of", [...squads.map((squad) => [squad]), ["everybody", ALL_CALLERS]]),
      select("tier", "Tier", [["", "all"], ...TIERS.map((tier) => [tier])], !hasTier),
      select("over", "Override", Object.entries(OVERRIDES).map(([over, text]) => [over, `${text} (${over})`])),
      reasonInput(place, suggested)),
    withReason(words, reasonOf(place, suggested)));
}

