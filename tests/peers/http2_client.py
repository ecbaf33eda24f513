"""An HTTP/2 client of the library h2, which the proxy does not share.

exchanges: requests with their own content, many streams at a time.
resets: cancels requests as fast as it can, until GOAWAY.
"""

import socket
import sys

import h2.config
import h2.connection
import h2.events
import h2.exceptions


def connect(port):
    peer = socket.create_connection(("127.0.0.1", port))
    peer.settimeout(20)
    config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
    connection = h2.connection.H2Connection(config)
    connection.initiate_connection()
    peer.sendall(connection.data_to_send())
    return peer, connection


def head(path):
    return [(":method", "GET"), (":scheme", "http"), (":authority", "shop"), (":path", path)]


def exchanges(port, count, streams_max):
    peer, connection = connect(port)
    sent, done, bodies = 0, 0, {}
    while done < count:
        while sent < count and len(bodies) < streams_max:
            stream = connection.get_next_available_stream_id()
            connection.send_headers(stream, head(f"/items/{sent}"), end_stream=True)
            bodies[stream] = (sent, b"")
            sent += 1
        peer.sendall(connection.data_to_send())
        received = peer.recv(65536)
        if not received:
            sys.exit("the connection ended")
        for event in connection.receive_data(received):
            if isinstance(event, h2.events.DataReceived):
                number, body = bodies[event.stream_id]
                bodies[event.stream_id] = (number, body + event.data)
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                number, body = bodies.pop(event.stream_id)
                if body.decode() != f"/items/{number} ":
                    sys.exit(f"request {number} got {body}")
                done += 1
            elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                sys.exit(f"unexpected {event}")
    print("done", done)


def resets(port):
    peer, connection = connect(port)
    sent = 0
    peer.settimeout(0.001)
    while sent < 5000:
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, head("/items"), end_stream=True)
        connection.reset_stream(stream, error_code=8)
        sent += 1
        try:
            peer.sendall(connection.data_to_send())
            events = connection.receive_data(peer.recv(65536))
        except TimeoutError:
            continue
        except h2.exceptions.ProtocolError:
            # The library accepts nothing after the first GOAWAY.
            break
        if any(isinstance(event, h2.events.ConnectionTerminated) for event in events):
            break
    print("ended after at most 400", sent <= 400)


if sys.argv[1] == "exchanges":
    exchanges(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
else:
    resets(int(sys.argv[2]))
