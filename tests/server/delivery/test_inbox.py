"""The development inbox: what it keeps, its JSON, and its page in a real browser."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast

import pytest

from avow.server.delivery.inbox import InboxSender
from avow.server.delivery.messages import Link, Parameters, Rendered
from avow.server.delivery.templates import Draft, render
from avow.server.pages.inbox import INBOX, inbox_slice
from avow.server.pages.inbox.handlers import InboxQuery
from avow.server.serving import Answer, Anyone, Call, Client, Project
from avow.wire.endpoint import Caller

if TYPE_CHECKING:
    from playwright.sync_api import Page

SMS = Rendered(
    id="M1", method="sms", address="+14155552671", app="Acme", locale="en", text="Code 739182", code="739182"
)
MAIL = render(
    Draft(
        id="M2",
        template="magic-link",
        method="email",
        address="Ada@example.com",
        app="<script>document.title='broken'</script>",
        locale="en",
        parameters=Parameters(lifetime_seconds=600, link="http://localhost:1/verify?t=x&y=1"),
        created_at=1_790_000_000,
    )
)


def _show(inbox: InboxSender, *, to: str | None = None, accepts_html: bool = False) -> Answer:
    [handler] = inbox_slice(inbox).handlers
    call = Call(cast(Project, None), Anyone(), Client("127.0.0.1", accepts_html=accepts_html), InboxQuery(to=to))
    answer = handler.function(call)
    assert isinstance(answer, Answer)
    return answer


def _page(inbox: InboxSender, **query: Any) -> str:
    return str(_show(inbox, accepts_html=True, **query).body)


def test_the_route_is_open_to_anyone() -> None:
    assert (INBOX.verb, INBOX.path, INBOX.caller) == ("GET", "/dev/inbox", Caller.ANYONE)


def test_the_json_has_the_documented_fields_newest_first() -> None:
    inbox = InboxSender()
    inbox.send(SMS)
    inbox.send(replace(MAIL, links=(Link("42", "http://localhost:1/42"),)))
    body = json.loads(cast(bytes, _show(inbox).body))
    assert list(body) == ["messages"]
    mail, sms = body["messages"]
    assert list(mail) == ["to", "channel", "subject", "text", "html", "code", "link", "links", "created_at"]
    assert (mail["to"], mail["channel"], mail["link"]) == ("Ada@example.com", "email", MAIL.link)
    assert mail["links"] == [{"id": "42", "url": "http://localhost:1/42"}]
    assert mail["created_at"] == 1_790_000_000
    assert (sms["channel"], sms["code"], sms["html"], sms["link"]) == ("sms", "739182", "", "")


def test_messages_can_be_asked_for_by_recipient_in_any_case() -> None:
    inbox = InboxSender()
    inbox.send(SMS)
    inbox.send(MAIL)
    assert [each.to for each in inbox.messages("ada@EXAMPLE.com")] == ["Ada@example.com"]
    assert len(inbox.messages("")) == 2
    assert json.loads(cast(bytes, _show(inbox, to="nobody@example.com").body)) == {"messages": []}


def test_the_last_200_messages_are_kept_from_any_thread() -> None:
    inbox = InboxSender()

    def send() -> None:
        for _ in range(60):
            inbox.send(SMS)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    inbox.send(MAIL)
    assert len(inbox.messages()) == 200
    assert inbox.messages()[0].to == "Ada@example.com"


def test_a_person_gets_a_page_in_which_messages_are_text() -> None:
    inbox = InboxSender()
    inbox.send(MAIL)
    answer = _show(inbox, accepts_html=True)
    assert answer.content_type == "text/html; charset=utf-8"
    page = str(answer.body)
    assert "<script>document" not in page
    assert "document.title" in unescape(page)
    assert 'href="http://localhost:1/verify?t=x&amp;y=1"' in page


def test_the_policy_lets_one_script_run_and_no_other_page_frame_it() -> None:
    first, second = (_show(InboxSender(), accepts_html=True) for _ in range(2))
    policy = first.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert policy != second.headers["Content-Security-Policy"]


def test_an_empty_inbox_says_so() -> None:
    assert "No messages yet" in _page(InboxSender())
    assert "No messages to &lt;b&gt; yet" in _page(InboxSender(), to="<b>")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_reads_a_mail_copies_a_code_and_sees_new_messages_arrive(page: "Page", scheme: Any) -> None:
    inbox = InboxSender()
    with _served(inbox) as url:
        page.emulate_media(color_scheme=scheme)
        page.goto(url)
        page.get_by_text("No messages yet").wait_for()
        inbox.send(SMS)
        page.locator("output").get_by_text("739182").wait_for()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == "739182"
        inbox.send(MAIL)
        page.get_by_text("The mail as people see it").click()
        mail = page.frame_locator("iframe")
        assert mail.get_by_role("link", name="Sign in").get_attribute("href") == MAIL.link
        background = mail.locator(".card").evaluate("card => getComputedStyle(card).backgroundColor")
        assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(27, 30, 37)"}[scheme]
        assert page.get_by_role("link", name="Open the link").get_attribute("href") == MAIL.link
        assert "broken" not in page.title()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@contextmanager
def _served(inbox: InboxSender) -> Iterator[str]:
    """Serve the handler alone, as the server would."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = _show(inbox, accepts_html="text/html" in self.headers.get("Accept", ""))
            body = answer.body if isinstance(answer.body, bytes) else str(answer.body).encode()
            self.send_response(200 if self.path == "/dev/inbox" else 204)
            self.send_header("Content-Type", answer.content_type)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}/dev/inbox"
    server.shutdown()
    server.server_close()
