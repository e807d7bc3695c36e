"""Reads responses with pysaml2 and the program xmlsec1; input and output are as of `oracle_python3saml.py`.

`idp` has its `metadata` as well; `sp` has `folder`, where the keys lie as `sp.key` and `sp.crt`.
"""

import json
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from saml2 import BINDING_HTTP_POST
from saml2.client import Saml2Client
from saml2.config import SPConfig


def main() -> None:
    """Judge what comes in."""
    logging.disable()
    given: dict[str, Any] = json.load(sys.stdin)
    folder = given["sp"]["folder"]

    @cache
    def client(demand: str) -> Saml2Client:
        service = {
            "endpoints": {"assertion_consumer_service": [(given["sp"]["acs_url"], BINDING_HTTP_POST)]},
            "want_assertions_signed": demand in ("assertion", "both"),
            "want_response_signed": demand in ("response", "both"),
            "want_assertions_or_response_signed": demand == "either",
            "allow_unsolicited": False,
        }
        settings = {
            "entityid": given["sp"]["entity_id"],
            "service": {"sp": service},
            "metadata": {"inline": [given["idp"]["metadata"]]},
            "key_file": f"{folder}/sp.key",
            "cert_file": f"{folder}/sp.crt",
            "encryption_keypairs": [{"key_file": f"{folder}/sp.key", "cert_file": f"{folder}/sp.crt"}],
            "allow_unknown_attributes": True,
            "accepted_time_diff": 120,
        }
        config = SPConfig()
        config.load(settings)
        return Saml2Client(config)

    def judged(response: dict[str, str]) -> tuple[str | None, str]:
        outstanding = {given["request_id"]: "/"}
        try:
            read = client(response["demand"]).parse_authn_request_response(
                response["posted"], BINDING_HTTP_POST, outstanding, conv_info={"entity_id": given["sp"]["entity_id"]}
            )
        except Exception as error:
            return None, f"{type(error).__name__}: {error}"
        if read is None or read.name_id is None:
            return None, "nothing was read"
        return read.name_id.text, ""

    for demand in ("assertion", "response", "either", "both"):
        client(demand)
    with ThreadPoolExecutor(4) as pool:  # most of the time goes to xmlsec1
        json.dump(list(pool.map(judged, given["responses"])), sys.stdout)


if __name__ == "__main__":
    main()
