"""The same calls to djwto 0.0.4 itself and to our layer: by default nothing differs, strictly what the manual lists."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
MODES = ("JSON", "ONE-COOKIE", "TWO-COOKIES")
CLAIMS = {"DJWTO_ISS_CLAIM": "iss", "DJWTO_SUB_CLAIM": "sub", "DJWTO_AUD_CLAIM": ["aud", "b"]}
OTHERS: dict[str, dict[str, Any]] = {
    "all claims": CLAIMS | {"DJWTO_NBF_LIFETIME": 0, "DJWTO_DOMAIN": "testserver", "DJWTO_SAME_SITE": "Strict"},
    "few claims": {
        **{"DJWTO_CSRF": False, "DJWTO_IAT_CLAIM": False, "DJWTO_JTI_CLAIM": False},
        **{"DJWTO_ALLOW_REFRESH_UPDATE": False, "DJWTO_ACCESS_TOKEN_LIFETIME": 61},
    },
    "not yet": {"DJWTO_NBF_LIFETIME": 60, "DJWTO_AUD_CLAIM": "aud", "DJWTO_ALGORITHM": "HS512"},
}


@cache
def played(package: str, chosen: str) -> dict[str, Any]:
    """Return the answers that a package gives to the calls of the play."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.django.jwt.play_djwto", package, chosen]
    environment = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "DJWTO_SIGNING_KEY": "read by djwto whatever is set"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def both(**chosen: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    theirs = {name: value for name, value in chosen.items() if name.startswith("DJWTO")}
    return played("djwto", json.dumps(theirs)), played("avow", json.dumps(chosen))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("others", [{}, *OTHERS.values()], ids=["defaults", *OTHERS])
def test_answers_cookies_tokens_and_signals_are_those_of_djwto(mode: str, others: dict[str, Any]) -> None:
    theirs, ours = both(DJWTO_MODE=mode, **others)
    assert len(theirs) > 70
    assert ours.keys() == theirs.keys()
    assert {name: (theirs[name], ours[name]) for name in theirs if theirs[name] != ours[name]} == {}


def strict_status(name: str, status: int, mode: str) -> int:
    """Return the status that strict mode has where djwto has another; the rules stand in docs/django-jwt.md."""
    route, _, what = name.partition(": ")
    is_csrf = "without csrf token" in name and mode != "JSON"
    if is_csrf or route in {"login", "login again"} or status == 405:
        return status
    if what in {"unknown user", "inactive user"} and route in {"refresh_access", "update_refresh"}:
        return 200  # whose sign-in it is stands in the database, whatever a token calls them
    if status in {403, 409, 500}:  # an absent or unusable token, and every ordinary refusal
        return 401
    if "when ended" in name or name == "delete":  # the end is seen everywhere; cookies went with it
        return 401
    wrong_kind = {"validate_access by refresh", "validate_refresh by access", "validate_refresh of another type"}
    if name in wrong_kind or (mode == "JSON" and name == "validate_refresh without csrf token"):
        return 401
    return status


@pytest.mark.parametrize("mode", MODES)
def test_strict_mode_differs_as_the_manual_says(mode: str) -> None:
    theirs, ours = both(DJWTO_MODE=mode, AVOW_JWT_STRICT=True)
    expected = {name: strict_status(name, answer["status"], mode) for name, answer in theirs.items()}
    assert {name: answer["status"] for name, answer in ours.items()} == expected
    assert expected != {name: answer["status"] for name, answer in theirs.items()}
    assert not [name for name, answer in ours.items() if answer["status"] >= 500]
