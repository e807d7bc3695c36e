"""S-LNK-01, 05, 06, 08 and 09: the tokens of links, and the session that waits for a click."""

from collections.abc import Callable

from avow.core import links
from avow.server.users import actions as users
from avow.wire.projects import ProjectSettings
from tests.bed.cases import Case
from tests.factories import make_user, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.counting import STARTED, assert_limited, stand_still, state
from tests.security.place import Place, token_of

Rounds = Callable[[int, int], int]

DEFAULTS = ProjectSettings()
METHODS = ("magiclink", "enchantedlink")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def _verify(place: Place, token: str, method: str = "magiclink") -> Answer:
    return place.api.post(f"/v1/auth/{method}/verify", body={"token": token})


def _poll(place: Place, pending_ref: str) -> Answer:
    return place.api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": pending_ref})


def _send(place: Place, method: str, login_id: str, how: str = "signup-in") -> tuple[str, str]:
    """Have a link sent; return its token and, of an enchanted link, the pending reference."""
    if method == "magiclink":
        return place.send_magic_link(login_id, how=how), ""
    return place.send_enchanted_link(login_id, how=how)


def test_s_lnk_01_link_works_once(case: Case, place: Place) -> None:
    case.control(lambda: _verify(place, place.send_magic_link(new_email())).status == 200)
    for does, somebody in (("sign-in", lambda: place.sign_in().login_id), ("sign-up", new_email)):
        with case.cell(f"magic link, {does}"):
            token = place.send_magic_link(somebody())
            assert _verify(place, token).status == 200
            before = state(place, STARTED)
            for _ in range(4):  # on every process
                assert_refused(_verify(place, token), code="E063010")
            assert state(place, STARTED) == before
        with case.cell(f"enchanted link, {does}"):
            token, pending = place.send_enchanted_link(somebody())
            assert _verify(place, token, "enchantedlink").status == 200
            for _ in range(4):
                assert_refused(_verify(place, token, "enchantedlink"))
            assert _poll(place, pending).status == 200
            before = state(place, STARTED)
            for _ in range(4):
                assert_refused(_verify(place, token, "enchantedlink"))
                assert_refused(_poll(place, pending), code="E062503")
            assert state(place, STARTED) == before
    with case.cell("magic link, change of address"):
        person, address = place.sign_in(), new_email()
        body = {"loginId": person.login_id, "email": address}
        assert place.api.post("/v1/auth/magiclink/update/email", person.refresh_jwt, body).status == 200
        token = token_of(place.avow.link(address))
        assert _verify(place, token).status == 200
        assert_refused(_verify(place, token), code="E063010")
    with case.cell("the token of one method is none of the other"):
        token = place.send_magic_link(new_email())
        assert_refused(_verify(place, token, "enchantedlink"))
        assert _verify(place, token).status == 200


def test_s_lnk_05_expiry_and_supersession(case: Case, each_place: Place) -> None:
    place, lifetime = each_place, DEFAULTS.link_lifetime_seconds
    stand_still(place)
    case.control(lambda: _verify(place, place.send_magic_link(new_email())).status == 200)
    for method in METHODS:
        with case.cell(f"{method}, a second before the end"):
            token, pending = _send(place, method, new_email())
            place.advance(lifetime - 1)
            assert _verify(place, token, method).status == 200
            assert not pending or _poll(place, pending).status == 200
        with case.cell(f"{method}, a second after the end"):
            token, pending = _send(place, method, new_email())
            before = state(place, STARTED)
            place.advance(lifetime + 1)
            assert_refused(_verify(place, token, method), code="E062504")
            if pending:
                assert_refused(_poll(place, pending))
            assert state(place, STARTED) == before
        with case.cell(f"{method}, an earlier link is dead"):
            login_id = new_email()
            first, waits = _send(place, method, login_id)
            second, pending = _send(place, method, login_id.upper())
            before = state(place)
            assert_refused(_verify(place, first, method), code="E063010")
            if waits:
                assert_refused(_poll(place, waits))
            assert state(place) == before
            assert _verify(place, second, method).status == 200
            assert_refused(_verify(place, first, method))
            assert not pending or _poll(place, pending).status == 200
            if waits:
                assert_refused(_poll(place, waits))
    with case.cell("a session that waits ends with its link"):
        token, pending = place.send_enchanted_link(new_email())
        assert _verify(place, token, "enchantedlink").status == 200
        place.advance(lifetime + 1)
        before = state(place)
        assert_refused(_poll(place, pending), code="E062503")
        assert state(place) == before


def test_s_lnk_06_tokens_cannot_be_guessed(case: Case, make_place: MakePlace, rounds: Rounds) -> None:
    most = rounds(400, 1000)
    place = make_place(requests_per_minute=most)
    case.control(lambda: _verify(place, place.send_magic_link(new_email())).status == 200)
    with case.cell("a token has at least 128 bits beside its id"):
        token = links.parse(place.send_magic_link(new_email()))
        assert token is not None
        assert len(token[1]) * 5.95 >= 128  # base62
    for method in METHODS:
        with case.cell(f"{method}, random tokens"):
            place.advance(120)
            _await_full_minute(place)
            before = state(place, STARTED)
            answers = [_verify(place, links.new_link_token().text, method) for _ in range(most + 50)]
            for answer in answers[:most]:
                assert_refused(answer, 401)
            for answer in answers[most:]:
                assert_limited(answer, 60)
            assert state(place, STARTED) == before
    with case.cell("pending references"):
        place.advance(60)
        _await_full_minute(place)
        answers = [_poll(place, links.new_link_token().text) for _ in range(most + 5)]
        assert {answer.status for answer in answers[:most]} == {401}
        assert_limited(answers[-1], 60)
    with case.cell("random secrets for a challenge that lives: a few, then the link is dead"):
        place.advance(60)
        live = place.send_magic_link(new_email())
        challenge = live[: -len(token[1])]
        for _ in range(3):
            assert_refused(_verify(place, links.new_link_token(challenge).text))
        assert_refused(_verify(place, live))
    with case.cell("X-Forwarded-For gives no further tries"):
        place.advance(60)
        _await_full_minute(place)
        statuses = []
        for number in range(most + 20):
            body = {"token": links.new_link_token().text}
            headers = {"x-forwarded-for": f"198.51.{number % 256}.{number // 256}"}
            statuses.append(place.api.post("/v1/auth/magiclink/verify", body=body, headers=headers).status)
        assert statuses == [401] * most + [429] * 20
    place.advance(60)  # the control works again


def _await_full_minute(place: Place) -> None:
    """Move the clock to the beginning of a minute: limits count within whole ones."""
    place.advance(61 - place.avow.server.clock() % 60)


def test_s_lnk_08_wrong_number_ends_the_sign_in(case: Case, place: Place) -> None:
    def signed_in(login_id: str) -> bool:
        token, pending = place.send_enchanted_link(login_id)
        assert_refused(_poll(place, pending), code="E062503")
        assert _verify(place, token, "enchantedlink").status == 200
        return _poll(place, pending).status == 200

    case.control(lambda: signed_in(new_email()))
    for does, somebody in (("sign-in", lambda: place.sign_in().login_id), ("sign-up", new_email)):
        for number in (0, 1):
            with case.cell(f"{does}, decoy {number + 1}"):
                login_id = somebody()
                right, pending = place.send_enchanted_link(login_id)
                sent = place.avow.messages(login_id)[0].links
                decoys = [token_of(link.url) for link in sent if token_of(link.url) != right]
                assert len({right, *decoys}) == 3
                assert len({link.id for link in sent}) == 3
                before = state(place)
                assert_refused(_verify(place, decoys[number], "enchantedlink"), code="E063010")
                assert_refused(_poll(place, pending))
                for token in (right, decoys[1 - number], decoys[number]):
                    assert_refused(_verify(place, token, "enchantedlink"))
                    assert_refused(_poll(place, pending))
                assert state(place) == before
                assert signed_in(login_id)


def test_s_lnk_09_polling_is_bound_to_the_starter(case: Case, place: Place) -> None:
    victim = place.sign_in().login_id

    def signed_in() -> bool:
        token, pending = place.send_enchanted_link(victim)
        assert _verify(place, token, "enchantedlink").status == 200
        return _poll(place, pending).status == 200

    case.control(signed_in)
    token, pending = place.send_enchanted_link(victim)
    before = state(place)
    with case.cell("guesses"):
        parsed = links.parse(pending)
        assert parsed is not None
        challenge = parsed[0]
        for guess in (links.new_link_token().text, links.new_link_token(challenge).text, token, victim, "P", challenge):
            assert_refused(_poll(place, guess), code="E062503")
        assert state(place) == before
    with case.cell("the link ID is not the reference"):
        number = place.avow.messages(victim)[0].links[0].id
        assert_refused(_poll(place, number), code="E062503")
    with case.cell("the number of the link, and its address, give no session to whoever clicks"):
        clicked = _verify(place, token, "enchantedlink")
        assert clicked.status == 200
        assert clicked.body == {}
        assert not clicked.set_cookies
        assert state(place)["sessions"] == before["sessions"]
    with case.cell("a used reference"):
        assert _poll(place, pending).status == 200
        before = state(place, STARTED)
        for _ in range(4):
            assert_refused(_poll(place, pending), code="E062503")
        assert state(place, STARTED) == before
    with case.cell("a start by somebody else is a mail of its own, which names who asked"):
        headers = {"user-agent": FIREFOX}
        mails = len(place.avow.messages(victim))
        own = place.api.post("/v1/auth/enchantedlink/signin/email", body={"loginId": victim}, headers=headers).body
        letters = place.avow.messages(victim)
        assert len(letters) == mails + 1
        for text in (letters[0].text, letters[0].html):
            assert "Firefox" in text
            assert "Linux" in text
            assert "127.0.0.1" in text
        assert_refused(_poll(place, own["pendingRef"]), code="E062503")
    with case.cell("a reference of another project"):
        other = place.avow.server.project()
        token, pending = place.send_enchanted_link(victim)
        assert _verify(place, token, "enchantedlink").status == 200
        headers = {"authorization": f"Bearer {other.project_id}"}
        path, body = "/v1/auth/enchantedlink/pending-session", {"pendingRef": pending}
        assert_refused(place.api.post(path, body=body, headers=headers), code="E062503")
        assert _poll(place, pending).status == 200
    with case.cell("a user who is disabled after the click"):
        login_id = new_email()
        user = make_user(place.avow, login_id)
        token, pending = place.send_enchanted_link(login_id)
        assert _verify(place, token, "enchantedlink").status == 200
        place.avow.run(lambda tx: users.set_status(tx, user, "disabled"))
        assert_refused(_poll(place, pending), 401, 403)
