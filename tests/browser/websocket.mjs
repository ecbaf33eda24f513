// A page that opens a WebSocket to the origin that served it: it receives `hello`, sends `back`, and
// sees the connection closed in order.

import assert from "node:assert/strict";

import { run } from "./browser.mjs";

await run(async ({ browser, url }) => {
  const origin = `localhost:${new URL(url).port}`;
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(`https://${origin}/items`);
  const talked = await page.evaluate(
    (address) =>
      new Promise((resolve) => {
        const socket = new WebSocket(address);
        const heard = [];
        socket.onmessage = (event) => {
          heard.push(event.data);
          socket.send("back");
        };
        socket.onclose = (event) => resolve({ heard, code: event.code });
      }),
    `wss://${origin}/items`,
  );
  assert.deepEqual(talked, { heard: ["hello"], code: 1000 });
});
