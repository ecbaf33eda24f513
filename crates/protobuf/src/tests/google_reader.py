"""Reads events by the schemas of their writer and of a reader, with Google's library.

Standard input has a case on each line: the descriptors of both, and the bytes, as hexadecimal digits.
Prints for each whether the reader reads the same, something else, or refuses the event.
"""

import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError


def message_class(digits):
    files = descriptor_pb2.FileDescriptorSet.FromString(bytes.fromhex(digits))
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("M"))


def plain(value):
    if hasattr(value, "ListFields"):
        return values(value)
    return value.encode() if isinstance(value, str) else value


def values(message):
    found = {}
    for field, value in message.ListFields():
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry:
            pairs = [{1: [plain(key)], 2: [plain(value[key])]} for key in value]
            found[field.number] = sorted(pairs, key=str)
        elif hasattr(value, "append"):
            found[field.number] = [plain(one) for one in value]
        else:
            found[field.number] = [plain(value)]
    return found


for line in sys.stdin:
    writer, reader, digits = line.split(" ")
    data = bytes.fromhex(digits)
    written = message_class(writer).FromString(data)
    try:
        read = message_class(reader).FromString(data)
    except DecodeError:
        print("refused")
        continue
    if not read.IsInitialized():
        print("refused")
    else:
        print("same" if values(written) == values(read) else "other")
