"""A WebSocket client and server of the library websockets, which the proxy does not share.

serve PORT CERT KEY: echoes every message, with TLS if CERT is not `-`; prints its port.
talk URL CA: sends messages of many sizes, and compares what comes back.
"""

import asyncio
import hashlib
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def run_server(cert, key):
    context = None
    if cert != "-":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
    async with serve(
        echo, "127.0.0.1", 0, ssl=context, subprotocols=["chat"], max_size=None, open_timeout=None
    ) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


def message(number, length):
    block = hashlib.sha256(str(number).encode()).digest()
    data = (block * (length // len(block) + 1))[:length]
    return data if number % 2 else data.hex()[:length]


async def talk(url, ca):
    context = None
    if url.startswith("wss:"):
        context = ssl.create_default_context(cafile=ca)
    lengths = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20]
    lengths += [(n * 7919) % 5000 for n in range(500)]
    async with connect(url, ssl=context, subprotocols=["chat"], max_size=None) as connection:
        assert connection.subprotocol == "chat", connection.subprotocol
        assert connection.protocol.extensions, "compression was not negotiated"
        # All are sent before any is read, in the end.
        for number, length in enumerate(lengths):
            await connection.send(message(number, length))
            assert await connection.recv() == message(number, length), length
        await asyncio.wait_for(await connection.ping(), 10)
        for number, length in enumerate(lengths[8:]):
            await connection.send(message(number, length))
        for number, length in enumerate(lengths[8:]):
            assert await connection.recv() == message(number, length), length
        await connection.close(1000, "done")
        assert connection.close_code == 1000, connection.close_code
    print("echoed", 2 * len(lengths) - 8)


async def many(url, count):
    async def one(number):
        async with connect(url, subprotocols=["chat"], open_timeout=None) as connection:
            for turn in range(5):
                text = f"{number} {turn}"
                await connection.send(text)
                assert await connection.recv() == text

    await asyncio.gather(*(one(number) for number in range(count)))
    print("matched", count * 5)


words = sys.argv[1:]
if words[0] == "serve":
    asyncio.run(run_server(words[1], words[2]))
elif words[0] == "talk":
    asyncio.run(talk(words[1], words[2]))
else:
    asyncio.run(many(words[1], int(words[2])))
