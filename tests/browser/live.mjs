// The dashboard of a real proxy under load: the circuit of one squad is open, requests of another
// squad violate the contract, and the proxy is stopped and restarted. The scenario prints commands,
// one per line: `stop`, `start` or `portcullis …`. The caller executes each and replies with a line:
// `done`, or the exit code.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";

import { audit, open, run, seen } from "./browser.mjs";

const input = createInterface({ input: process.stdin });
const replies = input[Symbol.asyncIterator]();

async function command(word) {
  console.log(word);
  const { done, value } = await replies.next();
  assert.ok(!done, "the caller does not reply");
  return value;
}

await run(async (setup) => {
  for (const look of ["light", "dark", "phone"]) {
    const { page, problems } = await open(setup, look);
    await showsProblems(page);
    await audit(page, setup.folder, look);
    if (look === "light") {
      await worksByKeyboard(page);
      await showsCommandsThatWork(page);
    }
    if (look === "phone") await survivesAnOutage(page, problems);
    assert.deepEqual(problems, [], look);
    await page.context().close();
  }
});
// An open input would keep this process running.
input.close();

async function showsProblems(page) {
  await seen(page, ".cause.bad h3", /search-api: failing for checkout \(bronze\), .*% of requests not served$/);
  await seen(page, ".cause.bad .call", "#discovery / discovery-pager");
  await seen(page, ".cause code", /^portcullis breakers set search-api checkout --tier bronze observe --reason 'search-api: failing for checkout \(bronze\)' --admin http:/);
  await seen(page, ".cause.warn h3", /orders: requests from checkout and discovery violate the contract, .*% of them now/);
  await seen(page, ".cause.warn .facts-line", /invalid-body in createItem, body, rule type at orders\.yaml:\d+/);
  await seen(page, ".cause.warn .facts-line", /unknown-path in GET \/notes\/\{\}, target/);
  await seen(page, ".cause.warn .call", "#payments");
  await seen(page, "#feed tr", /orders.*invalid-body.*createItem.*discovery.*orders\.yaml:\d+.*refused/s);
  await seen(page, "#feed tr", /orders.*unknown-path.*GET \/notes\/\{\}.*checkout/s);
  await page.locator(".cause.bad button[data-service=search-api]").first().click();
  await seen(page, "#service-search-api .plot", "");
  await seen(page, "#service-search-api tr", /checkout.*bronze.*open/s);
  await seen(page, "#health tr", "checkout");
  await seen(page, "#changes li", /search-api circuit of checkout \(bronze\) closed → open/);
  assert.match(await page.title(), /^\(\d+\) Portcullis – search-api: failing /);
  await page.locator("#service-orders button[data-act=toggle]").click();
  await seen(page, "#service-orders caption", "Drift of orders");
  await seen(page, "#service-orders details", "never called");
  await page.locator("#service-orders button[data-act=toggle]").click();
}

// Tab reaches every clickable element, and the focus is always visible.
async function worksByKeyboard(page) {
  // The click sets the start of the Tab sequence.
  await page.locator("h1").click();
  const reached = new Set();
  for (let presses = 0; presses < 200; presses += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const { outlineStyle } = getComputedStyle(document.activeElement);
      const { id, dataset, localName, textContent, hash } = document.activeElement;
      return { name: id || dataset.act || dataset.compose || (dataset.reason && "reason") || hash || `${localName} ${textContent}`, outlineStyle };
    });
    if (stop.name.startsWith("body")) break;
    assert.notEqual(stop.outlineStyle, "none", `${stop.name} shows no focus`);
    reached.add(stop.name);
  }
  for (const name of ["#now", "#services", "pause", "find", "only", "show", "toggle", "copy", "squad", "over", "reason"]) {
    assert.ok(reached.has(name), `${name} is not among ${[...reached]}`);
  }
  const toggle = page.locator("#service-orders button[data-act=toggle]");
  await toggle.focus();
  await page.keyboard.press("Enter");
  assert.equal(await toggle.getAttribute("aria-expanded"), "true");
  await page.keyboard.press("Space");
  assert.equal(await toggle.getAttribute("aria-expanded"), "false");
}

// The commands that the page shows work, and the page shows their effect.
async function showsCommandsThatWork(page) {
  const panel = page.locator("#panel-search-api");
  const override = async (over) => {
    await panel.locator("[data-compose=squad]").selectOption("checkout");
    await panel.locator("[data-compose=tier]").selectOption("bronze");
    await panel.locator("[data-compose=over]").selectOption(over);
    const line = panel.locator("code").filter({ hasText: "breakers set" });
    assert.equal(await command(await line.textContent()), "0");
  };
  await override("observe");
  await seen(page, "#panel-search-api tr", /checkout.*bronze.*observe/s);
  await override("auto");
  await seen(page, "#panel-search-api tr", /checkout.*bronze.*none/s);
  const window = panel.locator("code").filter({ hasText: "deploy-window" });
  // Without a reason, the command cannot be copied.
  const copy = panel.locator(".command").filter({ hasText: "deploy-window" }).locator("button");
  assert.ok(await copy.isDisabled(), "a command without a reason");
  await panel.locator("[data-reason='window search-api']").fill("release 42, checkout's");
  assert.ok(await copy.isEnabled());
  assert.equal(await command(await window.textContent()), "0");
  await seen(page, ".cause.note h3", "search-api: deploy window open for another");
  await seen(page, ".cause.note .facts-line", "release 42, checkout's");
  assert.equal(await command(await window.textContent()), "0");
  await page.locator(".cause.note h3").filter({ hasText: "deploy window" }).waitFor({ state: "detached" });
}

// While the proxy is unreachable, the page reports it and keeps its last data.
async function survivesAnOutage(page, problems) {
  await command("stop");
  await seen(page, "#lost", /unreachable since \d\d:\d\d:\d\d/);
  await seen(page, "#link", "No response");
  await seen(page, ".cause h3", "search-api");
  await command("start");
  await page.locator("#lost p").waitFor({ state: "detached" });
  await seen(page, "#link", "Live");
  await showsProblems(page);
  // The browser itself reports each refused connection; there may be no other problem.
  const others = problems.filter((problem) => !/net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/.test(problem));
  problems.splice(0, Infinity, ...others);
}
