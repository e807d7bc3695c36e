"""What `avow dev` prints once it answers: one line of JSON for programs, or what to click next for people."""

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from avow.cli.devdata import DevFacts

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["greet", "print_facts"]

_CURL = """\
curl -X POST {url}/v1/auth/otp/signup-in/email \\
  -H "Authorization: Bearer {project_id}" -H "Content-Type: application/json" \\
  -d '{{"loginId": "you@example.com"}}'"""

_PYTHON = """\
from avow import Client, DeliveryMethod

client = Client("{project_id}", base_url="{url}")
client.otp.sign_up_or_in(DeliveryMethod.EMAIL, "you@example.com")
code = input("Code from the inbox: ")
session = client.otp.verify_code(DeliveryMethod.EMAIL, "you@example.com", code)
print(client.validate_session(session["sessionToken"]["jwt"]))"""


def print_facts(url: str, facts: DevFacts, variables: Mapping[str, str]) -> None:
    """Print one line of JSON; other tools read it, so its fields stay."""
    said = {
        "url": url,
        "project_id": facts.project_id,
        "management_key": facts.management_key,
        "inbox_url": f"{url}/dev/inbox",
        "console_url": None,
    }
    print(json.dumps(said), flush=True)
    for name, value in variables.items():
        print(f"export {name}={value}", file=sys.stderr)


def greet(url: str, facts: DevFacts, variables: Mapping[str, str]) -> None:
    """Print what a newcomer does next."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)  # a wrapped key cannot be copied
    console.print("\n[bold green]Avow runs.[/bold green] Open the sign-in page, with the inbox beside it.\n")
    for name, value in (
        ("Sign in", f"{url}/login"),
        ("Inbox", f"{url}/dev/inbox"),
        ("API", f"{url}/openapi.json"),
        ("Project id", facts.project_id),
        ("Management key", facts.management_key),
    ):
        console.print(f"[bold]{name:<16}[/bold]{value}")
    _show(console, "From a shell", _CURL.format(url=url, project_id=facts.project_id))
    _show(console, f"From Python, for example {sys.executable}", _PYTHON.format(url=url, project_id=facts.project_id))
    if variables:
        lines = "\n".join(f"export {name}={value}" for name, value in variables.items())
        _show(console, "Before either, let programs trust the certificate", lines)
    console.print("Stop with Ctrl-C. Everything is kept; the next start prints the same.\n", style="dim")


def _show(console: "Console", title: str, code: str) -> None:
    console.print(f"\n[bold]{title}[/bold]\n")
    console.print(code, markup=False, style="cyan")
    console.print()
