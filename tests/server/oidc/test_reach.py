"""Whom an application is open to: users for whom management names applications reach those alone."""

import pytest

from avow.errors import AuthException
from avow.server.applications import actions
from avow.server.users import applications
from avow.testing.server import Avow
from tests.factories import make_user, new_email
from tests.server.oidc.relying import Rp, landed, make_app


def test_user_with_other_applications_named_is_refused(rp: Rp) -> None:
    avow, email = rp.avow, new_email()
    user_id, other = make_user(avow, email), make_app(avow)
    avow.run(lambda tx: applications.set_all(tx, user_id, [other.id]))
    browser = rp.browser()
    refused = landed(rp.sign_in(browser, rp.ask(browser), email))
    assert (refused["error"], "code" in refused) == ("access_denied", False)
    assert landed(rp.ask(browser, prompt="none"))["error"] == "access_denied"
    assert "code" in landed(other.ask(browser))
    avow.run(lambda tx: applications.add(tx, user_id, [rp.id]))
    assert "code" in landed(rp.ask(browser))
    avow.run(lambda tx: applications.remove(tx, user_id, [rp.id, other.id]))
    assert landed(rp.ask(browser))["error"] == "access_denied"
    avow.run(lambda tx: applications.set_all(tx, user_id, []))
    assert "code" in landed(rp.ask(browser))


def test_end_of_the_last_named_application_opens_no_other(rp: Rp) -> None:
    avow, email = rp.avow, new_email()
    user_id, other = make_user(avow, email), make_app(avow)
    avow.run(lambda tx: applications.set_all(tx, user_id, [other.id]))
    avow.run(lambda tx: actions.delete(tx, other.id, actor="test"))
    browser = rp.browser()
    assert landed(rp.sign_in(browser, rp.ask(browser), email))["error"] == "access_denied"


def test_nobody_else_is_concerned(rp: Rp, project: Avow) -> None:
    user_id = make_user(project, new_email())
    project.run(lambda tx: applications.set_all(tx, user_id, [rp.id]))
    assert rp.code(rp.browser(), new_email())


def test_change_of_a_user_opens_no_other_application(rp: Rp, project: Avow) -> None:
    email, users = new_email(), project.client().mgmt.user
    make_user(project, email)
    users.set_sso_apps(email, [rp.id])
    assert users.update(email, email=email, display_name="Mia")["user"]["ssoAppIds"] == [rp.id]
    other = make_app(project)
    assert users.update(email, email=email, sso_app_ids=[other.id])["user"]["ssoAppIds"] == [other.id]
    browser = rp.browser()
    assert landed(rp.sign_in(browser, rp.ask(browser), email))["error"] == "access_denied"
    assert users.update(email, email=email, sso_app_ids=[])["user"]["ssoAppIds"] == []
    assert "code" in landed(rp.ask(browser))


def test_nothing_is_taken_from_who_may_use_all_and_it_is_said(rp: Rp, project: Avow) -> None:
    email, users = new_email(), project.client().mgmt.user
    make_user(project, email)
    with pytest.raises(AuthException, match="set_sso_apps"):
        users.remove_sso_apps(email, [rp.id])
