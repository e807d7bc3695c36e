"""A server whose secret key was changed, over the data of before; docs/decisions/0004 says why it is so."""

import pytest

from avow import AuthException, Client, DeliveryMethod
from avow.core.vault import Vault
from avow.embed.transport import InProcessTransport
from avow.server.app import build
from avow.server.delivery.inbox import InboxSender
from avow.server.settings import Settings
from avow.server.site import Site
from avow.server.store import StoreRefused, check_secret
from avow.testing.server import BASE_URL, Server

EARLIER, LATER = "e" * 40, "l" * 40
EMAIL = DeliveryMethod.EMAIL


def changed(url: str, before: Server) -> Site:
    settings = Settings(
        database_url=url, secret_key=LATER, previous_secret_keys=(EARLIER,), public_url=BASE_URL, is_development=True
    )
    return build(settings, clock=before.clock, inbox=InboxSender(), durable=False)


def test_sessions_and_management_keys_outlive_a_change_and_codes_do_not(database_url: str) -> None:
    before = Server(database_url, settings={"secret_key": EARLIER})
    avow = before.project()
    client = avow.client()
    client.otp.sign_up_or_in(EMAIL, "mia@example.com")
    session = client.otp.verify_code(EMAIL, "mia@example.com", avow.code("mia@example.com"))
    client.otp.sign_up_or_in(EMAIL, "mia@example.com")
    waiting = avow.code("mia@example.com")

    after = changed(database_url, before)
    try:
        later = Client(
            avow.project_id,
            management_key=avow.management_key,
            base_url=BASE_URL,
            transport=InProcessTransport(after),
            clock=before.clock,
        )
        assert later.refresh_session(session["refreshSessionToken"]["jwt"])["userId"] == session["userId"]
        assert later.mgmt.project.get_settings()
        with pytest.raises(AuthException) as refused:
            later.otp.verify_code(EMAIL, "mia@example.com", waiting)
        assert refused.value.status_code == 401
    finally:
        after.close()
        before.close()


def test_start_is_refused_without_the_key_that_the_data_was_made_with(database_url: str) -> None:
    server = Server(database_url, settings={"secret_key": EARLIER})
    store = server.site.store
    check_secret(store, Vault.from_text(EARLIER))

    check_secret(store, Vault.from_text(LATER, (EARLIER,)))
    with pytest.raises(StoreRefused, match="AVOW_SECRET_KEY"):
        check_secret(store, Vault.from_text(LATER))
    server.close()
