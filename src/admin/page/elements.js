// ---- Elements ------------------------------------------------------------------------------

// The description of an element. Children are strings and other descriptions; null and false are
// skipped.
function h(tag, attributes, ...children) {
  const kept = children.flat(Infinity).filter((child) => child != null && child !== false);
  return { tag, attributes: attributes ?? {}, children: kept };
}

// Changes the children of an element to those described. Nodes that still match are kept, so focus,
// selection and expanded details survive.
function patch(parent, wanted) {
  const keyed = new Map();
  for (const node of parent.childNodes) if (node.key) keyed.set(node.key, node);
  let at = parent.firstChild;
  for (const want of wanted) {
    const key = want.attributes?.key;
    let node = key ? keyed.get(key) : at;
    if (!node || !fits(node, want, key)) node = create(parent, want, key);
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
    refresh(node, want);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function fits(node, want, key) {
  return want.tag ? node.localName === want.tag && node.key === key : node.nodeType === Node.TEXT_NODE;
}

function create(parent, want, key) {
  if (!want.tag) return document.createTextNode("");
  const namespace = want.tag === "svg" ? byId("signs").namespaceURI : parent.namespaceURI;
  const node = document.createElementNS(namespace, want.tag);
  node.key = key;
  return node;
}

function refresh(node, want) {
  if (!want.tag) {
    if (node.data !== String(want)) node.data = String(want);
    return;
  }
  const wanted = want.attributes;
  for (const name of node.getAttributeNames()) {
    // The user opens and closes details.
    if (!(name in wanted) && name !== "open") node.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(wanted)) {
    if (name === "key" || value == null || value === false) continue;
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
  }
  for (const [name, value] of Object.entries(wanted)) {
    if (value == null || value === false) node.removeAttribute(name);
  }
  patch(node, want.children);
}

// Renders into an element of the page. A focused node that had to move is focused again.
function renderInto(id, ...wanted) {
  const focused = document.activeElement;
  patch(byId(id), wanted.flat(Infinity).filter((child) => child != null && child !== false));
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
}

const sign = (name) => h("svg", { class: "sign", "aria-hidden": "true" }, h("use", { href: `#${name}` }));
const badge = (level, word) => h("span", { class: `badge ${level}` }, sign(level), word);
const none = (text) => h("p", { class: "none" }, text);
const fact = (name, ...value) => h("div", null, h("dt", null, name), h("dd", null, ...value));
const code = (text) => h("code", null, text);
const ago = (seconds, at) => h("time", at ? { datetime: at, title: at } : null, `${age(seconds)} ago`);

// A table with explicit roles: on a phone its rows are laid out as cards, and browsers then drop the
// implicit roles. A column is a name, a cell function and an optional class. The sum is a last row; a table
// with one has few words, so it stays a table on a phone.
function table(caption, columns, rows, keyOf, sum) {
  const cell = (row) => ([name, value, kind], index) => {
    const content = [value(row)].flat(Infinity).filter((part) => part != null && part !== "");
    const classes = [kind, content.length ? "" : "blank"].filter(Boolean).join(" ") || null;
    const [tag, role, scope] = index === 0 ? ["th", "rowheader", "row"] : ["td", "cell", null];
    return h(tag, { role, scope, class: classes, "data-label": name }, h("span", null, content));
  };
  const head = columns.map(([name, , kind]) => h("th", { role: "columnheader", scope: "col", class: kind ?? null }, name));
  return h("div", { class: "scroll", tabindex: sum ? "0" : null }, h("table", { role: "table", class: sum ? "compact" : null },
    h("caption", null, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    h("tbody", { role: "rowgroup" }, rows.map((row, index) =>
      h("tr", { role: "row", key: keyOf?.(row, index), class: row.isFresh ? "fresh" : null }, columns.map(cell(row))))),
    sum && h("tfoot", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map(cell(sum))))));
}

// A caption with a muted explanation.
const titled = (title, more) => [`${title} `, h("span", { class: "muted" }, more)];

