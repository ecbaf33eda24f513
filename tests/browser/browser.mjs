// A Chromium that reports forbidden actions of a page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const PHONE = { isMobile: true, hasTouch: true, reducedMotion: "reduce" };

/** Windows and colour schemes. */
export const LOOKS = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: "light", ...PHONE },
  "phone-dark": { viewport: { width: 360, height: 740 }, colorScheme: "dark", ...PHONE },
};

/** Starts the browser, runs the scenario, and always closes the browser. */
export async function run(scenario) {
  const [executablePath, url, folder] = process.argv.slice(2);
  // The sandbox does not start as root; all pages shown here are our own.
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath, args });
  try {
    await scenario({ browser, url, folder });
  } finally {
    await browser.close();
  }
}

/** Opens a page and collects its errors, warnings and foreign requests; `prepare` runs first. */
export async function open({ browser, url }, look, prepare = async () => {}) {
  const context = await browser.newContext(LOOKS[look]);
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error.stack)));
  page.on("request", (request) => {
    const isOurs = request.url().startsWith(url) || request.url().startsWith("data:");
    if (!isOurs || request.method() !== "GET") problems.push(`${request.method()} ${request.url()}`);
  });
  await prepare(page);
  const answer = await page.goto(url);
  assert.match(answer.headers()["content-type"], /^text\/html/);
  await page.locator(".service").first().waitFor();
  return { page, problems };
}

/** Checks the page with axe, takes a screenshot, and checks that it fits the window. */
export async function audit(page, folder, name, fullPage = false) {
  await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document));
  const lines = violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.html).slice(0, 3).join("\n  ")}`);
  assert.ok(passes.length > 20, `axe checked ${passes.length} rules`);
  for (const line of lines) console.error(`axe, ${name}: ${line}`);
  assert.deepEqual(violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id }) => id), [], name);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name}: ${overflow} px wider than the window`);
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: join(folder, `dashboard-${name}.png`), fullPage });
}

/** Waits until an element contains a text. */
export async function seen(page, selector, text) {
  await page.locator(selector).filter({ hasText: text }).first().waitFor({ state: "attached" });
}
