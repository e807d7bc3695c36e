"""Calls auth0-python: a line says class, arguments and method; a line answers what it returned or raised."""

import json
import sys
from typing import Any

from auth0.authentication import Database, GetToken, Passwordless, RevokeToken, Users
from auth0.authentication.pushed_authorization_requests import PushedAuthorizationRequests
from auth0.authentication.token_verifier import AsymmetricSignatureVerifier, TokenVerifier

_LISTED = (Database, GetToken, Passwordless, PushedAuthorizationRequests, RevokeToken, Users)
CLASSES = {each.__name__: each for each in _LISTED}


def made(name: str, arguments: dict[str, Any]) -> Any:
    """Return an object of the library."""
    if name != "TokenVerifier":
        return CLASSES[name](**arguments)
    issuer = f"https://{arguments['domain']}/"
    signatures = AsymmetricSignatureVerifier(f"{issuer}.well-known/jwks.json")
    return TokenVerifier(signature_verifier=signatures, issuer=issuer, audience=arguments["client_id"])


print("ready", flush=True)  # noqa: T201 - how it answers
for line in sys.stdin:
    said = json.loads(line)
    try:
        answer: dict[str, Any] = {
            "returned": getattr(made(said["class"], said["made_with"]), said["method"])(**said["arguments"])
        }
    except Exception as error:
        answer = {"raised": type(error).__name__, "said": {**vars(error), "headers": None, "text": str(error)}}
    print(json.dumps(answer), flush=True)  # noqa: T201 - how it answers
