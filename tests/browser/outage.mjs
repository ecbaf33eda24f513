// The dashboard in an outage with five causes: one failing service, an override, violations, a refused
// contract and a slow service. The scenario prints commands, one per line; the caller runs each and
// replies with its exit code. The documentation shows its screenshots.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";

import { audit, LOOKS, open, run, seen } from "./browser.mjs";

const input = createInterface({ input: process.stdin });
const replies = input[Symbol.asyncIterator]();

async function command(line) {
  console.log(line);
  const { done, value } = await replies.next();
  assert.ok(!done, "the caller does not reply");
  return value;
}

// Each cause by the text of its card, in the order of the page: the most severe first.
const CAUSES = {
  users: /^Critical users: failing for all 5 squads, [>\d. ]+\u00a0% of requests not served$/,
  carts: /^Warning carts: an override refuses all requests of partners$/,
  orders: /^Warning orders: requests from mobile violate the contract, \d+\u00a0% of them now$/,
  catalog: /^Warning catalog: a new contract was refused, 5\.0\.2 stays active$/,
  search: /^Warning search: slow for all 5 squads, [>\d. ]+\u00a0% of calls$/,
};

await run(async (setup) => {
  for (const look of ["light", "dark", "phone", "phone-dark"]) {
    const { page, problems } = await open(setup, look);
    await showsOneCardForEachCause(page);
    await isNoNews(page);
    await isShort(page, look);
    await audit(page, setup.folder, `outage-${look}`, true);
    await isNoNews(page);
    if (look === "light") {
      await addsUp(page);
      await leavesRefusalsOutOfLatencies(page);
      await showsLentSlots(page);
      await defaultsToTheMildest(page);
    }
    // The commands change what the page shows, so they come last.
    if (look === "phone-dark") await acceptsCommands(page);
    assert.deepEqual(problems, [], look);
    await page.context().close();
  }
});
// An open input would keep this process running.
input.close();

async function showsOneCardForEachCause(page) {
  await seen(page, ".cause h3", "users:");
  const heads = await page.locator(".cause h3").evaluateAll((all) => all.map((head) => head.textContent.trim()));
  const services = Object.keys(CAUSES);
  assert.equal(heads.length, services.length, heads.join("\n"));
  const cards = services.map((service) => heads.find((head) => head.includes(`${service}:`)) ?? "");
  services.forEach((service, index) => assert.match(cards[index], CAUSES[service]));
  assert.equal(heads[0], cards[0], "the most severe cause is first");
  await seen(page, "#verdict", "5 causes need attention");
  const first = page.locator(".cause").first();
  await seen(first, ".facts-line", /since \d\d:\d\d:\d\d/);
  await seen(first, ".facts-line", /contract 1\.4\.1 became active/);
  await seen(first, ".call", "#identity / identity-pager");
  await seen(page, ".cause .facts-line", /invalid-body in addItem, body \/quantity, rule minimum at orders\.yaml:\d+/);
  // Only what needs attention: no card for the healthy service, no panel that opens by itself.
  assert.equal(await page.locator("#service-billing.good").count(), 1);
  assert.equal(await page.locator(".panel, details[open]").count(), 0);
}

// What happened before the page was opened is not new, also where it is shown for the first time.
async function isNoNews(page) {
  await page.locator("#service-orders button[data-act=toggle]").click();
  await seen(page, "#panel-orders td", "mobile");
  const said = await page.locator("#say").textContent();
  assert.match(said, /^5 causes need attention: users: failing for all 5 squads\. /);
  assert.doesNotMatch(await page.locator("body").innerText(), /\bnew\b:/i);
  assert.ok(await page.locator("#feed tbody tr").count() > 0, "no violations are listed");
  assert.equal(await page.locator(".fresh").count(), 0, "an old kind of violation is marked as new");
  await page.locator("#service-orders button[data-act=toggle]").click();
}

// The first cause is on the first screen, with its next command; the page is a few screens long.
async function isShort(page, look) {
  const { width, height } = LOOKS[look].viewport;
  const bottom = (selector) => page.locator(selector).first().evaluate((node) => node.getBoundingClientRect().bottom);
  assert.ok(await bottom(".cause .acts") < 0.75 * height, `${look}: the first cause ends at ${await bottom(".cause .acts")}`);
  assert.ok(await bottom("#causes") < (width < 640 ? 2 * height : height), `${look}: the causes end at ${await bottom("#causes")}`);
  const length = await page.evaluate(() => document.documentElement.scrollHeight);
  assert.ok(length < (width < 640 ? 3 : 2) * height, `${look}: the page is ${length} px long`);
}

// The cells of a row as numbers, by column; other text stays text.
function cellsOf(row) {
  return row.locator("th, td").evaluateAll((all) =>
    Object.fromEntries(all.map((cell) => [cell.dataset.label, /^[\d\u202f]+$/.test(cell.textContent) ? Number(cell.textContent.replaceAll("\u202f", "")) : cell.textContent])));
}

// The squads add up to the service, the columns to the requests, and the services to the total.
async function addsUp(page) {
  await page.locator("#pause").click();
  let total = 0;
  for (const service of [...Object.keys(CAUSES), "billing"]) {
    await page.locator(`#service-${service} button[data-act=toggle]`).click();
    const table = page.locator(`#panel-${service} table`).filter({ hasText: `Requests to ${service} in the last 10 s` });
    const sum = await cellsOf(table.locator("tfoot tr"));
    const rows = await Promise.all((await table.locator("tbody tr").all()).map(cellsOf));
    const columns = Object.keys(sum).filter((name) => typeof sum[name] === "number");
    assert.ok(rows.length >= 3 && columns.length >= 3, service);
    for (const column of columns) assert.equal(rows.reduce((all, row) => all + row[column], 0), sum[column], `${service}: ${column}`);
    for (const row of [...rows, sum]) {
      const { requests, ...parts } = Object.fromEntries(columns.map((column) => [column, row[column]]));
      assert.equal(Object.values(parts).reduce((all, part) => all + part, 0), requests, `${service}: ${JSON.stringify(row)}`);
    }
    const shown = await page.locator(`#service-${service} .line .number`).first().locator("dd").textContent();
    assert.ok(Math.abs(Number(shown) - sum.requests / 10) <= 0.5, `${service}: ${shown} requests/s, ${sum.requests} in 10 s`);
    total += sum.requests;
    await page.locator(`#service-${service} button[data-act=toggle]`).click();
  }
  // The violations of the squad, in the list of all and among the drift of the service.
  await page.locator("#service-orders button[data-act=toggle]").click();
  const listed = await cellsOf(page.locator("#feed tbody tr").first());
  const drift = await cellsOf(page.locator("#panel-orders table").filter({ hasText: "Drift of orders" }).locator("tbody tr").first());
  assert.ok(listed.count > 0 && listed.count === drift.count, `${JSON.stringify(listed)}, ${JSON.stringify(drift)}`);
  await page.locator("#service-orders button[data-act=toggle]").click();
  const shown = /([\d\u202f.]+) requests\/s/.exec(await page.locator("#totals").textContent());
  assert.ok(Math.abs(Number(shown[1].replaceAll("\u202f", "")) - total / 10) <= 0.5, `${shown[0]}, ${total} in 10 s`);
  // The card counts the same requests.
  await page.locator(".cause summary").filter({ hasText: "Squads" }).first().click();
  const card = await cellsOf(page.locator(".cause").first().locator("tfoot tr"));
  assert.equal(await page.locator(".cause").first().locator("tbody tr").count(), 5);
  const figure = await page.locator(".cause .figure").first().textContent();
  assert.ok(figure.startsWith(card["not served"]), `${figure}: ${JSON.stringify(card)}`);
  await page.locator("#pause").click();
}

// The upstream of users takes 40 ms; most of its requests are refused by circuits in less than one.
async function leavesRefusalsOutOfLatencies(page) {
  const [p50] = /[\d.]+/.exec(await page.locator("#service-users .line .number").last().locator("dd").textContent());
  assert.ok(Number(p50) >= 30, `p50 of users: ${p50} ms`);
}

async function showsLentSlots(page) {
  await page.locator("#service-search button[data-act=toggle]").click();
  const row = page.locator("#panel-search table").filter({ hasText: "Shares of search" }).locator("tbody tr").filter({ hasText: "checkout" });
  const cells = await cellsOf(row);
  assert.deepEqual([cells.guaranteed, cells["never lent"], cells.borrowed], [307, 153, 0]);
  await page.locator("#service-search button[data-act=toggle]").click();
}

// The composer begins with what changes least, and with a reason.
async function defaultsToTheMildest(page) {
  for (const [service, words] of [["carts", "carts partners "], ["users", "users "], ["billing", "billing "]]) {
    await page.locator(`#service-${service} button[data-act=toggle]`).click();
    const line = page.locator(`#panel-${service} code`).filter({ hasText: "breakers set" });
    const expected = service === "users" ? "observe" : "auto";
    assert.match(await line.textContent(), new RegExp(`^portcullis breakers set ${words}.*${expected} --reason `));
    await page.locator(`#service-${service} button[data-act=toggle]`).click();
  }
}

// Every command of a card is accepted. The first only reads; the others have a reason, and none can be
// copied without.
async function acceptsCommands(page) {
  const lines = async (selector) => (await page.locator(selector).allTextContents()).filter((line) => line.startsWith("portcullis "));
  const looks = await lines(".cause .next code");
  assert.equal(looks.length, 4);
  for (const line of looks) {
    assert.match(line, /^portcullis (breakers --service|contract show) /);
    assert.notEqual(await command(line), "2", line);
  }
  const first = page.locator(".cause").first();
  await first.locator("summary").filter({ hasText: "Act" }).click();
  const reason = first.locator("input[data-reason]");
  assert.equal(await reason.inputValue(), "users: failing for all 5 squads");
  await reason.fill(" ");
  await first.locator(".changes .command").first().waitFor();
  for (const copy of await first.locator(".changes .command button").all()) assert.ok(await copy.isDisabled());
  await reason.fill("rolled back, ticket 4711's");
  for (const copy of await first.locator(".changes .command button").all()) assert.ok(await copy.isEnabled());
  const changes = await lines(".cause .changes code");
  assert.ok(changes.length >= 3, changes.join("\n"));
  for (const line of changes) {
    if (line.startsWith("portcullis breakers set ")) assert.match(line, / --reason '[^']/);
    assert.notEqual(await command(line), "2", line);
  }
  await seen(page, ".cause h3", "users: an override lets all requests through");
  await page.locator(".cause h3").filter({ hasText: "refuses all requests of partners" }).waitFor({ state: "detached" });
}
