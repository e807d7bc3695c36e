"""A project's own templates: checked when they are saved, rendered where they can reach nothing.

A template may name the documented variables and `options.<key>`, use a few filters, `if`, and one loop over `links`.
Everything else is refused by a list of what is allowed, not of what is known to be dangerous: no attribute of an
object, no call, no include, no assignment, no arithmetic.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from jinja2 import Template as JinjaTemplate
from jinja2 import TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from avow.errors import InvalidArgument

__all__ = ["VARIABLES", "check", "render"]

VARIABLES = (
    "app",
    "code",
    "link",
    "links",
    "minutes",
    "what",
    "device",
    "place",
    "locale",
    "options",
)
_LENGTH = 65_536
_RENDERED = 262_144
_FILTERS = frozenset(
    {"capitalize", "d", "default", "e", "escape", "length", "lower", "title", "trim", "upper", "urlencode"}
)
_TESTS = frozenset({"defined", "undefined", "none"})
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Test,
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Operand,
    nodes.For,
)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Looks names up in the given mappings only; objects have no attributes here and nothing can be called."""

    def getattr(self, obj: object, attribute: str) -> object:
        """Return an entry of a mapping, never an attribute."""
        return self.getitem(obj, attribute)

    def getitem(self, obj: object, argument: object) -> object:
        """Return an entry of a mapping, or an undefined value that renders as nothing."""
        if type(obj) is not dict or not isinstance(argument, str):
            raise SecurityError("only options and links have parts")
        return obj[argument] if argument in obj else self.undefined(name=argument)

    def is_safe_callable(self, obj: object) -> bool:
        """Let nothing be called."""
        return False


def _environment(*, is_html: bool) -> _Sandbox:
    environment = _Sandbox(autoescape=is_html, keep_trailing_newline=True, cache_size=0)
    environment.globals.clear()
    environment.filters = {name: each for name, each in environment.filters.items() if name in _FILTERS}
    environment.tests = {name: each for name, each in environment.tests.items() if name in _TESTS}
    return environment


_HTML = _environment(is_html=True)
_TEXT = _environment(is_html=False)


def check(source: str, part: str, samples: Mapping[str, object], *, is_html: bool) -> None:
    """Refuse a template that reaches for more than it may, or does not render.

    Args:
        source: The template.
        part: What it is, for the message (`subject`, `text`, `html`).
        samples: Values to try it with.
        is_html: Whether values are escaped for HTML.

    Raises:
        InvalidArgument: The message says where and why.
    """
    if len(source) > _LENGTH:
        raise InvalidArgument(error_message=f"The {part} template is longer than {_LENGTH} characters.")
    try:
        tree = (_HTML if is_html else _TEXT).parse(source)
        for node in _walk(tree):
            _judge(node)
        render(source, samples, is_html=is_html)
    except TemplateError as wrong:
        raise InvalidArgument(error_message=f"The {part} template cannot be used: {wrong.message}.") from wrong
    except (RecursionError, SyntaxError, MemoryError) as wrong:
        raise InvalidArgument(error_message=f"The {part} template is nested too deeply.") from wrong
    except (ArithmeticError, LookupError, TypeError, ValueError) as wrong:
        raise InvalidArgument(error_message=f"The {part} template does not render.") from wrong


def render(source: str, values: Mapping[str, object], *, is_html: bool) -> str:
    """Fill a checked template.

    Raises:
        SecurityError: It reached for something it may not, or grew over 256 kB.
    """
    parts: list[str] = []
    length = 0
    for part in _compiled(source, is_html).generate(**values):
        length += len(part)
        if length > _RENDERED:
            raise SecurityError(f"the message grows over {_RENDERED} characters")
        parts.append(part)
    return "".join(parts)


@lru_cache(256)
def _compiled(source: str, is_html: bool) -> JinjaTemplate:
    return (_HTML if is_html else _TEXT).from_string(source)


def _walk(tree: nodes.Node) -> Iterator[nodes.Node]:
    yield tree
    for child in tree.iter_child_nodes():
        yield from _walk(child)


def _judge(node: nodes.Node) -> None:
    """Refuse a node that is not on the list."""
    if not isinstance(node, _ALLOWED):
        raise SecurityError(f"line {node.lineno}: {type(node).__name__.lower()} is not available")
    if isinstance(node, nodes.For):
        _judge_loop(node)
    elif isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in (*VARIABLES, "each"):
        raise SecurityError(f"line {node.lineno}: there is no {node.name!r}; there are {', '.join(VARIABLES)}")
    elif isinstance(node, nodes.Getattr):
        _judge_part(node.node, node.attr, node.lineno)
    elif isinstance(node, nodes.Getitem):
        _judge_part(node.node, node.arg.value if isinstance(node.arg, nodes.Const) else None, node.lineno)
    elif isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        raise SecurityError(f"line {node.lineno}: there is no filter {node.name!r}")
    elif isinstance(node, nodes.Test) and node.name not in _TESTS:
        raise SecurityError(f"line {node.lineno}: there is no test {node.name!r}")


def _judge_loop(node: nodes.For) -> None:
    """Allow `for each in links` alone: loops within loops would multiply."""
    loops_links = isinstance(node.iter, nodes.Name) and node.iter.name == "links"
    names_each = isinstance(node.target, nodes.Name) and node.target.name == "each"
    if not (loops_links and names_each) or node.recursive or node.find(nodes.For) is not None:
        raise SecurityError(f"line {node.lineno}: the only loop is: for each in links")


def _judge_part(owner: nodes.Node, key: object, line: int) -> None:
    """Allow `options.<key>`, `each.id` and `each.url`."""
    name = owner.name if isinstance(owner, nodes.Name) else ""
    is_option = name == "options" and isinstance(key, str) and _KEY.fullmatch(key)
    if not is_option and not (name == "each" and key in ("id", "url")):
        raise SecurityError(f"line {line}: only options.<key>, each.id and each.url have parts")
