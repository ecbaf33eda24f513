"""Reads multipart bodies as Python programs do.

Arguments: the name of a reader, and a file with one JSON object in each line (`content_type`, and
`body` in base64). Prints one line for each: a JSON list of `[name, data]` in base64, or null if the
reader refuses the body.
"""

import base64
import io
import json
import sys
import warnings

warnings.simplefilter("ignore")


def read_with_werkzeug(content_type, body):
    from werkzeug.wrappers import Request

    request = Request(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": content_type.encode("utf-8").decode("latin-1"),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
    )
    parts = [(name, value.encode()) for name, value in request.form.items(multi=True)]
    return parts + [(name, file.read()) for name, file in request.files.items(multi=True)]


def read_with_django(content_type, body):
    from django.conf import settings

    if not settings.configured:
        settings.configure(DATA_UPLOAD_MAX_NUMBER_FILES=None)
    from django.core.files.uploadhandler import MemoryFileUploadHandler
    from django.http.multipartparser import MultiPartParser

    handler = MemoryFileUploadHandler()
    meta = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": len(body)}
    fields, files = MultiPartParser(meta, io.BytesIO(body), [handler]).parse()
    parts = [(name, value.encode()) for name in fields for value in fields.getlist(name)]
    return parts + [(name, file.read()) for name in files for file in files.getlist(name)]


def read_with_email(content_type, body):
    from email.parser import BytesParser
    from email.policy import Compat32

    class RawHeaders(Compat32):
        # Otherwise octets other than ASCII are replaced.
        def header_fetch_parse(self, name, value):
            return value

    head = b"Content-Type: " + content_type.encode() + b"\r\n\r\n"
    message = BytesParser(policy=RawHeaders()).parsebytes(head + body)
    if not message.is_multipart():
        return []
    parts = []
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        # Names are read as text in which other octets than ASCII are escaped.
        parts.append((name.encode("utf-8", "surrogateescape").decode(), data))
    return parts


class PhpServer:
    """The server that PHP has for development, on a free port."""

    def __init__(self):
        import atexit
        import pathlib
        import socket
        import subprocess

        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        page = pathlib.Path(__file__).with_name("post.php")
        options = ["-d", "display_errors=0", "-d", "max_file_uploads=1000"]
        command = ["php", *options, "-S", f"127.0.0.1:{self.port}", str(page)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        atexit.register(self.process.kill)
        while self.process.poll() is None:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                continue
        raise SystemExit("the server of PHP does not start")

    def post(self, content_type, body):
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", "/", body, {"Content-Type": content_type.encode()})
        parts = json.loads(connection.getresponse().read())
        connection.close()
        return [(base64.b64decode(name).decode(), base64.b64decode(data)) for name, data in parts]


def read_with_php(content_type, body, server=[]):
    server or server.append(PhpServer())
    return server[0].post(content_type, body)


def main():
    read = globals()["read_with_" + sys.argv[1]]
    for line in open(sys.argv[2], encoding="utf-8"):
        case = json.loads(line)
        try:
            parts = read(case["content_type"], base64.b64decode(case["body"]))
        except Exception:
            parts = None
        encode = lambda octets: base64.b64encode(octets).decode()
        if parts is not None:
            parts = [[encode(name.encode()), encode(data)] for name, data in parts]
        print(json.dumps(parts))


main()
