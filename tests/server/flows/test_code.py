from tests.factories import new_email
from tests.server.api import Api
from tests.server.flows.walking import Walk


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
