"""GET /v1/auth/password/policy."""

from tests.server.api import Api
from tests.server.password.people import POLICY, configure

RULES = ("lowercase", "uppercase", "number", "nonAlphanumeric")


def test_default_asks_for_length_alone(api: Api) -> None:
    assert api.get(POLICY).body == {"minLength": 8, **dict.fromkeys(RULES, False)}


def test_policy_is_what_the_project_asks_for_and_tells_nothing_more(api: Api) -> None:
    configure(api, minLength=12, nonAlphanumeric=True, number=True, lockAttempts=3, reuse=True, reuseAmount=5)
    assert api.get(POLICY).body == {
        "minLength": 12,
        "lowercase": False,
        "uppercase": False,
        "number": True,
        "nonAlphanumeric": True,
    }
