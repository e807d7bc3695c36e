"""Serves a Django project over https on loopback for a test: `serve_https MODULE CERTIFICATE`, prints the port."""

import importlib
import ssl
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class _Server(WSGIServer):
    """Says that requests came over https, as a server in front would."""

    def setup_environ(self) -> None:
        super().setup_environ()
        self.base_environ["HTTPS"] = "on"


class _Handler(WSGIRequestHandler):
    """Keeps quiet."""

    def get_environ(self) -> dict[str, str]:
        environ: dict[str, str] = super().get_environ()
        return environ | {"wsgi.url_scheme": "https"}

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def main() -> None:
    """Serve until killed."""
    module, certificate = sys.argv[1:]
    application = importlib.import_module(module).application
    server = make_server("127.0.0.1", 0, application, _Server, _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
