// Matches patterns as ECMA-262 says, with the flag `u`. Reads lines of JSON, `{"pattern": "…",
// "subjects": ["…"]}`, and writes for each line `1` or `0` for each subject, `?` where a match takes
// too long, or `!` and the reason why the pattern is not valid.
import { createInterface } from 'node:readline';
import { Script, createContext } from 'node:vm';

const MATCHING_MS_MAX = 300;

const context = createContext({});
// Node.js backtracks without a limit, so each pattern has some time for all of its subjects.
const script = new Script(`
    done = [];
    for (const subject of subjects) {
        const found = expression.exec(subject);
        // V8 looks behind from positions inside a pair of surrogates, too, which are not positions of
        // a text with the flag \`u\`.
        const isInside = found && /^[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]/.test(
            subject.slice(Math.max(found.index - 1, 0)),
        ) && found.index > 0;
        done.push(isInside ? '?' : found ? '1' : '0');
    }
`);

function matches(expression, subjects) {
    Object.assign(context, { expression, subjects, done: [] });
    try {
        script.runInContext(context, { timeout: MATCHING_MS_MAX });
    } catch {
        // The rest is unknown.
    }
    return context.done.join('').padEnd(subjects.length, '?');
}

for await (const line of createInterface({ input: process.stdin })) {
    const { pattern, subjects } = JSON.parse(line);
    let answer;
    try {
        answer = matches(new RegExp(pattern, 'u'), subjects);
    } catch (error) {
        answer = `!${error.message}`.replaceAll('\n', ' ');
    }
    process.stdout.write(`${answer}\n`);
}
