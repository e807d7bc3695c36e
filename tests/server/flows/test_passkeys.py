import json
from typing import Any

import pytest

from avow.testing.server import Avow
from tests.bed.authenticator import Authenticator
from tests.factories import change_settings, new_email
from tests.server.api import Api, Reply
from tests.server.flows.test_code import walk_to_code
from tests.server.flows.walking import Walk

ORIGIN = "http://localhost:8000"
CAN = {"deviceInfo": {"webAuthnSupport": True}, "location": f"{ORIGIN}/sign-in"}


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


def created(device: Authenticator, asked: Reply) -> dict[str, Any]:
    assert asked["action"] == "webauthnCreate"
    told = asked["webauthn"]
    return {
        "transactionId": told["transactionId"],
        "response": device.create(told["options"], ORIGIN),
        "origin": ORIGIN,
    }


def shown(device: Authenticator, asked: Reply) -> dict[str, Any]:
    assert asked["action"] == "webauthnGet"
    told = asked["webauthn"]
    return {"transactionId": told["transactionId"], "response": device.show(told["options"], ORIGIN), "origin": ORIGIN}


def with_passkey(api: Api, device: Authenticator, mail: str) -> None:
    walk = walk_to_code(api, mail, **CAN)
    walk.do("verify", code=api.avow.code(mail))
    assert walk.screen == "passkey-offer"
    asked = walk.do("create", origin=ORIGIN)
    assert walk.do("submit", **created(device, asked))["status"] == "completed"


def test_passkey_is_offered_after_the_first_code_and_signs_in_the_next_time(api: Api, device: Authenticator) -> None:
    mail = new_email()
    with_passkey(api, device, mail)
    walk = Walk(api, options=CAN)
    walk.start()
    asked = walk.do("passkey", origin=ORIGIN)
    assert asked["webauthn"]["create"] is False
    done = walk.do("submit", **shown(device, asked))
    assert done["authInfo"]["user"]["email"] == mail


def test_offer_that_was_declined_is_not_repeated_for_a_month(api: Api) -> None:
    mail = new_email()
    walk = walk_to_code(api, mail, **CAN)
    walk.do("verify", code=api.avow.code(mail))
    assert walk.do("later")["status"] == "completed"
    walk = walk_to_code(api, mail, **CAN)
    assert walk.do("verify", code=api.avow.code(mail))["status"] == "completed"
    api.clock.advance(31 * 86400)
    walk = walk_to_code(api, mail, **CAN)
    walk.do("verify", code=api.avow.code(mail))
    assert walk.screen == "passkey-offer"


@pytest.mark.parametrize("options", [{}, {"deviceInfo": {"webAuthnSupport": False}, "location": ORIGIN}])
def test_nothing_is_offered_where_no_passkey_could_be(api: Api, options: dict[str, Any]) -> None:
    mail = new_email()
    walk = walk_to_code(api, mail, **options)
    assert walk.do("verify", code=api.avow.code(mail))["status"] == "completed"


def test_passkey_chosen_in_the_field_signs_in(api: Api, device: Authenticator) -> None:
    mail = new_email()
    with_passkey(api, device, mail)
    walk = Walk(api, options=CAN)
    walk.start()
    assert 'id="passkey-autofill"' in walk.html()
    begun = api.post("/v1/auth/webauthn/signin/start", {"loginId": "", "origin": ORIGIN})
    response = device.show(begun["options"], ORIGIN)
    done = walk.do("passkey-autofill", transactionId=begun["transactionId"], response=response)
    assert done["authInfo"]["user"]["email"] == mail


@pytest.mark.parametrize("reason", ["not_allowed", "aborted", ""])
def test_cancelled_passkey_leads_back_with_other_ways(api: Api, reason: str) -> None:
    walk = Walk(api, options=CAN)
    walk.start()
    asked = walk.do("passkey", origin=ORIGIN)
    walk.do("submit", transactionId=asked["webauthn"]["transactionId"], failure="x", failureReason=reason)
    assert walk.screen == "email"
    assert walk.error
    assert 'id="code"' in walk.html()


def test_passkey_of_nobody_is_refused_on_the_screen(api: Api, device: Authenticator) -> None:
    walk = Walk(api, options=CAN)
    walk.start()
    asked = walk.do("passkey", origin=ORIGIN)
    stranger = Authenticator()
    made = api.post("/v1/auth/webauthn/signup/start", {"user": {"loginId": new_email()}, "origin": ORIGIN})
    stranger.create(made["options"], ORIGIN)
    walk.do(
        "submit",
        transactionId=asked["webauthn"]["transactionId"],
        response=stranger.show(asked["webauthn"]["options"], ORIGIN),
    )
    assert walk.screen == "email"
    assert walk.error


def test_answer_that_is_none_is_told(api: Api) -> None:
    walk = Walk(api, options=CAN)
    walk.start()
    asked = walk.do("passkey", origin=ORIGIN)
    for response in ("{}", "no", json.dumps({"id": 1})):
        reply = walk.repeat("submit", transactionId=asked["webauthn"]["transactionId"], response=response)
        assert reply.status == 200
        assert reply["screen"]["state"]["errorText"]


def test_somebody_new_signs_up_by_passkey(api: Api, device: Authenticator) -> None:
    mail = new_email()
    walk = Walk(api, "sign-up", options=CAN)
    walk.start()
    asked = walk.do("passkey", email=mail, origin=ORIGIN)
    done = walk.do("submit", **created(device, asked))
    assert done["authInfo"]["user"]["loginIds"] == [mail]
    assert done["authInfo"]["firstSeen"] is True


def test_signed_in_person_adds_a_passkey(avow: Avow, api: Api, device: Authenticator) -> None:
    session = api.sign_in()
    walk = Walk(api, "add-passkey", options=CAN, token=session["refreshJwt"])
    walk.start()
    asked = walk.do("create", origin=ORIGIN)
    done = walk.do("submit", **created(device, asked))
    assert done["status"] == "completed"
    token = done["authInfo"]["refreshJwt"]
    assert len(avow.client().webauthn.passkeys(token)["passkeys"]) == 1


def test_whoever_needs_a_second_factor_and_can_have_no_app_creates_a_passkey(
    avow: Avow, api: Api, device: Authenticator
) -> None:
    change_settings(avow, {"mfa": "required", "sign_in_methods": ("otp", "webauthn")})
    avow.advance(2)
    mail = new_email()
    walk = walk_to_code(api, mail, **CAN)
    asked = walk.do("verify", code=avow.code(mail))
    done = walk.do("submit", **created(device, asked))
    assert set(avow.client().validate_session(done["authInfo"]["sessionJwt"])["amr"]) >= {"email", "webauthn"}
