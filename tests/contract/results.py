"""Which operations the tests show to work: counted from what each test reported, kept in passed.json, read back.

An operation works in a colour of the official SDK when a test that carries its name passed in that colour, the server
answered the operation in it, and no such test failed.
"""

import ast
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
PASSED = HERE / "passed.json"
COLOURS = ("async", "sync")

Results = dict[str, list[str]]


@dataclass(slots=True)
class Tally:
    """What the tests of a run reported of operations, as it comes in.

    Attributes:
        failed: Operations and colours in which a test failed.
        passed: Those in which one passed, the operation answered.
    """

    failed: set[tuple[str, str]] = field(default_factory=set)
    passed: set[tuple[str, str]] = field(default_factory=set)
    _bad: set[str] = field(default_factory=set)

    def see(self, test: str, when: str, outcome: str, properties: Iterable[tuple[str, object]]) -> None:
        """Count one report.

        Args:
            test: Its node id.
            when: `setup`, `call` or `teardown`.
            outcome: `passed`, `failed` or `skipped`.
            properties: What the test wrote down: `operation`s, its `colour`, and `answered` operations at the end.
        """
        said = defaultdict(set)
        for name, value in properties:
            said[name].add(str(value))
        if outcome != "passed":
            self._bad.add(test)
        if outcome == "failed":
            self.failed |= {(each, colour) for each in said["operation"] for colour in said["colour"]}
        if when == "teardown" and test not in self._bad:
            self.passed |= {(each, colour) for each in said["answered"] for colour in said["colour"]}

    def results(self) -> Results:
        """Return the operations that work, each with its colours."""
        found: Results = {}
        for operation, colour in sorted(self.passed - self.failed):
            found.setdefault(operation, []).append(colour)
        return found


def marked() -> set[str]:
    """Return the ids that tests of this folder carry as `pytest.mark.operation`."""
    found: set[str] = set()
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.operation":
                found |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}  # type: ignore[misc]  # ids are texts
    return found


def read(path: Path = PASSED) -> Results:
    """Return the results that were written last."""
    found: Results = json.loads(path.read_text(encoding="utf-8"))
    return found


def written(results: Mapping[str, list[str]]) -> str:
    """Return results as the text of their file, one operation a line."""
    lines = [f"  {json.dumps(name)}: {json.dumps(results[name])}" for name in sorted(results)]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def works(results: Mapping[str, list[str]]) -> set[str]:
    """Return the operations that work in both colours."""
    return {name for name, colours in results.items() if set(colours) == set(COLOURS)}


def differences(kept: Mapping[str, list[str]], seen: Mapping[str, list[str]]) -> list[str]:
    """Return a line for each operation of which the file says something else than the run."""
    return [
        f"{name}: passed in {_named(seen, name)}, kept as {_named(kept, name)}"
        for name in sorted({*kept, *seen})
        if _named(kept, name) != _named(seen, name)
    ]


def _named(found: Mapping[str, list[str]], operation: str) -> str:
    return ", ".join(sorted(found.get(operation, []))) or "neither"
