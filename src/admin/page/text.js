// ---- Text ----------------------------------------------------------------------------------

const plural = (count, one, more = one + "s") => `${integer(count)} ${count === 1 ? one : more}`;
const integer = (value) => Math.round(value).toLocaleString("en").replaceAll(",", "\u202f");
const list = (words) => words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

function rate(value) {
  return value === 0 || value >= 10 ? integer(value) : value.toFixed(value < 1 ? 2 : 1);
}

// Values near 0 and 1 are not rounded to them, so 99.97 % never reads as 100 %.
function percent(share) {
  if (share > 0 && share < 0.001) return "< 0.1\u00a0%";
  if (share > 0.999 && share < 1) return "> 99.9\u00a0%";
  const value = share * 100;
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)}\u00a0%`;
}

const millis = (value) => value == null ? "–" : value >= 10 ? integer(value) : value.toFixed(1);

// Milliseconds in the unit that suits: "0.4 ms", "410 ms", "2.1 s".
const duration = (value) => value < 1000 ? `${millis(value)}\u00a0ms` : `${(value / 1000).toFixed(1)}\u00a0s`;

const squadName = (name) => name === UNKNOWN ? "unknown callers" : name;

function age(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 90) return `${s}\u00a0s`;
  if (s < 5400) return `${Math.floor(s / 60)}\u00a0min`;
  if (s < 172800) return `${Math.floor(s / 3600)}\u00a0h ${Math.floor(s / 60) % 60}\u00a0min`;
  return `${Math.floor(s / 86400)}\u00a0d ${Math.floor(s / 3600) % 24}\u00a0h`;
}

const recently = (seconds) => seconds < 3 ? "just now" : `${age(seconds)} ago`;
const clock = (date) => date.toLocaleTimeString("en-GB");
const shortHash = (revision) => (revision ?? "").replace(/^sha256:/, "").slice(0, 12);

// Quotes a word for a POSIX shell.
const shell = (word) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

// A command line for this proxy.
function command(...words) {
  const isDefault = ["http://127.0.0.1:9901", "http://localhost:9901"].includes(location.origin);
  const target = isDefault ? [] : ["--admin", location.origin];
  return ["portcullis", ...words, ...target].map(shell).join(" ");
}

