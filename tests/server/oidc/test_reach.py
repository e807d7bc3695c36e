"""Whom an application is open to: users for whom management names applications reach those alone."""

from avow.server.accounts import grants
from avow.server.applications import actions
from avow.testing.server import Avow
from tests.factories import make_user, new_email
from tests.server.oidc.relying import Rp, landed, make_app


def test_user_with_other_applications_named_is_refused(rp: Rp) -> None:
    avow, email = rp.avow, new_email()
    user_id, other = make_user(avow, email), make_app(avow)
    avow.run(lambda tx: grants.set_applications(tx, user_id, [other.id]))
    browser = rp.browser()
    refused = landed(rp.sign_in(browser, rp.ask(browser), email))
    assert (refused["error"], "code" in refused) == ("access_denied", False)
    assert landed(rp.ask(browser, prompt="none"))["error"] == "access_denied"
    assert "code" in landed(other.ask(browser))
    avow.run(lambda tx: grants.add_applications(tx, user_id, [rp.id]))
    assert "code" in landed(rp.ask(browser))
    avow.run(lambda tx: grants.remove_applications(tx, user_id, [rp.id, other.id]))
    assert landed(rp.ask(browser))["error"] == "access_denied"
    avow.run(lambda tx: grants.set_applications(tx, user_id, []))
    assert "code" in landed(rp.ask(browser))


def test_end_of_the_last_named_application_opens_no_other(rp: Rp) -> None:
    avow, email = rp.avow, new_email()
    user_id, other = make_user(avow, email), make_app(avow)
    avow.run(lambda tx: grants.set_applications(tx, user_id, [other.id]))
    avow.run(lambda tx: actions.delete(tx, other.id, actor="test"))
    browser = rp.browser()
    assert landed(rp.sign_in(browser, rp.ask(browser), email))["error"] == "access_denied"


def test_nobody_else_is_concerned(rp: Rp, project: Avow) -> None:
    user_id = make_user(project, new_email())
    project.run(lambda tx: grants.set_applications(tx, user_id, [rp.id]))
    assert rp.code(rp.browser(), new_email())
