"""A gRPC service that describes itself (server reflection) and reports its health, by grpcio.

Serves until standard input ends; prints the port. Each line of standard input is the state of its
health from then on, as a number of grpc.health.v1: 1 is SERVING.
"""

import sys
import time
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection

SERVICE = "shop.Catalog"


def describe():
    """The file of the service: Get returns an item, List streams some, Wait answers late."""
    file = descriptor_pb2.FileDescriptorProto(name="catalog.proto", package="shop", syntax="proto3")
    fields = {"Query": [("name", 9), ("count", 5)], "Item": [("name", 9), ("price", 5)]}
    for message, of_message in fields.items():
        described = file.message_type.add(name=message)
        for number, (name, kind) in enumerate(of_message, start=1):
            described.field.add(name=name, number=number, type=kind, label=1, json_name=name)
    service = file.service.add(name="Catalog")
    for method, streams in (("Get", False), ("List", True), ("Wait", False)):
        service.method.add(
            name=method, input_type=".shop.Query", output_type=".shop.Item", server_streaming=streams
        )
    pool = descriptor_pool.Default()
    pool.Add(file)
    find = lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
    return find("shop.Query"), find("shop.Item")


def serve():
    Query, Item = describe()

    def get(query, context):
        return Item(name=query.name, price=len(query.name))

    def list_items(query, context):
        for number in range(query.count):
            yield Item(name=f"{query.name}-{number}", price=number)

    def wait(query, context):
        while context.is_active():
            time.sleep(0.01)
        return Item()

    read_write = {"request_deserializer": Query.FromString, "response_serializer": Item.SerializeToString}
    handlers = {
        "Get": grpc.unary_unary_rpc_method_handler(get, **read_write),
        "List": grpc.unary_stream_rpc_method_handler(list_items, **read_write),
        "Wait": grpc.unary_unary_rpc_method_handler(wait, **read_write),
    }
    health = [b"\x08\x01"]
    checks = {"Check": grpc.unary_unary_rpc_method_handler(lambda request, context: health[0])}
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10))
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(SERVICE, handlers),
            grpc.method_handlers_generic_handler("grpc.health.v1.Health", checks),
        )
    )
    reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    for line in sys.stdin:
        health[0] = bytes((8, int(line)))
    server.stop(None)


serve()
