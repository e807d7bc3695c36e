"""What every source file of Avow has and has not."""

import ast
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src"
MODULES = sorted(SOURCE.rglob("*.py"))
BED = sorted(path for path in (ROOT / "tests" / "bed").glob("*.py") if not path.name.startswith("test_"))

LONGEST_FILE = 600
LONGEST_FUNCTION = 45
# Files over the budget, each with the reason why cutting it would make it worse.
LONG_FILES: dict[str, str] = {}
# Functions over the budget, as file:function, each with its reason.
LONG_FUNCTIONS: dict[str, str] = {}

# Names that tell a reader nothing about what a module owns.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
# Synonyms that the glossary (CONTRIBUTING.md) replaces by one word, in identifiers.
SYNONYMS = {
    "realm": "project",
    "organisation": "tenant",
    "organization": "tenant",
    "username": "login_id",
    "obfuscated": "masked",
    "renewal_token": "refresh_token",
    "api_key": "access_key or management_key",
    "auth_code": "authorization_code",
    "relogin": "step_up",
}

# Identifiers that are names of somebody else's, each with the reason.
OFFICIAL_NAMES = {
    ("src/avow/sdk/ssooptions.py", "username"): "an argument of the official SDK's OIDCAttributeMapping",
    ("src/avow/wire/ssoapplications.py", "realm"): "a field of the contract's WS-Federation settings",
    ("src/avow/django/settings.py", "username_claim"): "AVOW_USERNAME_CLAIM has the name of django-descope's setting",
}

# What makes msgspec describe a class to itself, which it does for one thread only (decision 0037).
DESCRIBES = re.compile(r"msgspec\.(convert|(json|msgpack|toml|yaml)\.(decode|Decoder|schema\w*)|inspect\.[a-z]\w*)\Z")


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_generated(path: Path) -> bool:
    """Tell whether nobody writes this file by hand: the synchronous SDK, and the revisions of the schema."""
    return bool({"_sync", "migrations"} & set(path.parts))


def tracked() -> list[Path]:
    """Return the text files of the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a checkout: an unpacked release has no list of files")
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:2000]]


def test_every_module_says_what_it_owns() -> None:
    assert [where(path) for path in [*MODULES, *BED] if not ast.get_docstring(parsed(path))] == []


def test_test_bed_explains_its_public_functions() -> None:
    silent = []
    for path in BED:
        module = parsed(path)
        classes = [node for node in module.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
        for node in [*module.body, *(member for each in classes for member in each.body)]:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                is_silent = not node.name.startswith("_") and not ast.get_docstring(node)
                silent += [f"{where(path)}:{node.name}"] if is_silent else []
    assert silent == []


def test_no_file_is_longer_than_the_budget() -> None:
    files = [path for path in [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))] if not is_generated(path)]
    long = {where(path) for path in files if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE}
    assert long == set(LONG_FILES)


def test_no_function_is_longer_than_the_budget() -> None:
    long = set()
    for path in MODULES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_generated(path):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                if body and (body[-1].end_lineno or 0) - body[0].lineno + 1 > LONGEST_FUNCTION:
                    long.add(f"{where(path)}:{node.name}")
    assert long == set(LONG_FUNCTIONS)


def test_names_of_modules_say_something() -> None:
    empty = [where(path) for path in MODULES if {path.stem, path.parent.name} & EMPTY_NAMES]
    assert empty == []


def test_identifiers_use_the_words_of_the_glossary() -> None:
    found = []
    for path in MODULES:
        for node in ast.walk(parsed(path)):
            names = {
                getattr(node, "id", None),
                node.arg if isinstance(node, ast.arg) else None,
                getattr(node, "name", None) if not isinstance(node, ast.alias) else None,
            }
            for name in {str(each) for each in names if each and (where(path), each) not in OFFICIAL_NAMES}:
                words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
                found += [
                    f"{where(path)}: {name}, say {better}"
                    for word, better in SYNONYMS.items()
                    if re.search(rf"(^|_){word}(s?)(_|$)", words)
                ]
    assert found == []


def test_msgspec_looks_into_classes_in_one_place_alone() -> None:
    found = []
    for path in MODULES:
        if path == SOURCE / "avow" / "shaping.py":
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Attribute):
                names = {ast.unparse(node)}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "msgspec":
                names = {f"{node.module}.{name.name}" for name in node.names}
                assert not names & {"msgspec.inspect", "msgspec.json"}, f"{where(path)} hides what it calls"
            else:
                continue
            found += [f"{where(path)}:{node.lineno} {name}" for name in names if DESCRIBES.match(name)]
    assert found == [], "ask avow.shaping, which does it under a lock"


def test_unfinished_work_names_its_issue() -> None:
    unnamed = [
        f"{where(path)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"#.*\b(TODO|FIXME|XXX|HACK)\b(?!.*#\d+)", line)
    ]
    assert unnamed == []


def test_exemptions_say_why() -> None:
    exemption = re.compile(r"#\s*(noqa|type: ignore|pyright: ignore)(:\s*[A-Z0-9, ]+|\[[\w\-, ]+\])?\s*$")
    bare = []
    for path in [*MODULES, *BED, *sorted((ROOT / "scripts").glob("*.py"))]:
        lines = ["", *path.read_text(encoding="utf-8").splitlines()]
        for number, (above, line) in enumerate(pairwise(lines), 1):
            if exemption.search(line) and not above.lstrip().startswith("#"):
                bare.append(f"{where(path)}:{number}")
    assert bare == []


def test_no_pattern_takes_a_line_break_at_its_end() -> None:
    """In Python `$` is also the place before a last line break: use `fullmatch`, `\\Z`, and `END` in wire shapes."""
    found = []
    for path in MODULES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.keyword) and node.arg == "pattern":
                pattern = node.value
            elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
                pattern = node.args[0]
            else:
                continue
            is_of_lines = "re.MULTILINE" in ast.unparse(node)
            if not is_of_lines and re.search(r"(?<!\\)\$\Z", ast.unparse(pattern).rstrip("'\")")):
                found.append(f"{where(path)}:{pattern.lineno}")
    assert found == []


def test_no_path_of_a_developer_and_no_real_address() -> None:
    # Reserved domains only (RFC 2606, RFC 6761): a test must never write to somebody.
    reserved = r"(?:example\.(?:com|org|net)|[\w.-]*\.?(?:test|example|invalid|localhost)|localhost)"
    address = re.compile(rf"\b[\w.+-]+@(?!{reserved}\b)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{{2,}}\b")
    home = re.compile(r"(?<![\w.])/(?:home|Users|root|work)/[\w.-]+")
    found = []
    for path in tracked():
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{where(path)}: {match}" for match in {*address.findall(text), *home.findall(text)}]
    assert found == []
