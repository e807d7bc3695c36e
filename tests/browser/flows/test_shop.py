"""The pages that tutorials build of component and SDK: with the official scripts, and with ours by address alone."""

import pytest

from avow.testing.server import Avow
from tests.bed import npm
from tests.browser.flows.conftest import OFFICIAL, Visitor
from tests.browser.shop import SECRET, Scripts, open_shop
from tests.factories import new_email

pytestmark = pytest.mark.browser


def scripts_of(whose: str, server_url: str) -> Scripts:
    """Return what the pages load: the official scripts with the server's address, or the server's own and nothing."""
    if whose == "avow":
        return Scripts(f"{server_url}/sdk/avow-login.js", f"{server_url}/sdk/avow.js")
    modules = npm.FOLDER / "node_modules"
    return Scripts(modules / OFFICIAL[whose], modules / OFFICIAL["sdk"], server_url)


@pytest.mark.parametrize("whose", ["4", "3", "avow"])
def test_shop_lets_in_knows_who_it_is_and_lets_out(visitor: Visitor, avow: Avow, whose: str) -> None:
    page, mail = visitor.page, new_email()
    with open_shop(scripts_of(whose, visitor.api), avow.project_id, visitor.api) as shop:
        visitor.friends.append(shop)
        page.goto(shop)
        page.get_by_role("link", name="Login").click()
        visitor.field("email").fill(mail)
        visitor.button("code").click()
        visitor.field("code").wait_for()
        visitor.field("code").press_sequentially(avow.code(mail))
        if whose != "avow":  # ours sends the last digit by itself
            visitor.button("verify").click()
        visitor.button("later").click()
        page.wait_for_url("**/profile")
        page.get_by_text(mail).wait_for()
        page.get_by_text(SECRET).wait_for()
        page.goto(f"{shop}/login")
        page.wait_for_url("**/profile")
        page.goto(shop)
        page.get_by_role("link", name="Profile").click()
        page.get_by_text(mail).wait_for()
        refresh_token = page.evaluate("sdk.getRefreshToken()")
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login")
        visitor.field("email").wait_for()
        with pytest.raises(Exception, match="E"):
            avow.client().refresh_session(refresh_token)
        page.goto(f"{shop}/profile")
        page.wait_for_url("**/login")
    if whose == "avow":
        assert visitor.foreign == []
