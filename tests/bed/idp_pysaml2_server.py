"""The process of `idp_pysaml2`: answers as `settings.json`, in the folder of its first argument, says each time."""

import html
import json
import sys
import time
from base64 import b64encode
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import saml2.entity
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.sigver import SecurityContext, pre_encryption_part
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

FOLDER = Path(sys.argv[1])


def main() -> None:
    """Serve on a free port, which is written to the file `port`, until somebody ends the process."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    unfinished = FOLDER / "port.new"
    unfinished.write_text(str(server.server_address[1]), encoding="ascii")
    unfinished.rename(FOLDER / "port")
    server.serve_forever()


def settings() -> dict[str, Any]:
    """Return what is wanted now."""
    found: dict[str, Any] = json.loads((FOLDER / "settings.json").read_text(encoding="utf-8"))
    return found


def config(given: dict[str, Any]) -> IdPConfig:
    """Return what pysaml2 is set up with."""
    sso_url = f"{given['url']}/sso"
    service = {
        "endpoints": {"single_sign_on_service": [(sso_url, BINDING_HTTP_REDIRECT), (sso_url, BINDING_HTTP_POST)]},
        "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}},
        "name_id_format": [NAMEID_FORMAT_PERSISTENT],
        "want_authn_requests_signed": any('AuthnRequestsSigned="true"' in each for each in given["trusted"]),
    }
    made = IdPConfig()
    made.load(
        {
            "entityid": f"{given['url']}/metadata",
            "service": {"idp": service},
            "metadata": {"inline": given["trusted"]},
            "key_file": str(FOLDER / "idp.key"),
            "cert_file": str(FOLDER / "idp.crt"),
        }
    )
    return made


def answer(query: dict[str, str], binding: str) -> str:
    """Return the page that posts the answer to a request."""
    given = settings()
    server = Server(config=config(given))
    signature = {"sigalg": query["SigAlg"], "signature": query["Signature"]} if "Signature" in query else {}
    asked = server.parse_authn_request(query["SAMLRequest"], binding, relay_state=query.get("RelayState"), **signature)
    note("requests", asked.message.id)
    # It has no setting for this, and its own choice is triple DES.
    saml2.entity.pre_encryption_part = partial(pre_encryption_part, msg_enc=given["content"])
    SecurityContext.encrypt_assertion.__defaults__ = ("aes-256", None)
    response = server.create_authn_response(
        {"uid": [given["name"]]} | given["attributes"],
        userid=given["name"],
        name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text=given["name"]),
        authn={"class_ref": given["context"], "authn_instant": int(time.time())},
        sign_response=given["is_response_signed"],
        sign_assertion=given["is_assertion_signed"],
        encrypt_assertion=given["is_encrypted"],
        sign_alg=SIG_RSA_SHA256,
        digest_alg=DIGEST_SHA256,
        **server.response_args(asked.message),
    )
    fields = {"SAMLResponse": b64encode(str(response).encode()).decode()}
    if "RelayState" in query:
        fields["RelayState"] = query["RelayState"]
    return page(asked.message.assertion_consumer_service_url, fields)


def page(action: str, fields: dict[str, str]) -> str:
    """Return a page that posts a form by itself."""
    inputs = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in fields.items()
    )
    return (
        f'<!doctype html><title>pysaml2</title><form method="post" action="{html.escape(action)}">{inputs}</form>'
        "<script>document.forms[0].submit()</script>"
    )


def note(name: str, text: str) -> None:
    """Tell the test something."""
    with (FOLDER / name).open("a", encoding="utf-8") as file:
        file.write(json.dumps(text) + "\n")


class Handler(BaseHTTPRequestHandler):
    """Answers `/metadata`, and requests to sign in at `/sso`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer the metadata, or a request that came by redirect."""
        parts = urlsplit(self.path)
        if parts.path == "/metadata":
            self._send("application/samlmetadata+xml", str(entity_descriptor(config(settings()))))
        else:
            self._sign_in(parts.query, BINDING_HTTP_REDIRECT)

    def do_POST(self) -> None:
        """Answer a request that came by a form."""
        body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
        self._sign_in(body, BINDING_HTTP_POST)

    def _sign_in(self, encoded: str, binding: str) -> None:
        query = {name: values[0] for name, values in parse_qs(encoded).items()}
        try:
            shown = answer(query, binding)
        except Exception as error:  # whatever it is, the test that asked has to see it
            note("errors", f"{type(error).__name__}: {error}")
            shown = f"<p>{html.escape(f'{type(error).__name__}: {error}')}</p>"
        self._send("text/html; charset=utf-8", shown)

    def _send(self, kind: str, text: str) -> None:
        data = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    main()
