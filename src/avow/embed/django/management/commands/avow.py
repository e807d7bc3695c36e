"""`manage.py avow ...`: the command `avow` on this project's data."""

from argparse import REMAINDER, ArgumentParser

from django.core.management.base import BaseCommand

from avow.cli.within import run
from avow.django.shapes import Anything
from avow.embed.django.inside import embedded

__all__ = ["Command"]


class Command(BaseCommand):
    """Projects, users, roles and keys, without a word about where they are."""

    help = "Run a command of Avow on this project's data: manage.py avow project create NAME."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Hand everything that was typed to Avow, its options too."""
        run(argv[2:], embedded().said.variables(), program=f"{argv[0]} avow")

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take everything, from `call_command`."""
        parser.add_argument("arguments", nargs=REMAINDER)

    def handle(self, *args: object, **options: Anything) -> None:
        """Run the command."""
        run(options["arguments"], embedded().said.variables(), program="manage.py avow")
