"""An application on python3-saml, in strict mode: sign-in, what it was told, and log-out at its identity provider."""

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, make_server

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser

PORT = int(os.environ["APP_PORT"])
URL = f"http://localhost:{PORT}"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
FILES = Path(os.environ["APP_FILES"])
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SETTINGS: dict[str, Any] = {
    **OneLogin_Saml2_IdPMetadataParser.parse((FILES / "idp.xml").read_text()),
    "strict": True,
    "sp": {
        "entityId": f"{URL}/metadata",
        "assertionConsumerService": {"url": f"{URL}/acs"},
        "singleLogoutService": {"url": f"{URL}/sls", "binding": REDIRECT},
        "NameIDFormat": os.environ["APP_FORMAT"],
        "x509cert": (FILES / "sp.crt").read_text(),
        "privateKey": (FILES / "sp.key").read_text(),
    },
    # As strict as it gets; the class of the sign-in is asked for as the package does by itself.
    "security": {
        "authnRequestsSigned": True,
        "logoutRequestSigned": True,
        "wantMessagesSigned": True,
        "wantAssertionsSigned": True,
        "wantAttributeStatement": True,
        "rejectDeprecatedAlgorithm": True,
        "failOnAuthnContextMismatch": True,
        "signatureAlgorithm": RSA_SHA256,
        "digestAlgorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
    },
}
PEOPLE: dict[str, dict[str, Any]] = {}  # one browser at a time


class Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    def log_message(self, format: str, *args: object) -> None:
        pass


def answer(path: str, auth: OneLogin_Saml2_Auth, query: dict[str, str]) -> tuple[str, str]:
    """Return where a browser goes, or what it is shown."""
    person = PEOPLE.get("now", {})
    if path == "/login":
        where = auth.login(return_to=f"{URL}/", force_authn="force" in query, is_passive="passive" in query)
        PEOPLE["asked"] = {"id": auth.get_last_request_id()}
        return where, ""
    if path == "/acs":
        auth.process_response(request_id=PEOPLE.pop("asked", {}).get("id"))
        if auth.is_authenticated():
            PEOPLE["now"] = {
                "name": auth.get_nameid(),
                "format": auth.get_nameid_format(),
                "index": auth.get_session_index(),
                "attributes": auth.get_attributes(),
                "contexts": auth.get_last_authn_contexts(),
            }
            return f"{URL}/", ""
        return "", json.dumps({"errors": auth.get_errors(), "reason": auth.get_last_error_reason()})
    if path == "/logout":
        return auth.logout(
            return_to=f"{URL}/", name_id=person["name"], session_index=person["index"], name_id_format=person["format"]
        ), ""
    if path == "/sls":
        auth.process_slo(delete_session_cb=lambda: PEOPLE.pop("now", None))
        return ("", json.dumps({"errors": auth.get_errors()})) if auth.get_errors() else (f"{URL}/", "")
    if path == "/metadata":
        return "", auth.get_settings().get_sp_metadata().decode()
    return "", json.dumps({"person": person or None})


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Serve one request."""
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    posted = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
    request = {
        "http_host": f"localhost:{PORT}",
        "https": "off",
        "script_name": environ["PATH_INFO"],
        "get_data": query,
        "post_data": dict(parse_qsl(posted)),
        "query_string": environ["QUERY_STRING"],
    }
    where, text = answer(environ["PATH_INFO"], OneLogin_Saml2_Auth(request, SETTINGS), query)
    headers = [("Location", where)] if where else [("Content-Type", "application/json")]
    start_response("302 Found" if where else "200 OK", headers)
    return [text.encode()]


if __name__ == "__main__":
    with make_server("127.0.0.1", PORT, application, handler_class=Quiet) as listening:
        sys.stdout.write("ready\n")
        listening.serve_forever()
