"""What every source file of Avow has and has not."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_module_says_what_it_owns() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "src").rglob("*.py"))
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
