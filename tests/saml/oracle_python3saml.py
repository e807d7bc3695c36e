"""Reads responses with python3-saml: a program of its own, since its XML library may not share a process with ours.

From standard input it takes JSON: `sp`, `idp` and `request_id`, and `responses` with `posted` and `demand` each. To
standard output it writes a list: the name that is signed in, or None, and what was said against it.
"""

import json
import sys
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.settings import OneLogin_Saml2_Settings


def main() -> None:
    """Judge what comes in."""
    given: dict[str, Any] = json.load(sys.stdin)
    acs = urlsplit(given["sp"]["acs_url"])
    request: dict[str, Any] = {"http_host": acs.netloc, "https": "on", "script_name": acs.path, "get_data": {}}
    security = {
        "rejectDeprecatedAlgorithm": True,
        "requestedAuthnContext": False,
        "wantAttributeStatement": False,
        "rejectUnsolicitedResponsesWithInResponseTo": True,
    }

    @cache
    def settings(demand: str) -> OneLogin_Saml2_Settings:
        wanted = {
            "wantAssertionsSigned": demand in ("assertion", "both"),
            "wantMessagesSigned": demand in ("response", "both"),
        }
        return OneLogin_Saml2_Settings(
            {
                "strict": True,
                "sp": {
                    "entityId": given["sp"]["entity_id"],
                    "assertionConsumerService": {"url": given["sp"]["acs_url"]},
                    "x509cert": given["sp"]["certificate"],
                    "privateKey": given["sp"]["private_key"],
                },
                "idp": {
                    "entityId": given["idp"]["entity_id"],
                    "singleSignOnService": {"url": given["idp"]["sso_url"]},
                    "x509cert": given["idp"]["certificate"],
                },
                "security": security | wanted,
            }
        )

    def judged(posted: str, demand: str) -> tuple[str | None, str]:
        try:
            auth = OneLogin_Saml2_Auth({**request, "post_data": {"SAMLResponse": posted}}, settings(demand))
            auth.process_response(request_id=given["request_id"])
        except Exception as error:
            return None, f"{type(error).__name__}: {error}"
        if auth.is_authenticated():
            return auth.get_nameid(), ""
        return None, auth.get_last_error_reason() or ", ".join(auth.get_errors())

    json.dump([judged(each["posted"], each["demand"]) for each in given["responses"]], sys.stdout)


if __name__ == "__main__":
    main()
