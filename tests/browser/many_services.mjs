// The real page with synthetic responses: two hundred services in every state, names that contain
// markup, routes that fail, and a clock controlled by the test.

import assert from "node:assert/strict";

import { manyServices } from "./answers.mjs";
import { audit, open, run, seen } from "./browser.mjs";

const MANY = 200;

await run(async (setup) => {
  for (const look of ["light", "phone"]) {
    const world = { answers: manyServices(MANY), requests: 0 };
    const { page, problems } = await open(setup, look, (page) => intercept(page, setup.url, world));
    await showsEveryState(page);
    await escapesMarkup(page);
    await showsTheCandidate(page, world);
    await audit(page, setup.folder, `many-services-${look}`);
    await searches(page);
    await keepsFocus(page, world);
    await joinsServices(page, world);
    await pauses(page, world);
    assert.deepEqual(problems, [], look);
    await reportsMissingData(page, world);
    await reportsMalformedData(page, world);
    await forbidsMarkup(page);
    await page.context().close();
  }
});

// Replies instead of the proxy; routes without a synthetic response are passed to the real one.
async function intercept(page, url, world) {
  await page.clock.install();
  await page.route("**/*", async (route) => {
    const path = route.request().url().slice(url.length);
    const answer = world.answers[path];
    if (path === "breakers") world.requests += 1;
    if (answer === undefined) return route.continue();
    if (answer === null) return route.fulfill({ status: 500, body: "" });
    return route.fulfill({ json: answer });
  });
}

// Advances the clock until the page has sent its next request.
async function advance(page, world) {
  const before = world.requests;
  while (world.requests === before) await page.clock.runFor(1000);
}

async function showsEveryState(page) {
  await page.locator("button[data-act=every]").click();
  assert.equal(await page.locator(".service").count(), MANY);
  await page.locator(".more > summary").first().click();
  for (const headline of [
    "service-000: failing for checkout (bronze), 60\u00a0% of requests not served",
    "64-chs: unreachable for checkout and unknown callers, 57\u00a0% of requests not served",
    "service-002: no active contract, every request is refused",
    "service-003: a new contract was refused, 1.4.0 stays active",
    "service-006: failing for checkout, 75\u00a0% of requests not served",
    "service-007: requests from checkout violate the contract, 3\u00a0% of them now",
    "service-008: over capacity for checkout, 12\u00a0% of requests not served",
    "service-009: deploy window open for another 8\u00a0min",
    "service-010: 2.0.0 is being tested as a candidate",
    "service-012: circuit closed again for checkout (bronze)",
    "service-011: an override switches the breaker off for checkout",
    "service-013: circuit half-open for checkout (bronze), no calls now",
    "Portcullis: this machine lacks descriptors, ports, memory or the resolver, 3.0 requests/s not sent",
    "mobile: requests violate the contracts of service-016 and service-017, none in the last seconds",
  ]) {
    assert.equal(await page.locator(".cause h3").filter({ hasText: headline }).count(), 1, headline);
  }
  // Since the circuit opened, not since the last probe; the counts that opened it are old news.
  const first = page.locator(".cause").filter({ hasText: "service-000:" });
  await seen(first, ".facts-line", /since \d\d:\d\d:\d\d \(40\u00a0s\)/);
  await seen(first, ".facts-line", "20/s now: 10/s refused by circuits, 2.0/s failed upstream, 8.0/s served");
  await seen(first, ".facts-line", "1 circuit open, next probe in 12\u00a0s");
  assert.doesNotMatch(await first.textContent(), /31 of 50/);
  await seen(page, ".cause .facts-line", "opened 2 times");
  await seen(page, ".cause .call", "no provider in the catalog");
  await seen(page, "#say", "11 causes need attention: ");
  await seen(page, "#verdict", "11 causes need attention");
  await seen(page, "#service-service-004 dl", "–");
  await seen(page, "#service-service-005 dl", "–");
}

// The page requests the report only while the service is expanded.
async function showsTheCandidate(page, world) {
  await page.locator("#service-service-010 button[data-act=toggle]").click();
  await advance(page, world);
  await seen(page, "#service-service-010 caption", "40 exchanges checked in 60\u00a0s, 3 would be refused");
  await seen(page, "#service-service-010 td", "next.yaml:279");
  await seen(page, "#panel-service-010 td", "99.95 %");
  await seen(page, "#panel-service-010 caption", "1 of 3 healthy, 7 requests in flight");
  await seen(page, "#panel-service-010 .badge.bad", "unhealthy");
  await seen(page, "#panel-service-010 td", "connection refused");
}

async function escapesMarkup(page) {
  await page.locator("#service-service-007 button").click();
  await seen(page, "#service-service-007 td", '<img src=x onerror="document.title=1">');
  await seen(page, "#feed td", '<img src=x onerror="document.title=1">');
  assert.equal(await page.locator("main img, main script, main iframe").count(), 0);
  assert.match(await page.title(), /^\(11\) Portcullis – /);
}

async function searches(page) {
  await page.locator("#find").fill("service-01");
  await seen(page, "#shown", "10 of 200 services");
  assert.equal(await page.locator(".service").count(), 10);
  await page.locator("#find").fill("no such thing");
  await seen(page, "#list", "No matching services.");
  await page.locator("#find").fill("");
  await page.locator("#only").selectOption("trouble");
  await seen(page, "#shown", "11 of 200 services");
  await page.locator("#only").selectOption("");
}

// A service with a new problem moves to the top, and the focus moves with it.
async function keepsFocus(page, world) {
  const button = page.locator("#service-service-150 button[data-act=toggle]");
  await button.focus();
  world.answers.contracts.services[150].in_force = false;
  await advance(page, world);
  await seen(page, "#service-service-150 dl", "none");
  // What begins while the page is open is announced as new.
  while (!/New: /.test(await page.locator("#say").textContent())) await advance(page, world);
  await seen(page, "#say", "New: service-150: no active contract, every request is refused.");
  assert.ok(await button.evaluate((node) => node === document.activeElement), "the focus is lost");
  assert.equal(await page.locator("article[id^=service-]").nth(6).getAttribute("id"), "service-service-150");
}

// Services that become unreachable together are one cause.
async function joinsServices(page, world) {
  const { services } = world.answers.breakers;
  const before = services.map((service) => service.everybody);
  const count = () => page.locator(".cause h3").filter({ hasText: "unreachable" }).count();
  assert.equal(await count(), 1);
  for (let index = 20; index < 26; index += 1) services[index].everybody = before[1];
  await advance(page, world);
  await seen(page, ".cause.bad h3", /7 services: unreachable for all callers, [\d.]+\u00a0% of their requests not served/);
  assert.equal(await count(), 1);
  assert.equal(await page.locator(".service.bad").filter({ hasText: "service-025" }).count(), 1);
  services.forEach((service, index) => { service.everybody = before[index]; });
  await advance(page, world);
  await seen(page, ".cause h3", "64-chs: unreachable for checkout");
}

async function pauses(page, world) {
  await page.locator("#pause").click();
  await seen(page, "#link", "Paused; as of");
  const before = world.requests;
  await page.clock.runFor(60_000);
  assert.equal(world.requests, before, "it sends requests although it is paused");
  await page.locator("#pause").click();
  await advance(page, world);
  await seen(page, "#link", "Live");
}

// One route fails: the others still update, and the last data stays.
async function reportsMissingData(page, world) {
  world.answers.traffic = null;
  await advance(page, world);
  await seen(page, "#partly", "/traffic returned status 500");
  await seen(page, "#service-service-007 td", "invalid-body");
}

// A malformed response stops neither the page nor its polling.
async function reportsMalformedData(page, world) {
  const { breakers } = world.answers;
  world.answers.breakers = { services: [{ service: "service-000" }] };
  await advance(page, world);
  await seen(page, "#lost", "cannot display the response of the proxy");
  world.answers.breakers = breakers;
  await advance(page, world);
  await page.locator("#lost p").waitFor({ state: "detached" });
}

// The browser forbids markup assignments, which the page never attempts.
async function forbidsMarkup(page) {
  const isRefused = await page.evaluate(() => {
    try {
      document.createElement("p").innerHTML = "<b>";
      return false;
    } catch {
      return true;
    }
  });
  assert.ok(isRefused, "trusted types are not enforced");
}
