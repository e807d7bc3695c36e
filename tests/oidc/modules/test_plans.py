"""Which modules of the conformance plans have a test: one that has none stands here, with what it waits for."""

import ast
import json
from pathlib import Path

FOLDER = Path(__file__).parent
_FORM = "(response_mode=form_post) "

# What a test is owed for. Whoever writes it strikes the line.
OWED: dict[str, str] = {}


def plans() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads((FOLDER / "plans.json").read_text())["plans"]
    return found


def names_of_tests() -> set[str]:
    """Return the names of the tests of this folder."""
    modules = [ast.parse(path.read_text()) for path in FOLDER.glob("test_*.py")]
    return {node.name for module in modules for node in module.body if isinstance(node, ast.FunctionDef)}


def _test_name(module: str) -> str:
    return "test_" + module.removeprefix(_FORM).replace("-", "_").lower()


def missing(plan: str) -> list[str]:
    return [module for module in plans()[plan] if _test_name(module) not in names_of_tests()]


def test_every_module_has_a_test_unless_its_plan_is_owed() -> None:
    lacking = {plan: modules for plan in plans() if plan not in OWED and (modules := missing(plan))}
    assert lacking == {}


def test_nothing_is_owed_that_is_there() -> None:
    assert [plan for plan in OWED if not missing(plan)] == []
