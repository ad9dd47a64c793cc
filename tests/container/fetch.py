"""One HTTP request to nginx, for the tests: options as JSON on standard input, the answer as JSON on standard output.

Runs in the stack's network, with nothing but the standard library.
"""

import http.client
import json
import socket
import ssl
import sys


def main() -> None:
    asked = json.load(sys.stdin)
    host = asked.get("host", "desk.test")
    try:
        connection = connect(asked, host)
        connection.request(
            asked.get("method", "GET"),
            asked["path"],
            body=b"x" * asked["bytes"] if "bytes" in asked else asked.get("body", "").encode() or None,
            headers={"Host": asked.get("host_header", host), **asked.get("headers", {})},
        )
        answer = connection.getresponse()
        said = [answer.status, {name.lower(): value for name, value in answer.getheaders()}]
        said.append(answer.read().decode("utf-8", "replace"))
    except OSError as error:
        said = [0, {}, str(error)]
    print(json.dumps(dict(zip(("status", "headers", "body"), said, strict=True))))  # noqa: T201  its purpose


def connect(asked: dict, host: str) -> http.client.HTTPConnection:
    plain = socket.create_connection(("127.0.0.1", 80 if asked.get("plain") else 443), timeout=30)
    connection = http.client.HTTPConnection(host)
    if asked.get("plain"):
        connection.sock = plain
        return connection
    context = ssl._create_unverified_context()  # the certificate is made for this run
    if "tls" in asked:
        context.minimum_version = context.maximum_version = ssl.TLSVersion[asked["tls"]]
    connection.sock = context.wrap_socket(plain, server_hostname=host)
    return connection


main()
