"""The requests, the responses of the upstream, and the configuration of Portcullis, for `run` and
for `../instructions`."""

import json
from dataclasses import dataclass
from pathlib import Path

CONTRACT = Path(__file__).resolve().parent / "orders.yaml"
SQUAD_FIELDS = "x-squad-owner: payments\r\nx-sla-tier: gold\r\n"
CATALOG = '[squads.payments]\ntier = "gold"\nweight = 3\n'


def order(lines, first_quantity=1):
    """A valid order; it is invalid if `first_quantity` is 0."""
    def line(number):
        quantity = number + 1 if number else first_quantity
        return (f'{{"sku": "SKU-{1000 + number}", "quantity": {quantity}, '
                f'"unitPrice": {9 + number}.99, "tags": ["a", "fragile"]}}')
    customer = ('{"id": "7f9c24e5-5f1b-4c1e-9d4b-2f0c1f1f7a10", '
                '"email": "buyer@example.com", "tier": "gold"}')
    text = (f'{{"customer": {customer}, "currency": "EUR", '
            '"notes": "leave at the door, ring twice, thank you", "lines": [')
    text += ",\n ".join(line(number) for number in range(lines)) + "]}"
    json.loads(text)
    return text.encode()


def get(target):
    return f"GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\n{SQUAD_FIELDS}\r\n".encode()


def post(body):
    head = (f"POST /v1/orders HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"{SQUAD_FIELDS}content-length: {len(body)}\r\n\r\n")
    return head.encode() + body


@dataclass(frozen=True)
class Load:
    """A request that satisfies the contract, and one of the same size that violates it."""
    title: str
    valid: bytes
    invalid: bytes


LOADS = {
    "get": Load("GET, 2 query parameters",
                get("/v1/orders?limit=20&status=open,paid"),
                get("/v1/orders?limit=0&status=open,paid")),
    "post1k": Load("POST, 1 KB", post(order(10)), post(order(10, 0))),
    "post10k": Load("POST, 10 KB", post(order(119)), post(order(119, 0))),
}
ORDER_ID = "7f9c24e5-5f1b-4c1e-9d4b-2f0c1f1f7a10"
RESPONSE_LOAD = Load("GET, response of 10 KB", get(f"/v1/orders/{ORDER_ID}"), get("/v1/orders/1"))


def response(status, body, media_type="application/json"):
    head = (f"HTTP/1.1 {status}\r\ndate: Fri, 02 Jan 2026 03:04:05 GMT\r\nserver: orders\r\n"
            f"content-type: {media_type}\r\ncontent-length: {len(body)}\r\n\r\n")
    return head.encode() + body


STATE = b'{"id":"o-1","status":"open"}'
# The first prefix that a request starts with decides.
RESPONSES = [
    ("GET /v1/orders/", response("200 OK", order(119))),
    ("GET ", response("200 OK", STATE)),
    # The collector of spans.
    ("POST /v1/traces", response("200 OK", b"", "application/x-protobuf")),
    ("POST ", response("201 Created", STATE)),
]


def write_responses(folder):
    """Writes the responses, and returns the arguments of `bench-load upstream`."""
    arguments = []
    for number, (prefix, message) in enumerate(RESPONSES):
        file = Path(folder) / f"response-{number}"
        file.write_bytes(message)
        arguments.append(f"{prefix}={file}")
    return arguments


def portcullis_config(folder, listen, admin, upstream, *, tracing=True, sections="",
                      service="", request_action="reject", response_action="off"):
    """Writes a configuration with one data core and everything on that a request can pay for;
    `sections` and `service` add keys to the file and to the service."""
    folder = Path(folder)
    catalog = folder / "squads.toml"
    catalog.write_text(CATALOG)
    if tracing:
        sections += f'\n[tracing]\nendpoint = "http://127.0.0.1:{upstream}"\nsample = 0.01\n'
    file = folder / "portcullis.toml"
    file.write_text(f'''
[listen]
address = "127.0.0.1:{listen}"
[admin]
address = "127.0.0.1:{admin}"
[runtime]
data_cores = 1
[catalog]
path = "{catalog}"
{sections}
[[services]]
name = "orders"
squad = "payments"
contract = "{CONTRACT}"
upstream = "http://127.0.0.1:{upstream}"
{service}
[services.enforcement]
request = "{request_action}"
response = "{response_action}"
''')
    return file
