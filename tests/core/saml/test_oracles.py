"""The same responses before python3-saml and pysaml2: where they take them otherwise than we do, and why.

A table at the end of the run says it. Every difference has its reason in `differences.toml`, and every reason there
its difference: whoever updates a library learns what has changed.
"""

import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from avow.core.saml import SamlRefused, read_response
from tests.core.saml.test_metadata import metadata
from tests.saml.corpus import Forgery, Genuine, forgeries, genuine
from tests.saml.stage import SP, TOLD, cast, described, expected, key

ROOT = Path(__file__).resolve().parent.parent.parent.parent
REASONS = tomllib.loads((Path(__file__).parent / "differences.toml").read_text(encoding="utf-8"))
MAX_CHARACTERS = 100_000  # beyond it they have no bounds, only patience
Response = Genuine | Forgery
Property = Callable[[str, object], None]


def test_python3_saml_differs_for_known_reasons_only(record_property: Property) -> None:
    compare("python3-saml", "tests.saml.oracle_python3saml", {}, record_property)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_pysaml2_differs_for_known_reasons_only(record_property: Property, xmlsec1: str, tmp_path: Path) -> None:
    (tmp_path / "sp.key").write_text(private_pem(), encoding="utf-8")
    (tmp_path / "sp.crt").write_text(key().certificate, encoding="utf-8")
    compare("pysaml2", "tests.saml.oracle_pysaml2", {"folder": str(tmp_path), "xmlsec1": xmlsec1}, record_property)


def compare(oracle: str, program: str, more: dict[str, str], record_property: Property) -> None:
    """Have an oracle judge the corpus, record the table of differences, and hold it against what is known."""
    now, responses = corpus()
    theirs = judged(program, responses, more)
    differences: dict[str, str] = {}
    for response, (name, refusal) in zip(responses, theirs, strict=True):
        ours = read(response, now)
        if ours != name:
            differences[str(response)] = f"they: {name or refusal or 'refused'}".replace("\n", " ")[:90]
    known = REASONS[oracle]
    reasons = {title: why(title, known) for title in differences}
    record_property("table", table(oracle, len(responses), differences, reasons))
    assert [f"{title}: {differences[title]}" for title, reason in reasons.items() if reason is None] == []
    settled = [each for each in known if not any(fnmatchcase(title, each) for title in differences)]
    assert [each for each in settled if not known[each].startswith("xmlsec1 of Debian 12")] == []


def corpus() -> tuple[int, tuple[Response, ...]]:
    """Return the present, which the oracles read from the machine's clock, and the responses of now.

    Those of another time come first: they are judged by the seconds that are left.
    """
    now = int(time.time())
    told = replace(TOLD, now=now)
    forged = [forgery for forgery in forgeries(cast(), told) if len(forgery.posted) <= MAX_CHARACTERS]
    forged.sort(key=lambda forgery: not str(forgery).startswith("S-SAM-07"))
    return now, (*forged, *genuine(cast(), told))


def read(response: Response, now: int) -> str | None:
    """Return whom we sign in."""
    demanded: dict[str, Any] = {}
    if isinstance(response, Forgery):
        demanded = {
            "needs_multi_factor": response.needs_multi_factor,
            "max_age_seconds": response.max_age_seconds,
        }
    try:
        return read_response(response.posted, expected(response.demand, **demanded), now).name_id.value
    except SamlRefused:
        return None


def judged(program: str, responses: Sequence[Response], more: dict[str, str]) -> list[tuple[str | None, str]]:
    idp = described(cast().idp)
    document = metadata().replace("https://idp.example.com/metadata", idp.entity_id)
    given = {
        "sp": {
            "entity_id": SP.entity_id,
            "acs_url": SP.acs_url,
            "certificate": key().certificate,
            "private_key": private_pem(),
            **more,
        },
        "idp": {
            "entity_id": idp.entity_id,
            "sso_url": idp.sso_url,
            "certificate": cast().idp.certificate,
            "metadata": document,
        },
        "request_id": TOLD.request_id,
        "responses": [{"posted": each.posted, "demand": each.demand.value} for each in responses],
    }
    done = subprocess.run(
        [sys.executable, "-m", program], input=json.dumps(given), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [tuple(each) for each in json.loads(done.stdout)]


def private_pem() -> str:
    private = load_der_private_key(key().private, None)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def why(title: str, known: dict[str, str]) -> str | None:
    """Return the reason of a difference, or None when nobody has given one."""
    return next((reason for pattern, reason in known.items() if fnmatchcase(title, pattern)), None)


def table(oracle: str, count: int, differences: dict[str, str], reasons: dict[str, str | None]) -> str:
    lines = [f"SAML: {oracle} and Avow differ in {len(differences)} of {count} responses"]
    for reason in dict.fromkeys(reasons.values()):
        lines.append(f"  {reason or 'NOBODY KNOWS WHY'}")
        lines += [f"    {title} ({differences[title]})" for title in differences if reasons[title] == reason]
    return "\n".join(lines).encode("ascii", "backslashreplace").decode()
