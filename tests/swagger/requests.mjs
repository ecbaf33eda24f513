// Generates requests for the operations of a Swagger 2.0 document: about half of them valid, the
// others with one or more values that are wrong, missing, repeated or not declared.
import { createHash } from 'node:crypto';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

/** Texts that are wrong for most types, or at a border. */
const ODD_TEXTS = ['', ' ', 'x', '0', '-1', '1.5', '1e2', 'true', 'null', 'a,b', 'a|b', 'a b', 'é', '[]', '{}', '01', '+1'];
const ODD_VALUES = [null, true, 0, -1, 1.5, '', 'x', [], {}, [null], { a: null }, 9007199254740993];

const SEPARATORS = { csv: ',', ssv: ' ', tsv: '\t', pipes: '|' };
const DEPTH_MAX = 6;

/** Random numbers that depend on a seed only. */
class Random {
    #seed;
    #bytes = Buffer.alloc(0);
    #block = 0;

    constructor(seed) {
        this.#seed = seed;
    }

    below(bound) {
        if (this.#bytes.length < 4) {
            this.#block += 1;
            this.#bytes = createHash('sha256').update(`${this.#seed}/${this.#block}`).digest();
        }
        const number = this.#bytes.readUInt32LE(0);
        this.#bytes = this.#bytes.subarray(4);
        return number % bound;
    }

    chance(percent) {
        return this.below(100) < percent;
    }

    pick(list) {
        return list[this.below(list.length)];
    }
}

export class Requests {
    #document;
    #random;
    #operations;

    constructor(document, seed) {
        this.#document = document;
        this.#random = new Random(seed);
        this.#operations = this.#list();
    }

    /** As many requests as asked for, or none if the document has no operation. */
    take(count) {
        return this.#operations.length ? Array.from({ length: count }, () => this.#request()) : [];
    }

    #list() {
        const operations = [];
        for (const [path, item] of Object.entries(this.#document.paths ?? {})) {
            for (const method of METHODS.filter((method) => item?.[method])) {
                const own = this.#parameters(item[method].parameters);
                const isOwn = (one) => own.some((other) => other.name === one.name && other.in === one.in);
                const shared = this.#parameters(item.parameters).filter((one) => !isOwn(one));
                operations.push({ path, method, operation: item[method], parameters: [...own, ...shared] });
            }
        }
        return operations;
    }

    #parameters(list) {
        return (list ?? []).map((parameter) => this.#resolved(parameter)).filter((one) => one.in);
    }

    #resolved(node) {
        let target = node;
        for (let step = 0; target?.$ref && step < DEPTH_MAX; step += 1) {
            const words = target.$ref.split('#/')[1]?.split('/') ?? [];
            const names = words.map((word) => decodeURIComponent(word).replaceAll('~1', '/').replaceAll('~0', '~'));
            target = names.reduce((at, name) => at?.[name], this.#document);
        }
        return target ?? {};
    }

    #request() {
        const random = this.#random;
        const { path, method, operation, parameters } = random.pick(this.#operations);
        // Most requests have at most one fault, so its verdict is visible.
        const faulty = random.chance(50) && parameters.length ? random.pick(parameters) : undefined;
        const headers = this.#credentials(operation);
        const [query, form] = [[], []];
        let [target, body] = [path, undefined];
        for (const parameter of parameters) {
            const isFaulty = parameter === faulty;
            if (!parameter.required && !isFaulty && random.chance(40)) {
                continue;
            }
            if (isFaulty && parameter.in !== 'path' && random.chance(15)) {
                continue;
            }
            if (parameter.in === 'body') {
                body = this.#value(parameter.schema ?? {}, isFaulty, 0);
                continue;
            }
            const texts = this.#texts(parameter, isFaulty);
            if (parameter.in === 'query') {
                query.push(...texts.map((text) => [parameter.name, text]));
            } else if (parameter.in === 'formData') {
                form.push(...texts.map((text) => [parameter.name, text, parameter.type]));
            } else if (parameter.in === 'header') {
                headers.push([parameter.name, texts[0].replaceAll(/[^\x20-\x7e]/g, '?')]);
            } else if (parameter.in === 'path') {
                target = target.replaceAll(`{${parameter.name}}`, encodeURIComponent(texts[0] || 'x'));
            }
        }
        if (random.chance(3)) {
            query.push(['undeclared', '1']);
        }
        const base = (this.#document.basePath ?? '').replace(/\/$/, '');
        const request = {
            method: method.toUpperCase(),
            path: base + target + (query.length ? `?${encoded(query)}` : ''),
            headers,
        };
        this.#addBody(request, operation, body, form, parameters);
        return request;
    }

    #addBody(request, operation, body, form, parameters) {
        const random = this.#random;
        const types = operation.consumes ?? this.#document.consumes ?? [];
        if (body !== undefined) {
            const type = types.find((type) => type.includes('json')) ?? types[0] ?? 'application/json';
            request.headers.push(['content-type', random.chance(4) ? 'text/plain' : type]);
            request.body = type.includes('json') ? JSON.stringify(body) : String(body);
        } else if (form.length || parameters.some((one) => one.in === 'formData')) {
            const hasFile = parameters.some((one) => one.type === 'file');
            const isMultipart = hasFile || (types.length > 0 && !types.includes('application/x-www-form-urlencoded'));
            if (isMultipart) {
                request.headers.push(['content-type', 'multipart/form-data; boundary=xYx']);
                request.body = `${form.map(part).join('')}--xYx--\r\n`;
            } else {
                request.headers.push(['content-type', 'application/x-www-form-urlencoded']);
                request.body = encoded(form);
            }
        }
    }

    #credentials(operation) {
        const headers = [];
        for (const alternative of (operation.security ?? this.#document.security ?? []).slice(0, 1)) {
            for (const name of Object.keys(alternative)) {
                const scheme = this.#document.securityDefinitions?.[name] ?? {};
                if (scheme.type === 'apiKey' && scheme.in === 'header') {
                    headers.push([scheme.name, 'k']);
                } else {
                    headers.push(['authorization', scheme.type === 'basic' ? 'Basic eDp5' : 'Bearer x']);
                }
            }
        }
        return headers;
    }

    /** The texts of a parameter: several for the format `multi`. */
    #texts(parameter, isFaulty) {
        if (parameter.type !== 'array') {
            return [this.#text(parameter, isFaulty)];
        }
        const random = this.#random;
        const least = parameter.minItems ?? 1;
        const length = isFaulty ? random.below((parameter.maxItems ?? 3) + 2) : Math.max(least, 1);
        const items = this.#resolved(parameter.items ?? {});
        const bad = isFaulty ? random.below(length + 1) : -1;
        const texts = Array.from({ length }, (_, at) => this.#texts(items, at === bad)[0] ?? '');
        if (parameter.collectionFormat === 'multi') {
            return texts.length ? texts : [''];
        }
        return [texts.join(SEPARATORS[parameter.collectionFormat ?? 'csv'] ?? ',')];
    }

    #text(schema, isFaulty) {
        if (isFaulty) {
            return this.#random.pick(ODD_TEXTS);
        }
        const value = this.#value(schema, false, 0);
        return typeof value === 'object' ? JSON.stringify(value) : String(value);
    }

    #value(written, isFaulty, depth) {
        const random = this.#random;
        const schema = this.#resolved(written);
        if (isFaulty && (depth >= DEPTH_MAX || random.chance(30))) {
            return random.pick(ODD_VALUES);
        }
        if (schema.enum) {
            return random.pick(schema.enum);
        }
        if (schema.allOf) {
            const parts = schema.allOf.map((part) => this.#value(part, isFaulty, depth + 1));
            const own = schema.properties ? [this.#object(schema, isFaulty, depth)] : [];
            return Object.assign({}, ...[...parts, ...own].filter((part) => typeof part === 'object'));
        }
        switch (schema.type ?? (schema.properties ? 'object' : undefined)) {
            case 'integer':
                return Math.trunc(schema.minimum ?? Math.min(1, schema.maximum ?? 1)) + (schema.exclusiveMinimum === true ? 1 : 0);
            case 'number':
                return (schema.minimum ?? Math.min(1, schema.maximum ?? 1)) + (schema.exclusiveMinimum === true ? 0.5 : 0);
            case 'boolean':
                return random.chance(50);
            case 'array': {
                const length = depth >= DEPTH_MAX ? 0 : (schema.minItems ?? random.below(3));
                const bad = isFaulty ? random.below(length + 1) : -1;
                return Array.from({ length }, (_, at) => this.#value(schema.items ?? {}, at === bad, depth + 1));
            }
            case 'object':
                return this.#object(schema, isFaulty, depth);
            case undefined:
                return random.pick(ODD_VALUES);
            default:
                return textOf(schema);
        }
    }

    #object(schema, isFaulty, depth) {
        const random = this.#random;
        const object = {};
        const names = Object.keys(schema.properties ?? {});
        const faulty = isFaulty && names.length ? random.pick(names) : undefined;
        for (const name of names) {
            const isRequired = schema.required?.includes?.(name);
            if (!isRequired && name !== faulty && (depth >= DEPTH_MAX || random.chance(40))) {
                continue;
            }
            if (name === faulty && random.chance(25)) {
                continue;
            }
            object[name] = this.#value(schema.properties[name], name === faulty, depth + 1);
        }
        if (isFaulty && random.chance(20)) {
            object.undeclared = random.pick(ODD_VALUES);
        }
        return object;
    }
}

function encoded(pairs) {
    return pairs.map(([name, text]) => `${encodeURIComponent(name)}=${encodeURIComponent(text)}`).join('&');
}

function part([name, text, type]) {
    const file = type === 'file' ? `; filename="a.bin"\r\ncontent-type: application/octet-stream` : '';
    return `--xYx\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n${text}\r\n`;
}

/** A text of a format and a length; patterns are left to chance. */
function textOf(schema) {
    const formats = {
        date: '2026-01-31',
        'date-time': '2026-01-31T10:00:00Z',
        uuid: '123e4567-e89b-42d3-a456-426614174000',
        email: 'a@example.com',
        uri: 'https://example.com/a',
        byte: 'aGk=',
        ipv4: '192.0.2.1',
        ipv6: '2001:db8::1',
        hostname: 'a.example.com',
    };
    const text = formats[schema.format] ?? 'abc';
    const padded = text.padEnd(schema.minLength ?? 0, 'a');
    return schema.maxLength === undefined ? padded : padded.slice(0, schema.maxLength);
}
