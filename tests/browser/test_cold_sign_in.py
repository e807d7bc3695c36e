"""What a browser that was never here before loads for a sign-in on Avow's own pages."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.bed.traffic import traffic_of
from tests.browser.conftest import Dev
from tests.browser.test_sign_in import expect_signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

MOST_REQUESTS, MOST_BYTES = 6, 60_000


def test_cold_sign_in_page_is_few_requests_and_small(open_page: Callable[..., "Page"], dev: Dev) -> None:
    page = open_page()
    with traffic_of(page) as seen:
        page.goto(f"{dev.url}/login/{dev.project_id}", wait_until="networkidle")
    assert len(seen.urls) <= MOST_REQUESTS, seen.urls
    assert 5_000 < seen.received_bytes <= MOST_BYTES, seen


def test_whole_cold_sign_in_loads_each_file_once(open_page: Callable[..., "Page"], dev: Dev, mail: str) -> None:
    page = open_page()
    with traffic_of(page) as seen:
        page.goto(f"{dev.url}/login/{dev.project_id}", wait_until="networkidle")
        page.get_by_label("E-mail address or phone number").fill(mail)
        page.get_by_role("button", name="Continue", exact=True).click()
        page.wait_for_load_state()
        page.get_by_label("Code", exact=True).press_sequentially(dev.message(mail)["code"])
        expect_signed_in(page, mail)
        expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    files = [url for url in seen.urls if "/assets/" in url]
    assert len(files) == len(set(files)) == 3
    assert seen.received_bytes <= MOST_BYTES, seen
