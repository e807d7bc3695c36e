"""The routes of recovery codes: made, left, used."""

import re
from collections.abc import Callable

import pytest

from avow.core import recoverycodes
from avow.server.users import actions as users
from avow.testing.server import Avow
from tests import phones
from tests.factories import make_recovery_codes, make_totp_seed, make_user, new_email
from tests.security.place import claims_of
from tests.server.api import START, Api, Reply

GENERATE = "/v1/auth/avow/recoverycodes/generate"
VERIFY = "/v1/auth/avow/recoverycodes/verify"
LEFT = "/v1/auth/avow/recoverycodes"


@pytest.fixture
def login_id() -> str:
    return new_email()


@pytest.fixture
def session(api: Api, login_id: str) -> str:
    """The refresh token of somebody who has just signed in by mail."""
    return str(api.sign_in(login_id)["refreshJwt"])


@pytest.fixture
def codes(api: Api, session: str) -> list[str]:
    found: list[str] = api.post(GENERATE, token=session)["codes"]
    return found


def use(api: Api, login_id: str, code: str, token: str = "", **options: object) -> Reply:
    return api.post(VERIFY, {"loginId": login_id, "code": code, "loginOptions": options}, token=token)


def left(api: Api, session: str) -> tuple[int, int]:
    answer = api.get(LEFT, token=session)
    return answer["left"], answer["createdTime"]


def test_owner_is_told_of_new_codes(api: Api, session: str, login_id: str) -> None:
    codes = api.post(GENERATE, token=session)["codes"]
    told = api.avow.messages(login_id)[0]
    assert told.subject == "Test: New recovery codes were made"
    assert not any(code in told.text for code in codes)


def test_ten_codes_are_made(api: Api, session: str) -> None:
    answer = api.post(GENERATE, token=session)
    assert len(set(answer["codes"])) == 10
    assert all(re.fullmatch(r"(\w{4}-){2}\w{4}", code) for code in answer["codes"])
    assert answer.header("cache-control") == "no-store"


def test_each_code_opens_one_session(api: Api, login_id: str, codes: list[str]) -> None:
    for code in codes:
        session = use(api, login_id, code)
        assert claims_of(session["sessionJwt"])["amr"] == ["recovery"]
        assert use(api, login_id, code).refusal == (401, "E061102")


def test_user_sees_how_many_are_left(api: Api, login_id: str, session: str) -> None:
    assert left(api, session) == (0, 0)
    codes = api.post(GENERATE, token=session)["codes"]
    assert left(api, session) == (10, START)
    use(api, login_id, codes[3])
    assert left(api, session) == (9, START)


def test_new_codes_take_the_place_of_the_old(api: Api, login_id: str, session: str, codes: list[str]) -> None:
    use(api, login_id, codes[0])
    newer = api.post(GENERATE, token=session)["codes"]
    assert left(api, session) == (10, START)
    assert use(api, login_id, codes[1]).refusal == (401, "E061102")
    assert use(api, login_id, newer[1]).status == 200


def test_code_is_taken_as_people_type_it(api: Api, login_id: str, codes: list[str]) -> None:
    assert use(api, login_id, codes[0].lower()).status == 200
    assert use(api, login_id, codes[1].replace("-", " ")).status == 200
    assert use(api, login_id, codes[2].replace("-", "").replace("0", "o").replace("1", "l")).status == 200


def test_codes_are_stored_as_macs(api: Api, codes: list[str]) -> None:
    statement = "SELECT mac FROM recovery_codes WHERE project_id = :project_id"
    macs = [bytes(mac) for mac in api.avow.run(lambda tx: tx.all(statement, bytes))]
    assert len(macs) == 10
    assert {len(mac) for mac in macs} == {32}
    for code in codes:
        assert recoverycodes.bare(code).encode() not in b"".join(macs)


# --- Refusals ----------------------------------------------------------------------------------------------------


def test_code_of_somebody_else_is_refused(api: Api, codes: list[str]) -> None:
    other = new_email()
    make_recovery_codes(api.avow, make_user(api.avow, other))
    assert use(api, other, codes[0]).refusal == (401, "E061102")
    assert use(api, new_email(), codes[0]).refusal == (401, "E061102")


def test_code_of_another_project_is_refused(make_project: Callable[..., Avow], login_id: str) -> None:
    one, two = Api(make_project()), Api(make_project())
    codes = make_recovery_codes(one.avow, make_user(one.avow, login_id))
    make_recovery_codes(two.avow, make_user(two.avow, login_id))
    assert use(two, login_id, codes[0]).refusal == (401, "E061102")
    assert use(one, login_id, codes[0]).status == 200


@pytest.mark.parametrize("code", ["123456", "7K3M-QX0D-9ZT", "7K3M-QX0D-9ZTU", "\uff11" * 12])
def test_what_is_no_code_costs_no_try(make_project: Callable[..., Avow], login_id: str, code: str) -> None:
    api = Api(make_project(guesses_per_hour=5))
    codes = make_recovery_codes(api.avow, make_user(api.avow, login_id))
    for _ in range(6):
        assert use(api, login_id, code).refusal == (401, "E061102")
    assert use(api, login_id, codes[0]).status == 200


def test_wrong_codes_are_limited_and_nobody_meets_the_same_limit(
    make_project: Callable[..., Avow], login_id: str
) -> None:
    api = Api(make_project(guesses_per_hour=5))
    codes = make_recovery_codes(api.avow, make_user(api.avow, login_id))
    for each in (login_id, new_email()):
        assert [use(api, each, "0000-0000-0000").status for _ in range(6)] == [401] * 5 + [429]
    assert use(api, login_id, codes[0]).refusal == (429, "E130429")
    api.clock.advance(3600)
    assert use(api, login_id, codes[0]).status == 200


def test_disabled_user_gets_no_session(api: Api, login_id: str) -> None:
    user_id = make_user(api.avow, login_id)
    codes = make_recovery_codes(api.avow, user_id)
    api.avow.run(lambda tx: users.set_status(tx, user_id, "disabled"))
    assert use(api, login_id, codes[0]).refusal == (403, "E062110")


def test_method_that_is_switched_off_is_refused(make_project: Callable[..., Avow], login_id: str) -> None:
    api = Api(make_project(sign_in_methods=["otp"]))
    session = api.sign_in(login_id)["refreshJwt"]
    assert api.post(GENERATE, token=session).refusal == (400, "E019400")
    assert use(api, login_id, "0000-0000-0000").refusal == (400, "E019400")


def test_removed_codes_sign_nobody_in(api: Api, login_id: str, codes: list[str]) -> None:
    body = {"loginId": login_id}
    assert api.post("/v1/mgmt/user/recovery-codes/delete", body, token=api.avow.management_key).status == 200
    assert use(api, login_id, codes[0]).refusal == (401, "E061102")


# --- Who may make them -------------------------------------------------------------------------------------------


def test_sign_in_has_to_be_a_recent_one(make_project: Callable[..., Avow], login_id: str) -> None:
    api = Api(make_project(fresh_proof_seconds=600))
    session = api.sign_in(login_id)["refreshJwt"]
    api.clock.advance(600)
    assert api.post(GENERATE, token=session).refusal == (403, "E061402")


def test_session_is_needed(api: Api, login_id: str) -> None:
    session = api.sign_in(login_id)
    for token in ("", session["sessionJwt"]):
        assert api.post(GENERATE, token=token).status == 401
        assert api.get(LEFT, token=token).status == 401


def test_who_has_an_app_makes_codes_only_after_showing_it(api: Api, login_id: str) -> None:
    seed = make_totp_seed(api.avow, make_user(api.avow, login_id))
    by_mail = api.sign_in(login_id)["refreshJwt"]
    assert api.post(GENERATE, token=by_mail).refusal == (403, "E061401")
    body = {"loginId": login_id, "code": phones.holding(seed).code(api.clock())}
    by_app = api.post("/v1/auth/totp/verify", body)["refreshJwt"]
    assert api.post(GENERATE, token=by_app).status == 200


# --- As a second factor ------------------------------------------------------------------------------------------


def test_code_is_a_second_factor(api: Api, login_id: str, session: str, codes: list[str]) -> None:
    claims = claims_of(use(api, login_id, codes[0], session, mfa=True)["sessionJwt"])
    assert claims["amr"] == ["email", "recovery", "mfa"]


def test_code_steps_a_session_up(api: Api, login_id: str, session: str, codes: list[str]) -> None:
    claims = claims_of(use(api, login_id, codes[0], session, stepup=True)["sessionJwt"])
    assert (claims["amr"], claims["su"]) == (["email", "recovery"], True)


def test_second_factor_needs_the_session_of_the_same_user(api: Api, login_id: str, codes: list[str]) -> None:
    foreign = api.sign_in()["refreshJwt"]
    for token in ("", foreign):
        assert use(api, login_id, codes[0], token, mfa=True).refusal == (401, "E019401")
    assert use(api, login_id, codes[0]).status == 200


def test_uses_are_audited_without_the_code(api: Api, login_id: str, codes: list[str]) -> None:
    use(api, login_id, codes[0])
    statement = """
        SELECT action, method FROM audit_events
        WHERE project_id = :project_id AND action LIKE 'recovery_code%' ORDER BY id
    """
    events = api.avow.run(lambda tx: tx.all(statement, lambda *columns: columns))
    assert sorted(events) == [("recovery_code.used", "recoverycodes"), ("recovery_codes.made", "")]
