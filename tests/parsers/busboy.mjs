// Reads multipart bodies with busboy, which multer uses, too. The argument is a file with one JSON
// object in each line (`content_type`, and `body` in base64). Prints one line for each: a JSON list
// of `[name, data]` in base64, or null if busboy refuses the body.

import { readFileSync } from "node:fs";
import busboy from "busboy";

// busboy reads names as Latin-1 unless an application asks for UTF-8.
const octets = (name) => Buffer.from(name, "latin1").toString("base64");

function read({ content_type, body }) {
  return new Promise((resolve) => {
    const parts = [];
    let reader;
    try {
      reader = busboy({ headers: { "content-type": content_type } });
    } catch {
      resolve(null);
      return;
    }
    reader.on("field", (name, value) => {
      parts.push([octets(name ?? ""), Buffer.from(value).toString("base64")]);
    });
    reader.on("file", (name, stream) => {
      const part = [octets(name ?? ""), ""];
      parts.push(part);
      const pieces = [];
      stream.on("data", (piece) => pieces.push(piece));
      stream.on("end", () => (part[1] = Buffer.concat(pieces).toString("base64")));
    });
    reader.on("close", () => resolve(parts));
    reader.on("error", () => resolve(null));
    reader.end(Buffer.from(body, "base64"));
  });
}

for (const line of readFileSync(process.argv[2], "utf8").trim().split("\n")) {
  console.log(JSON.stringify(await read(JSON.parse(line))));
}
