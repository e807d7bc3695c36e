"""Two at once: a code is spent once, a refresh begins one generation, a consent is answered once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from avow.server.applications import consents
from avow.server.oidc import grants
from avow.server.store import Tx
from tests.factories import make_user, new_email
from tests.server.oidc.relying import Rp, landed, make_app
from tests.server.pages.browsing import Browser, Form

AT_ONCE = 8


def test_code_is_spent_by_one_and_the_grant_ends_for_all(rp: Rp) -> None:
    browser, email = rp.browser(), new_email()
    for _ in range(4):
        code = rp.code(browser, email, scope="openid offline_access")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            replies = list(pool.map(lambda _: rp.redeem(code), range(AT_ONCE)))  # noqa: B023 - ends with the round
        won = [reply for reply in replies if reply.status == 200]
        assert len(won) == 1
        assert {reply.error for reply in replies if reply.status != 200} == {(400, "invalid_grant")}
        assert rp.refresh(won[0]["refresh_token"]).error == (400, "invalid_grant")


def test_refresh_tokens_of_two_tabs_are_the_same(rp: Rp) -> None:
    token = rp.tokens(rp.browser(), new_email(), scope="openid offline_access")["refresh_token"]
    for _ in range(4):
        rp.avow.advance(31)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            replies = list(pool.map(lambda _: rp.refresh(token), range(AT_ONCE)))  # noqa: B023 - ends with the round
        following = {reply["refresh_token"] for reply in replies}
        assert len(following) == 1
        assert following != {token}
        (token,) = following


def test_consent_is_answered_once(rp: Rp) -> None:
    asking = make_app(rp.avow, trusted=False)
    browser = asking.browser()
    page = asking.sign_in(browser, asking.ask(browser), new_email())
    form = page.form()

    def answer(_: int) -> int:
        same = Browser(asking.avow)
        same.cookies = dict(browser.cookies)
        return same.submit(form, "allow").status

    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = list(pool.map(answer, range(AT_ONCE)))
    assert sorted(statuses) == [303] + [400] * (AT_ONCE - 1)


def test_of_two_consents_at_once_none_is_lost(rp: Rp) -> None:
    asking = make_app(rp.avow, trusted=False)
    wanted = [f"openid {each}" for each in ("email", "phone", "profile", "address")]
    browser = asking.browser()
    page = asking.sign_in(browser, asking.ask(browser, scope="openid"), new_email())
    landed(browser.submit(page.form(), "allow"))
    forms = [asking.ask(browser, scope=each).form() for each in wanted]

    def answer(form: Form) -> int:
        same = Browser(asking.avow)
        same.cookies = dict(browser.cookies)
        return same.submit(form, "allow").status

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(answer, forms)) == {303}
    for each in wanted:
        assert "code" in landed(asking.ask(browser, scope=each, prompt="none"))


def test_consent_that_something_is_granted_by_is_taken_back_afterwards(rp: Rp) -> None:
    """Otherwise the grant would be begun after the others have ended, and outlive the consent."""
    user, order = make_user(rp.avow, new_email()), []
    rp.avow.run(lambda tx: consents.add(tx, rp.id, user, {"": ["openid"]}))
    begun, over = Event(), Event()

    def grant_by_it(tx: Tx) -> None:
        assert consents.find(tx, rp.id, user, is_held=True)
        begun.set()
        over.wait(0.3)
        order.append("granted")

    def take_back() -> None:
        begun.wait(10)
        rp.avow.run(lambda tx: grants.withdraw(tx, rp.id, user, actor="test"))
        order.append("taken back")
        over.set()

    with ThreadPoolExecutor(2) as pool:
        for done in (pool.submit(rp.avow.run, grant_by_it), pool.submit(take_back)):
            done.result()
    assert order == ["granted", "taken back"]
