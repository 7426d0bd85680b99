"""A server with a forward proxy, and what clients of it do."""
import base64
import contextlib
import json
import socket
import ssl
import urllib.request

from mock import TOKEN_FORM, Server, status

TOKEN = "/ia/api/v1/oauth2/token"


def get(url, data=None, method=None):
    """Of the control API; urllib looks at no proxy here."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, None if data is None else json.dumps(data).encode(), method=method,
                                     headers={"Content-Type": "application/json"})
    with opener.open(request, timeout=20) as answer:
        text = answer.read()
        return json.loads(text) if text.startswith((b"{", b"[")) else text.decode()


class Proxied(Server):
    """A server with a proxy, and what its clients do."""

    def __init__(self, *options, control=None, **more):
        """control: a port of its own for the control API."""
        super().__init__("--proxy", "0", *(("--control", str(control)) if control else ()), *options, **more)
        self.control = f"http://127.0.0.1:{control}" if control else self.url
        ready = get(self.control + "/__mock/ready")
        self.proxy = ready["proxy"]
        self.proxy_port = int(self.proxy.rsplit(":", 1)[1])
        self.trust = ssl.create_default_context(cadata=get(self.control + "/__mock/ca.pem"))

    def dial(self, port=None, source=None):
        """source: the address to come from."""
        return socket.create_connection(("127.0.0.1", port or self.proxy_port), 20,
                                        source_address=(source, 0) if source else None)

    def tunnel(self, target, headers="", port=None, source=None):
        """(the socket, the head of the answer to CONNECT)"""
        plain = self.dial(port, source)
        plain.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{headers}\r\n".encode())
        return plain, read_head(plain)

    def secure(self, host="api.intacct.com", headers="", name=None, port=None, trust=None):
        plain, head = self.tunnel(f"{host}:443", headers, port)
        if status(head) != 200:
            raise ConnectionError(head)
        return (trust or self.trust).wrap_socket(plain, server_hostname=name or host)

    def ask(self, secured, method, path, content="", headers=""):
        secured.sendall(f"{method} {path} HTTP/1.1\r\nHost: api.intacct.com\r\n{headers}"
                        f"Content-Length: {len(content)}\r\n\r\n{content}".encode())
        return read_answer(secured)

    def token(self, **where):
        with self.secure(**where) as secured:
            return self.ask(secured, "POST", TOKEN, TOKEN_FORM, "Content-Type: application/x-www-form-urlencoded\r\n")

    def via(self, data, port=None, source=None):
        """Bytes to the proxy; all that comes back until it closes."""
        with self.dial(port, source) as plain:
            with contextlib.suppress(ConnectionError):
                plain.sendall(data)
                plain.shutdown(socket.SHUT_WR)
            return read_all(plain)

    def journal(self, sandbox="default", query=""):
        return get(f"{self.control}/__mock/sandboxes/{sandbox}/requests{query}")["requests"]


def read_head(connection):
    head = b""
    while b"\r\n\r\n" not in head and (piece := connection.recv(1)):
        head += piece
    return head


def read_answer(connection):
    head = read_head(connection)
    length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))[15:])
    content = b""
    while len(content) < length and (piece := connection.recv(65536)):
        content += piece
    return head + content


def read_all(connection):
    whole = b""
    with contextlib.suppress(ConnectionResetError, TimeoutError):
        while piece := connection.recv(65536):
            whole += piece
    return whole


def basic(user):
    return "Proxy-Authorization: Basic " + base64.b64encode(f"{user}:".encode()).decode() + "\r\n"
