// ---- Announcements -------------------------------------------------------------------------

// Announces causes to screen readers, at a limited rate: when the page opens, what there is; then what
// is new and what is resolved. Changes in between are announced the next time.
function announce(found) {
  const now = new Map(found.filter((cause) => cause.level !== "note").map((cause) => [cause.key, nameOf(cause)]));
  const some = (texts) => texts.slice(0, 3).join(". ") + (texts.length > 3 ? `, and ${texts.length - 3} more` : "");
  if (!state.announced) {
    byId("say").textContent = now.size ? `${plural(now.size, "cause needs", "causes need")} attention: ${some([...now.values()])}.` : "";
    Object.assign(state, { announced: now, announcedAt: performance.now() });
    return;
  }
  if (performance.now() - state.announcedAt < SAY_MS) return;
  const fresh = [...now].filter(([key]) => !state.announced.has(key)).map(([, name]) => name);
  const resolved = [...state.announced].filter(([key]) => !now.has(key)).map(([, name]) => name);
  if (!fresh.length && !resolved.length) return;
  byId("say").textContent = [fresh.length && `New: ${some(fresh)}.`, resolved.length && `Resolved: ${some(resolved)}.`].filter(Boolean).join(" ");
  Object.assign(state, { announced: now, announcedAt: performance.now() });
}

