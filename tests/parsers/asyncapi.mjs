// Parses every AsyncAPI document of a directory and prints the errors that AsyncAPI's own parser finds.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Parser } from "@asyncapi/parser";
import { ProtoBuffSchemaParser } from "@asyncapi/protobuf-schema-parser";

const [directory] = process.argv.slice(2);
const parser = new Parser();
parser.registerSchemaParser(ProtoBuffSchemaParser());
const names = readdirSync(directory).sort();
const ERROR = 0;
let accepted = 0;
for (const name of names) {
  const text = readFileSync(join(directory, name), "utf8");
  const { diagnostics } = await parser.parse(text, { source: join(directory, name) });
  const errors = diagnostics.filter((one) => one.severity === ERROR);
  accepted += errors.length === 0 ? 1 : 0;
  for (const { path, message } of errors) {
    console.log(`${name}: /${path.join("/")}: ${message}`);
  }
}
console.error(`${accepted} of ${names.length} accepted`);
