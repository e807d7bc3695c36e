"""docs/django-jwt.md, followed in a fresh project, and the SQL of docs/migrate.md for Django, on both databases."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.django.walk import Walk, walking

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    yield from walking(tmp_path / "project", "shop", {})


def test_page_does_what_it_says(walk: Walk) -> None:
    assert walk.do((DOCS / "django-jwt.md").read_text(encoding="utf-8")) == 6


def test_beginning_has_ten_lines_at_most() -> None:
    text = (DOCS / "django-jwt.md").read_text(encoding="utf-8")
    beginning = text.partition("## A project")[2].partition("`URL` is where")[0]
    lines = [line for block in re.findall(r"^```\w+\n(.*?)^```", beginning, re.M | re.S) for line in block.splitlines()]
    assert len([line for line in lines if line]) <= 10


def test_every_setting_stands_in_the_page() -> None:
    from avow.django.jwt.settings import DEFAULTS

    table = (DOCS / "django-jwt.md").read_text(encoding="utf-8").partition("## Settings")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([A-Z_]+)`", "".join(line.split("|")[1] for line in table.splitlines() if "|" in line)))
    assert named - {"X"} == set(DEFAULTS)


OLD_TABLES = {
    "djwto": """
        CREATE TABLE djwto_jwtblacklist (id integer PRIMARY KEY, jti varchar(255) NOT NULL, token text NULL,
            expires {instant} NULL, created_at {instant} NOT NULL);
        INSERT INTO djwto_jwtblacklist VALUES (7, 'ended', 'x.y.z', '2030-01-01 00:00:00+00:00', '2026-01-01 00:00:00');
        INSERT INTO djwto_jwtblacklist VALUES (8, 'for ever', NULL, NULL, '2026-01-01 00:00:00');
    """,
    "simplejwt": """
        CREATE TABLE token_blacklist_outstandingtoken (id bigint PRIMARY KEY, token text NOT NULL,
            created_at {instant} NULL, expires_at {instant} NOT NULL, user_id integer NULL, jti varchar(255) NOT NULL);
        CREATE TABLE token_blacklist_blacklistedtoken (id bigint PRIMARY KEY, blacklisted_at {instant} NOT NULL,
            token_id bigint NOT NULL);
        INSERT INTO token_blacklist_outstandingtoken VALUES (3, 'x', NULL, '2030-01-01 00:00:00+00:00', 1, 'ended');
        INSERT INTO token_blacklist_outstandingtoken VALUES (4, 'x', NULL, '2030-01-01 00:00:00+00:00', 1, 'live');
        INSERT INTO token_blacklist_blacklistedtoken VALUES (9, '2026-01-01 00:00:00', 3);
    """,
}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.parametrize("package", OLD_TABLES)
def test_ended_tokens_come_along(request: pytest.FixtureRequest, tmp_path: Path, kind: str, package: str) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else f"sqlite:///{tmp_path}/db.sqlite3"
    sections = (DOCS / "migrate.md").read_text(encoding="utf-8").partition(f"**From {package}.**")[2]
    statement = re.findall(r"^```sql\n(.*?)^```", sections, re.M | re.S)[0]
    old = OLD_TABLES[package].format(instant="timestamptz" if kind == "postgres" else "datetime")
    program = tmp_path / "move.py"
    program.write_text(MOVE, encoding="utf-8")
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    command = [sys.executable, str(program), url, old, statement]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expected = {"ended": 2030} | ({"for ever": None} if package == "djwto" else {})
    assert json.loads(done.stdout) == expected


MOVE = """
import json, sys
from urllib.parse import parse_qs, urlsplit
import django
from django.conf import settings
url, old, statement = sys.argv[1:]
parts = urlsplit(url)
host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
database = (
    {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path}
    if parts.scheme == "sqlite"
    else {"ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:], "USER": parts.username, "HOST": host}
)
settings.configure(INSTALLED_APPS=["avow.django.jwt"], DATABASES={"default": database}, USE_TZ=True)
django.setup()
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
with connection.cursor() as cursor:
    for each in [*old.split(";"), statement.rstrip().rstrip(";")]:
        if each.strip():
            cursor.execute(each)
from avow.django.jwt.models import JWTBlacklist
JWTBlacklist.objects.create(jti="another")  # the numbers go on
rows = JWTBlacklist.objects.exclude(jti="another")
print(json.dumps({row.jti: row.expires and row.expires.year for row in rows}))
"""
