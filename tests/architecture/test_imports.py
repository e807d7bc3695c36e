"""Who imports whom: the contracts of pyproject.toml, what `import avow` brings in, and the homes of libraries."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src" / "avow"

# Name of a library (or of a module of it), and the only places below src/avow that may import it.
HOMES = {
    "argon2": ("core/passwords/",),
    "bcrypt": ("core/passwords/",),
    "lxml": ("core/saml/",),
    "signxml": ("core/saml/",),
    "sqlalchemy": ("server/store/",),
    "alembic": ("server/store/",),
    "sqlite3": ("server/store/",),
    "psycopg": ("server/store/",),
    "psycopg_pool": ("server/store/",),
    "valkey": ("server/store/",),
    "jinja2": ("server/delivery/", "server/pages/", "server/screens/", "server/console/"),
    "phonenumbers": ("core/", "server/"),
    "smtplib": ("server/delivery/",),
    "httpx2": ("sdk/", "server/", "fastapi/"),
    "httpcore2": ("server/outgoing/",),
    "urllib.request": (),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "uvicorn": ("cli/", "testing/", "embed/"),
    "jwt": ("django/jwt/",),
    "rest_framework": ("django/",),
    "mcp": ("mcp/",),
}
# What `import avow` must not bring in: web frameworks, the database layer, the server's libraries, the HTTP client.
# bcrypt is not among them: cryptography imports it where it is installed.
NOT_WITH_THE_SDK = {
    "alembic", "argon2", "django", "fastapi", "flask", "httpx2", "jinja2", "lxml", "phonenumbers", "prometheus_client",
    "psycopg", "rich", "signxml", "sqlalchemy", "sqlite3", "starlette", "typer", "uvicorn", "valkey", "werkzeug",
}  # fmt: skip


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """Give (module, name) of each import in a file; name is "" for `import module`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def below(library: str, module: str) -> bool:
    return module == library or module.startswith(f"{library}.")


def test_layers_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_libraries_are_imported_at_home_only() -> None:
    strangers = []
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE).as_posix()
        for module, _ in imports_of(path):
            strangers += [
                f"{place} imports {module}"
                for library, homes in HOMES.items()
                if below(library, module) and not place.startswith(homes or "\0")
            ]
    assert strangers == []


def test_slices_show_each_other_their_actions_only() -> None:
    hidden = ("handlers", "rows", "mail")
    not_slices = ("app.py", "store")  # app.py knows every slice; the store is below them all
    wrong = []
    for path in sorted((SOURCE / "server").rglob("*.py")):
        own = path.relative_to(SOURCE / "server").parts[0]
        if own in not_slices:
            continue
        for module, name in imports_of(path):
            parts = f"{module}.{name}".split(".")
            if (
                parts[:2] == ["avow", "server"]
                and len(parts) > 3
                and parts[2] not in {own, "store"}
                and parts[3] in hidden
            ):
                wrong.append(f"{path.relative_to(SOURCE)} imports {'.'.join(parts)}")
    assert wrong == []


def test_nothing_inside_takes_names_from_the_front_door() -> None:
    inside = [path for part in ("core", "sdk", "server", "wire") for path in sorted((SOURCE / part).rglob("*.py"))]
    modules = {path.stem for path in SOURCE.iterdir()}
    wrong = [
        f"{path.relative_to(SOURCE)} imports {name} from avow"
        for path in inside
        for module, name in imports_of(path)
        if module == "avow" and name not in modules and name != "__version__"
    ]
    assert wrong == []


def test_async_stays_at_its_edges() -> None:
    edges = (
        *("server/asgi.py", "sdk/_async", "fastapi/", "django/", "mcp/", "embed/", "testing/"),
        "sdk/transport.py",  # the in-process transport of AsyncClient
        "cli/running.py",  # uvicorn's hook for what is done once it listens
    )
    wrong = [
        path.relative_to(SOURCE).as_posix()
        for path in sorted(SOURCE.rglob("*.py"))
        if not path.relative_to(SOURCE).as_posix().startswith(edges)
        and any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    ]
    assert wrong == []


@pytest.mark.parametrize("statement", ["import avow", "from avow import Client, AsyncClient, AuthException"])
def test_sdk_comes_without_web_framework_and_database(statement: str) -> None:
    program = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    said = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True).stdout
    loaded = {name.partition(".")[0] for name in json.loads(said)}
    assert "avow" in loaded
    assert loaded & NOT_WITH_THE_SDK == set()
