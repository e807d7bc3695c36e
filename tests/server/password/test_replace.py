"""POST /v1/auth/password/replace."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from avow.core.passwords import Checked, check, hashed, verify
from avow.server.passwords import actions as passwords
from avow.testing.server import Avow
from tests import phones
from tests.factories import make_totp_seed, new_email
from tests.phones import Phone
from tests.server.api import Api, Reply
from tests.server.password.people import GOOD, NEW, OTHER, REPLACE, configure, held, make_person, sign_in


def replace(api: Api, login_id: str, old: str = GOOD, new: str = NEW) -> Reply:
    return api.post(REPLACE, {"loginId": login_id, "oldPassword": old, "newPassword": new})


@pytest.mark.parametrize("state", ["active", "temporary", "expired"])
def test_password_is_replaced_in_whatever_state_and_opens_a_session(api: Api, state: str) -> None:
    email, user_id = make_person(api.avow, state="temporary" if state == "temporary" else "active")
    if state == "expired":
        api.avow.run(lambda tx: passwords.expire(tx, user_id))
    session = replace(api, email)
    assert (session["user"]["userId"], session["firstSeen"]) == (user_id, False)
    assert api.avow.client().validate_session(session["sessionJwt"])["amr"] == ["pwd"]
    stored = held(api.avow, user_id)
    assert (stored.state, verify(stored.encoded, NEW)) == ("active", True)
    assert sign_in(api, email, NEW).status == 200
    assert sign_in(api, email).refusal == (401, "E062901")


def test_password_that_is_too_old_is_replaced_and_counts_from_then_on(api: Api) -> None:
    email, _ = make_person(api.avow)
    configure(api, expiration=True, expirationWeeks=1)
    api.clock.advance(7 * 86_400)
    assert sign_in(api, email).refusal == (401, "E062909")
    assert replace(api, email).status == 200
    api.clock.advance(7 * 86_400 - 1)
    assert sign_in(api, email, NEW).status == 200


def test_what_the_password_before_let_in_ends(api: Api) -> None:
    email, _ = make_person(api.avow)
    before = sign_in(api, email)["refreshJwt"]
    api.post("/v1/auth/otp/signin/email", {"loginId": email})
    code = api.avow.code(email)
    session = replace(api, email)
    assert api.refresh(before).refusal == (401, "E064001")
    assert api.refresh(session["refreshJwt"]).status == 200
    assert api.verify_code(email, code).status == 401
    assert any("password" in each.subject.lower() for each in api.avow.messages(email) if not each.code)


def test_wrong_old_password_counts_as_at_sign_in(api: Api) -> None:
    email, _ = make_person(api.avow)
    refused = [replace(api, email, OTHER).refusal for _ in range(6)]
    refused += [sign_in(api, email, OTHER).refusal for _ in range(4)]
    assert set(refused) == {(401, "E062901")}
    assert replace(api, email).refusal == sign_in(api, email).refusal == (429, "E130429")
    assert replace(api, new_email()).refusal == (401, "E062901")


@pytest.mark.parametrize("new", ["short", "password1234", GOOD])
def test_new_password_that_is_no_better_replaces_nothing(api: Api, new: str) -> None:
    email, user_id = make_person(api.avow)
    before = held(api.avow, user_id)
    assert replace(api, email, GOOD, new).refusal == (400, "E011004")
    assert held(api.avow, user_id) == before
    assert replace(api, email, OTHER, new).refusal == (401, "E062901")  # says nothing of the new one


def test_right_old_password_is_no_wrong_try_although_the_new_one_is_bad(api: Api) -> None:
    email, _ = make_person(api.avow)
    for _ in range(12):
        assert replace(api, email, GOOD, "short").refusal == (400, "E011004")
    assert sign_in(api, email).status == 200


def test_earlier_passwords_are_refused_where_the_settings_say_so(api: Api) -> None:
    email, _ = make_person(api.avow)
    configure(api, reuse=True, reuseAmount=2)
    assert replace(api, email, GOOD, NEW).status == 200
    assert replace(api, email, NEW, GOOD).refusal == (400, "E011004")
    assert replace(api, email, NEW, OTHER).status == 200
    assert replace(api, email, OTHER, GOOD).status == 200


def test_what_management_set_stays_management_s_in_the_hands_of_its_user(api: Api) -> None:
    email, user_id = make_person(api.avow, state="temporary")
    assert replace(api, email).status == 200
    assert held(api.avow, user_id).is_own == 0


# --- Second factors ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Careful:
    """Somebody with an app who has to show it, and a password that they have to replace."""

    api: Api
    id: str
    email: str
    phone: Phone

    def shows_app(self, token: str) -> Reply:
        self.api.clock.advance(30)
        body = {"loginId": self.email, "code": self.phone.code(self.api.clock()), "loginOptions": {"mfa": True}}
        return self.api.post("/v1/auth/totp/verify", body, token=token)


@pytest.fixture
def careful(make_project: Callable[..., Avow]) -> Careful:
    api = Api(make_project(mfa="enrolled"))
    email, user_id = make_person(api.avow, state="temporary")
    return Careful(api, user_id, email, phones.holding(make_totp_seed(api.avow, user_id)))


def test_nothing_is_replaced_before_the_second_factor(careful: Careful) -> None:
    api, before = careful.api, held(careful.api.avow, careful.id)
    assert sign_in(api, careful.email).refusal == (401, "E062909")
    waiting = replace(api, careful.email)
    assert waiting.refusal == (403, "E061401")
    assert waiting.body["factors"] == ["totp"]
    assert held(api.avow, careful.id) == before
    assert sign_in(api, careful.email, NEW).refusal == (401, "E062901")


def test_second_factor_replaces_the_password(careful: Careful) -> None:
    api = careful.api
    api.post("/v1/auth/otp/signin/email", {"loginId": careful.email})
    code = api.avow.code(careful.email)
    session = careful.shows_app(replace(api, careful.email).body["mfaToken"])
    assert api.avow.client().validate_session(session["sessionJwt"])["amr"] == ["pwd", "totp", "mfa"]
    stored = held(api.avow, careful.id)
    assert (stored.state, stored.is_own, verify(stored.encoded, NEW)) == ("active", 0, True)
    assert api.refresh(session["refreshJwt"]).status == 200
    assert api.verify_code(careful.email, code).status == 401
    assert sign_in(api, careful.email).refusal == (401, "E062901")
    assert sign_in(api, careful.email, NEW).refusal == (403, "E061401")
    assert any("password" in each.subject.lower() for each in api.avow.messages(careful.email) if not each.code)


def test_factor_of_another_sign_in_replaces_nothing(careful: Careful) -> None:
    """A thief who has begun to replace the password waits in vain for its owner to show the app."""
    api, before = careful.api, held(careful.api.avow, careful.id)
    replace(api, careful.email)
    api.post("/v1/auth/otp/signin/email", {"loginId": careful.email})
    own = api.verify_code(careful.email, api.avow.code(careful.email)).body["mfaToken"]
    assert careful.shows_app(own).status == 200
    assert held(api.avow, careful.id) == before


def test_password_that_was_set_meanwhile_stays(careful: Careful) -> None:
    api = careful.api
    token = replace(api, careful.email).body["mfaToken"]
    body = {"loginId": careful.email, "password": OTHER}
    assert api.post("/v1/mgmt/user/password/set/active", body, token=api.avow.management_key).status == 200
    assert careful.shows_app(token).status == 401
    assert verify(held(api.avow, careful.id).encoded, OTHER)


def test_password_changed_by_others_meanwhile_is_not_replaced(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    email, user_id = make_person(api.avow)
    made = hashed(OTHER)

    def meanwhile(stored: str | None, password: str) -> Checked:
        checked = check(stored, password)
        if checked.is_theirs:
            api.avow.run(lambda tx: passwords.replace(tx, user_id, made, "active", remembers=0))
        return checked

    monkeypatch.setattr("avow.server.password.handlers.check", meanwhile)
    assert replace(api, email).refusal == (401, "E062901")
    assert verify(held(api.avow, user_id).encoded, OTHER)
