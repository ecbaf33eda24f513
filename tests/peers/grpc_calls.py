"""A gRPC service and its client, by the library grpcio, which the proxy does not share.

serve: serves until standard input ends; prints the port.
call PORT: makes calls of all kinds through the proxy and checks the answers; prints "done".
"""

import sys
import threading
import time
from concurrent import futures

import grpc

SERVICE = "shop.Items"
DETAILS = ("grpc-status-details-bin", b"\x08\x05\x12\x04none\x00\xff")


def get(request, context):
    return request[::-1]


def collect(requests, context):
    return str(sum(len(request) for request in requests)).encode()


def follow(request, context):
    for number in range(int(request)):
        yield str(number).encode()


def chat(requests, context):
    for request in requests:
        yield request.upper()


def fail(request, context):
    context.set_trailing_metadata((DETAILS,))
    context.abort(grpc.StatusCode.NOT_FOUND, "no ü such\nitem")


def fail_late(request, context):
    yield b"first"
    context.set_trailing_metadata((DETAILS,))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "late")


def sleep(request, context):
    while context.is_active():
        time.sleep(0.01)
    return b""


def remaining(request, context):
    return str(context.time_remaining()).encode()


def serve():
    handlers = {
        "Get": grpc.unary_unary_rpc_method_handler(get),
        "Collect": grpc.stream_unary_rpc_method_handler(collect),
        "Follow": grpc.unary_stream_rpc_method_handler(follow),
        "Chat": grpc.stream_stream_rpc_method_handler(chat),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "FailLate": grpc.unary_stream_rpc_method_handler(fail_late),
        "Sleep": grpc.unary_unary_rpc_method_handler(sleep),
        "Remaining": grpc.unary_unary_rpc_method_handler(remaining),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=40))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(None)


def refused(code, call):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, error
        return error
    raise AssertionError(f"the call succeeds, expected {code}")


def call(port):
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    path = lambda method: f"/{SERVICE}/{method}"
    unary = lambda method: channel.unary_unary(path(method))

    assert unary("Get")(b"abc") == b"cba"
    large = bytes(range(256)) * 12_000
    assert unary("Get")(large) == large[::-1]
    collected = channel.stream_unary(path("Collect"))(b"x" * n for n in range(300))
    assert collected == b"44850", collected
    followed = list(channel.unary_stream(path("Follow"))(b"2000"))
    assert followed == [str(n).encode() for n in range(2000)]

    # Each message is sent after the answer to the one before.
    turn = threading.Semaphore(1)

    def questions():
        for number in range(50):
            turn.acquire()
            yield b"q%d" % number

    answers = []
    for answer in channel.stream_stream(path("Chat"))(questions()):
        answers.append(answer)
        turn.release()
    assert answers == [b"Q%d" % number for number in range(50)]

    for method, status in (("Fail", grpc.StatusCode.NOT_FOUND), ("FailLate", grpc.StatusCode.FAILED_PRECONDITION)):
        if method == "Fail":
            error = refused(status, lambda: unary(method)(b""))
            assert error.details() == "no ü such\nitem", error
        else:
            stream = channel.unary_stream(path(method))(b"")
            assert next(stream) == b"first"
            error = refused(status, lambda: next(stream))
        assert DETAILS in [(field.key, field.value) for field in error.trailing_metadata()], error

    began = time.monotonic()
    refused(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: unary("Sleep")(b"", timeout=0.3))
    assert 0.25 < time.monotonic() - began < 3
    left = float(unary("Remaining")(b"", timeout=100))
    # The library rounds up.
    assert 90 < left < 102, left
    # The path is not in the contract.
    refused(grpc.StatusCode.UNIMPLEMENTED, lambda: unary("Other")(b""))

    pending = [unary("Get").future(b"%d" % number) for number in range(1000)]
    for number, future in enumerate(pending):
        if number % 7 == 0:
            future.cancel()
    for number, future in enumerate(pending):
        if not future.cancelled():
            assert future.result() == (b"%d" % number)[::-1]
    print("done")


if sys.argv[1] == "serve":
    serve()
else:
    call(sys.argv[2])
