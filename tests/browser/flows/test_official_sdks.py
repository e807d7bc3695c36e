"""The official browser SDK and the React SDK, unmodified, with our server as their base URL."""

import shutil
import subprocess
from pathlib import Path

import pytest

from avow.testing.server import Avow
from tests.bed import npm
from tests.browser.flows.conftest import BUNDLE, Visitor
from tests.factories import change_settings, new_email

pytestmark = pytest.mark.browser

SOURCE = Path(__file__).with_name("react_page.js")
SDK = """
async ([projectId, baseUrl]) => {
  window.sdk = Descope({ projectId, baseUrl, persistTokens: true, autoRefresh: true });
  window.seen = [];
  sdk.onSessionTokenChange((token) => seen.push(Boolean(token)));
  const refreshed = await sdk.refresh();
  const me = await sdk.me();
  return [refreshed.ok, me.data?.email, Boolean(sdk.getSessionToken())];
}
"""


@pytest.fixture(autouse=True)
def without_passkeys(avow: Avow) -> None:
    """Have nobody offered a passkey."""
    change_settings(avow, {"sign_in_methods": ("otp",)})
    avow.advance(2)


@pytest.fixture(scope="module")
def react_page() -> None:
    """Make the application of the React SDK one script."""
    entry = npm.FOLDER / "react_page.js"
    shutil.copy(SOURCE, entry)
    command = ["node_modules/.bin/esbuild", entry.name, "--bundle", "--minify", f"--outfile={BUNDLE.name}"]
    subprocess.run(
        [*command, '--define:process.env.NODE_ENV="production"'], cwd=npm.FOLDER, check=True, capture_output=True
    )


def test_page_of_component_and_sdk_refreshes_knows_and_signs_out(visitor: Visitor, avow: Avow) -> None:
    mail = new_email()
    visitor.sign_in(mail, avow.code)
    page = visitor.page
    page.add_script_tag(url=f"{visitor.application}/script/sdk")
    assert page.evaluate(SDK, [visitor.project_id, visitor.api]) == [True, mail, True]
    refresh_token = page.evaluate("sdk.getRefreshToken()")
    assert page.evaluate("sdk.logout().then((answer) => answer.ok)") is True
    assert page.evaluate("[localStorage.DS, localStorage.DSR]") == [None, None]
    assert page.evaluate("seen.at(-1)") is False
    with pytest.raises(Exception, match="E"):
        avow.client().refresh_session(refresh_token)


@pytest.mark.usefixtures("react_page")
def test_react_application_signs_in_stays_signed_in_and_signs_out(visitor: Visitor, avow: Avow) -> None:
    page, mail = visitor.page, new_email()
    page.goto(f"{visitor.application}/react?project={visitor.project_id}&api={visitor.api}")
    visitor.field("email").fill(mail)
    visitor.button("code").click()
    visitor.field("code").wait_for()
    visitor.field("code").fill(avow.code(mail))
    visitor.button("verify").click()
    page.locator("#who", has_text=mail).wait_for()
    page.reload()
    page.locator("#who", has_text=mail).wait_for()
    page.locator("#out").click()
    visitor.field("email").wait_for()
