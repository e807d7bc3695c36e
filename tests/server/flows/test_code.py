from collections.abc import Callable

from avow.testing.server import Avow
from tests.factories import change_settings, new_email
from tests.server.api import Api, Statements, wrong
from tests.server.flows.walking import Walk


def walk_to_code(api: Api, mail: str, **options: object) -> Walk:
    walk = Walk(api, options=dict(options))
    walk.start()
    walk.do("code", email=mail)
    assert walk.screen == "code"
    return walk


def test_code_signs_somebody_new_in(api: Api) -> None:
    walk, mail = Walk(api), new_email()
    walk.start()
    assert walk.screen == "email"
    assert 'name="email"' in walk.html()
    walk.do("code", email=mail)
    assert walk.screen == "code"
    done = walk.do("verify", code=api.avow.code(mail))
    assert done["status"] == "completed"
    assert done["authInfo"]["user"]["email"] == mail
    assert done["authInfo"]["firstSeen"] is True
    assert api.post("/v1/auth/refresh", token=done["authInfo"]["refreshJwt"]).status == 200


def test_code_may_be_typed_with_spaces_and_other_digits(api: Api) -> None:
    mail = new_email()
    walk = walk_to_code(api, mail)
    code = api.avow.code(mail)
    arabic = "".join(chr(0x0660 + int(digit)) for digit in code)
    assert walk.do("verify", code=f" {arabic[:3]} {arabic[3:]} ")["status"] == "completed"


def test_wrong_code_is_told_on_the_same_screen_with_the_tries_left(api: Api) -> None:
    mail = new_email()
    walk = walk_to_code(api, mail)
    assert walk.last is not None
    before = walk.last["screen"]["id"]
    code = api.avow.code(mail)
    walk.do("verify", code=wrong(code))
    assert (walk.screen, walk.last["screen"]["id"]) == ("code", before)
    assert "4" in walk.error
    assert walk.do("verify", code=code)["status"] == "completed"


def test_nothing_typed_is_told_in_words(api: Api) -> None:
    walk = Walk(api)
    walk.start()
    for typed in ("", "nobody", "a@b@c"):
        walk.do("code", email=typed)
        assert walk.screen == "email"
        assert walk.error


def test_code_is_sent_again_and_the_first_is_dead(api: Api) -> None:
    mail = new_email()
    walk = walk_to_code(api, mail)
    first = api.avow.code(mail)
    walk.do("resend")
    assert walk.screen == "code"
    assert "sent again" in walk.html().lower()
    second = api.avow.code(mail)
    if first != second:
        walk.do("verify", code=first)
        assert walk.screen == "code"
    assert walk.do("verify", code=second)["status"] == "completed"


def test_going_back_keeps_what_was_typed(api: Api) -> None:
    mail = new_email()
    walk = walk_to_code(api, mail)
    walk.do("back")
    assert walk.screen == "email"
    assert mail in walk.html()


def test_wait_is_told_when_an_address_has_had_its_messages(api: Api) -> None:
    mail = new_email()
    walk = walk_to_code(api, mail)
    for _ in range(5):
        walk.do("resend")
    assert walk.screen == "code"
    assert "10 min" in walk.error


def test_unknown_user_of_a_sign_in_sees_what_everybody_sees(api: Api) -> None:
    mail = new_email()
    walk = Walk(api, "sign-in")
    walk.start()
    walk.do("code", email=mail)
    assert walk.screen == "code"
    assert api.avow.messages(mail) == []


def test_method_that_is_off_is_not_offered_and_not_taken(avow: Avow, api: Api) -> None:
    change_settings(avow, {"sign_in_methods": ("magiclink", "webauthn")})
    api.clock.advance(2)
    walk = Walk(api)
    walk.start()
    assert 'id="link"' in walk.html()
    assert 'id="code"' not in walk.html()
    walk.do("code", email=new_email())
    assert walk.screen == "email"


def test_statements_of_a_sign_in(api: Api, statements: Statements) -> None:
    mail = new_email()
    api.sign_in(mail)
    walk = Walk(api, "otp")

    def ran(step: Callable[[], object]) -> list[str]:
        statements.ran.clear()
        with statements:
            step()
        return list(statements.ran)

    assert ran(walk.start) == ["flows.FIND", "flows.INSERT_EXECUTION"]
    assert len(ran(lambda: walk.do("code", email=mail))) <= 11
    assert ran(walk.html) == ["flows.FIND_EXECUTION", "flows.FIND"]
    code = api.avow.code(mail)
    assert ran(lambda: walk.do("verify", code=code)) == [
        "flows.FIND_EXECUTION",
        "flows.FIND",
        "flows.TAKE",
        "users.OWNER",
        "challenges.TAKE_CODE",
        "users.PROFILE_HELD",
        "sessions.INSERT",
        "store.INSERT_AUDIT",
        "flows.SAVE_EXECUTION",
    ]
