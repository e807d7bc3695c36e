"""examples/django: in Chromium the walk of its README, what its people may, and how its pages look; its one command."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from examples.django.people import PEOPLE, Person
from tests.bed import run
from tests.examples import LOOKS, ROOT, Example, get, is_there, opened, problems_of, running_example, sign_in
from tests.factories import new_email
from tests.served import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

README = (ROOT / "examples" / "django" / "README.md").read_text(encoding="utf-8")
FOR_PEOPLE = ("/profile/", "/protected/", "/summariser/", "/admin-only/")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    with running_example("examples.django", tmp_path_factory.mktemp("django")) as at:
        yield at


@pytest.fixture
def page(browser: "Browser", example: Example) -> "Iterator[Page]":
    with opened(browser, example.url, example.avow_url) as fresh:
        yield fresh


def sign_in_for(page: "Page", example: Example, path: str, mail: str) -> None:
    """Open a page as a stranger, and come back to it signed in."""
    page.goto(example.url + path)
    sign_in(page, example, mail)
    page.wait_for_url(example.url + path)


def status(page: "Page", example: Example, path: str) -> int:
    answer = page.goto(example.url + path)
    return answer.status if answer else 0


@pytest.mark.browser
def test_newcomer_is_refused_given_the_role_and_admitted(page: "Page", example: Example) -> None:
    from playwright.sync_api import expect

    mail = new_email()
    page.goto(example.url)
    page.get_by_role("link", name="Sign in, or sign up").click()
    sign_in(page, example, mail)
    page.wait_for_url(f"{example.url}/profile/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your profile")
    expect(page.get_by_text(mail)).to_be_visible()

    page.get_by_role("link", name="Admin only").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not yours to see, so far")
    page.get_by_role("button", name="Refresh now").click()
    expect(page.get_by_role("status")).to_have_text("Refreshed: you do not have the role yet.")
    command = page.locator("pre").inner_text().split()
    assert command == [".venv/bin/avow", "user", "add-role", mail, "is_staff", "--data", str(example.data)]

    example.command("user", "add-role", mail, "is_staff")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not yours to see, so far")  # not before a refresh
    page.get_by_role("button", name="Refresh now").click()
    expect(page.get_by_role("status")).to_have_text("Refreshed: you have the role now.")
    expect(page.get_by_role("row", name=mail)).to_have_text(re.compile("yes.*no"))
    page.get_by_role("link", name="Open Django's admin").click()
    expect(page.get_by_text("Site administration")).to_be_visible()

    example.command("user", "remove-role", mail, "is_staff")
    page.goto(f"{example.url}/profile/")
    page.get_by_role("button", name="Refresh now").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert status(page, example, "/admin-only/") == 403


@pytest.mark.browser
@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_people_may_what_their_roles_say(page: "Page", example: Example, person: Person) -> None:
    sign_in_for(page, example, "/profile/", person.email)
    is_staff = "is_staff" in person.roles
    assert status(page, example, "/protected/") == 200
    assert status(page, example, "/summariser/") == (200 if "editor" in person.roles else 403)
    assert status(page, example, "/admin-only/") == (200 if is_staff else 403)
    page.goto(f"{example.url}/admin/")
    assert page.get_by_text("Site administration").is_visible() is is_staff
    assert page.get_by_role("link", name="Users", exact=True).is_visible() is bool(
        {"support", "is_superuser"} & set(person.roles)
    )
    assert page.get_by_role("link", name="Add").first.is_visible() is ("is_superuser" in person.roles)


@pytest.mark.browser
def test_stranger_signs_in_on_the_page_of_djangos_admin(page: "Page", example: Example) -> None:
    page.goto(f"{example.url}/admin/")
    sign_in(page, example, "sita@example.com")
    page.get_by_text("Site administration").wait_for()


@pytest.mark.browser
def test_summariser_shortens_a_text(page: "Page", example: Example) -> None:
    sign_in_for(page, example, "/summariser/", "emil@example.com")
    sentences = [f"The tide of day {number} reached the harbour wall." for number in range(4)]
    page.get_by_label("Text").fill(" ".join(["Gulls scream.", *sentences]))
    page.get_by_label("Sentences").fill("2")
    page.get_by_role("button", name="Summarise").click()
    assert page.get_by_role("status").get_by_role("listitem").all_inner_texts() == sentences[:2]
    page.get_by_label("Sentences").evaluate("each => { each.removeAttribute('max'); each.value = 99; }")
    page.get_by_role("button", name="Summarise").click()
    assert "10" in page.get_by_role("alert").inner_text()


@pytest.mark.browser
def test_who_signs_out_is_a_stranger_everywhere(page: "Page", example: Example) -> None:
    sign_in_for(page, example, "/profile/", "ada@example.com")
    kept: Any = page.context.cookies()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{example.url}/")
    for path in FOR_PEOPLE:
        page.goto(example.url + path)
        assert page.url == f"{example.url}/sign-in/?next={path}"
    page.context.add_cookies(kept)  # somebody copied them: the refresh token is over, whatever the session token says
    page.goto(f"{example.url}/profile/")
    assert "The session has ended." in page.evaluate(
        """async () => { const form = new FormData(document.querySelector('form[action$="refresh/"]'));
        form.delete("next");
        return (await fetch("/auth/refresh/", { method: "POST", body: form })).text(); }"""
    )


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_pages_can_be_read_and_pressed_by_everybody(look: str, browser: "Browser", example: Example) -> None:
    problems: list[str] = []

    def see(name: str, path: str = "") -> None:
        if path:
            here.goto(example.url + path)
        problems.extend(problems_of(here, f"django-{name}-{look}"))

    with opened(browser, example.url, example.avow_url, **LOOKS[look]) as here:
        see("home", "/")
        here.goto(f"{example.url}/sign-in/")
        here.get_by_label("E-mail address or phone number").wait_for()
        see("sign-in")
        sign_in_for(here, example, "/profile/?refreshed=yes", new_email())
        see("profile")
        see("protected", "/protected/")
        see("refused", "/admin-only/?refreshed=yes")
    with opened(browser, example.url, example.avow_url, **LOOKS[look]) as here:
        sign_in_for(here, example, "/admin-only/", "ada@example.com")
        see("admin-only")
        here.goto(f"{example.url}/summariser/")
        here.get_by_label("Text").fill("The tide comes. " * 40)
        here.get_by_role("button", name="Summarise").click()
        see("summary")
    assert problems == []


def test_strangers_see_the_home_page_and_the_sign_in(example: Example) -> None:
    assert "What there is to try" in get(f"{example.url}/").text
    for path in FOR_PEOPLE:
        assert "<avow-login" in get(example.url + path).text, path


def test_readme_names_the_command_and_every_address() -> None:
    assert "make run" in README
    assert "examples.django --data" in (ROOT / "Makefile").read_text(encoding="utf-8")
    for path in ("/", "/sign-in/", "/admin/", *FOR_PEOPLE):
        assert f"`{path}`" in README
    assert all(person.name in README for person in PEOPLE)


def test_ctrl_c_stops_both_and_a_later_start_changes_nobody(tmp_path: Path) -> None:
    port, avow_port = free_port(), free_port()
    command = ["-m", "examples.django", "--port", str(port), "--avow-port", str(avow_port), "--data", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A run in the background ignores the signal and hands that on; a terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    run.note_process(process)
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first == f"Open http://localhost:{port} - codes arrive at http://localhost:{avow_port}/dev/inbox\n"
    os.killpg(process.pid, signal.SIGINT)  # a terminal tells both
    _, complaints = process.communicate(timeout=30)
    run.forget_process(process.pid)
    assert "Traceback" not in complaints
    assert not is_there(f"http://localhost:{avow_port}")
    stopped = Example("", "", tmp_path)
    stopped.command("user", "remove-role", "ada@example.com", "is_superuser")
    with running_example("examples.django", tmp_path) as at:
        assert "is_superuser" not in at.command("user", "show", "ada@example.com")


def test_taken_port_is_a_sentence(tmp_path: Path, example: Example) -> None:
    taken = example.url.rpartition(":")[2]
    command = [sys.executable, "-m", "examples.django", "--port", taken, "--data", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        f"Port {taken} is taken by another program: stop that, or choose another port with --port.\n",
    )
