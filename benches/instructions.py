#!/usr/bin/env python3
"""User-mode instructions for one request, counted by callgrind: nearly the same in every run, whatever else the machine does.

    benches/instructions.py BINARY [get post1k post10k response10k]
    benches/instructions.py nginx  [get post1k post10k response10k]     a plain proxy_pass, for comparison
    benches/instructions.py BINARY get --out DIR                        keeps the profile, for callgrind_annotate

One data core, requests are rejected, responses only in `response10k`. Needs valgrind and nginx."""
import os, re, signal, socket, subprocess, sys, tempfile, time

DIR = tempfile.mkdtemp()
WARM, TIMES = 300, 1000

CONTRACT = """
openapi: 3.0.3
info: {title: Orders, version: 1.0.0}
servers: [{url: /v1}]
paths:
  /orders:
    get:
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: status, in: query, explode: false, schema: {type: array, items: {type: string, enum: [open, paid, shipped]}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Receipt'}}}}}
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Receipt'}}}}}
  /last-order:
    get:
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}}
components:
  schemas:
    Receipt: {type: object, required: [id, status], properties: {id: {type: string}, status: {type: string}}}
    Order:
      type: object
      additionalProperties: false
      required: [customer, lines, currency]
      properties:
        customer:
          type: object
          required: [id, email]
          properties:
            id: {type: string, format: uuid}
            email: {type: string, maxLength: 120}
            tier: {type: string, enum: [gold, silver, bronze], nullable: true}
        currency: {type: string, pattern: '^[A-Z]{3}$'}
        notes: {type: string, maxLength: 500}
        lines: {type: array, minItems: 1, maxItems: 200, items: {$ref: '#/components/schemas/Line'}}
    Line:
      type: object
      required: [sku, quantity, unitPrice]
      additionalProperties: false
      properties:
        sku: {type: string, pattern: '^[A-Z0-9-]{4,24}$'}
        quantity: {type: integer, minimum: 1, maximum: 9999}
        unitPrice: {type: number, minimum: 0}
        tags: {type: array, items: {type: string}, maxItems: 8}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


UPSTREAM, FRONT, ADMIN = free_port(), free_port(), free_port()


def order(lines):
    line = '{"sku": "SKU-%d", "quantity": %d, "unitPrice": %d.99, "tags": ["a", "fragile"]}'
    lines = ",\n ".join(line % (1000 + i, i + 1, 9 + i) for i in range(lines))
    customer = '{"id": "7f9c24e5-5f1b-4c1e-9d4b-2f0c1f1f7a10", "email": "buyer@example.com", "tier": "gold"}'
    return f'{{"customer": {customer}, "currency": "EUR", "notes": "leave at the door, ring twice, thank you", "lines": [{lines}]}}'


def write(name, text):
    with open(f"{DIR}/{name}", "w") as file:
        file.write(text)
    return f"{DIR}/{name}"


def nginx(name, server):
    return write(name, f"""worker_processes 1; daemon off; master_process off; pid {DIR}/{name}.pid; error_log {DIR}/{name}.log crit;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_buffer_size 64k; upstream back {{ server 127.0.0.1:{UPSTREAM}; keepalive 256; keepalive_requests 1000000000; }}
 server {{ default_type application/json; {server} }} }}""")


def command(binary):
    if binary == "nginx":
        proxy = 'proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection "";'
        return ["nginx", "-c", nginx("front", f"listen 127.0.0.1:{FRONT}; location / {{ {proxy} }}")]
    write("squads.toml", '[squads.payments]\ntier = "gold"\n')
    write("orders.yaml", CONTRACT)
    config = f"""[listen]
address = "127.0.0.1:{FRONT}"
[admin]
address = "127.0.0.1:{ADMIN}"
[runtime]
data_cores = 1
[catalog]
path = "{DIR}/squads.toml"
[[services]]
name = "orders"
squad = "payments"
contract = "{DIR}/orders.yaml"
upstream = "http://127.0.0.1:{UPSTREAM}"
[services.enforcement]
request = "reject"
response = "RESPONSE"
"""
    write("off.toml", config.replace("RESPONSE", "off"))
    write("judged.toml", config.replace("RESPONSE", "reject"))
    return [binary, "serve", "--config"]


def request(load):
    fields = "Host: 127.0.0.1\r\nx-squad-owner: payments\r\nx-sla-tier: gold\r\n"
    if load in ("get", "response10k"):
        target = "/v1/orders?limit=20&status=open,paid" if load == "get" else "/v1/last-order"
        return f"GET {target} HTTP/1.1\r\n{fields}\r\n".encode()
    body = order(10 if load == "post1k" else 119)
    return f"POST /v1/orders HTTP/1.1\r\n{fields}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


def drive(message, times):
    with socket.create_connection(("127.0.0.1", FRONT)) as client:
        client.settimeout(60)
        for _ in range(times):
            client.sendall(message)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += client.recv(65536)
            head, body = answer.split(b"\r\n\r\n", 1)
            assert head.startswith(b"HTTP/1.1 200"), answer[:300]
            length = int(re.search(rb"content-length: (\d+)", head, re.I).group(1))
            while len(body) < length:
                body += client.recv(65536)


def is_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
        return True
    except OSError:
        return False


def count(program, load, profile):
    valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", "--instr-atstart=no"]
    with open(f"{DIR}/log", "w") as log:
        front = subprocess.Popen(valgrind + program, stdout=log, stderr=subprocess.STDOUT)
    control = lambda *options: subprocess.run(["callgrind_control", *options, str(front.pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    try:
        until = time.time() + 120
        while not is_listening(FRONT):
            if front.poll() is not None or time.time() > until:
                sys.exit("did not start: " + open(f"{DIR}/log").read()[-600:])
            time.sleep(0.3)
        drive(request(load), WARM)
        control("-i", "on")
        drive(request(load), TIMES)
        control("-i", "off")
    finally:
        front.send_signal(signal.SIGTERM)
        front.wait(90)
    return int(re.search(r"Collected : (\d+)", open(f"{DIR}/log").read()).group(1)) / TIMES


def main(arguments):
    kept = DIR
    if "--out" in arguments:
        at = arguments.index("--out")
        kept = arguments[at + 1]
        os.makedirs(kept, exist_ok=True)
        del arguments[at : at + 2]
    if not arguments:
        sys.exit(__doc__)
    binary, loads = arguments[0], arguments[1:] or ["get", "post1k", "post10k", "response10k"]
    program = command(binary)
    receipt = '{"id":"o-1","status":"open"}'
    last = f"location = /v1/last-order {{ alias {write('order.json', order(119))}; }}"
    answers = f"location / {{ return 200 '{receipt}'; }} {last}"
    upstream = subprocess.Popen(["nginx", "-c", nginx("upstream", f"listen 127.0.0.1:{UPSTREAM}; {answers}")], stderr=subprocess.DEVNULL)
    try:
        for load in loads:
            config = [] if binary == "nginx" else [f"{DIR}/{'judged' if load == 'response10k' else 'off'}.toml"]
            instructions = count(program + config, load, f"{kept}/{load}.out")
            print(f"{load:12} {instructions:9.0f} instructions for a request", flush=True)
    finally:
        upstream.terminate()
        upstream.wait(10)


if __name__ == "__main__":
    main(sys.argv[1:])
