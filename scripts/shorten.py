"""Gives the names that a script keeps to itself short ones; knows just enough of JavaScript for our own sources.

A name is shortened when the script declares it and uses it as nothing but a variable: one that is a member, a key, a
method or part of a pattern anywhere stays everywhere, so that no scope has to be known. Sources declare no name of the
browser's.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count, product
from string import ascii_letters

__all__ = ["shortened"]

_TOKEN = re.compile(
    r"""(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<name>\#?[A-Za-z_$][\w$]*)|(?P<number>[\d][\w.]*)"""
    r"""|(?P<sign>\.\.\.|=>|\?\.|.)""",
    re.DOTALL,
)
_PATTERN = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n\[])+/[a-z]*")
_TEXT = re.compile(r"(?:\\.|[^`\\$]|\$(?!\{))*", re.DOTALL)
_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        "as async await break case catch class const continue default delete do else export extends false finally for "
        "from function get if import in instanceof let new null of return set static super switch this throw true try "
        "typeof undefined var void while with yield",
    )
)
_Token = tuple[str, str]


def shortened(script: str) -> str:
    """Return a script without comments with short names."""
    tokens = list(_tokens(script))
    names = Counter(text for kind, text in tokens if kind == "name")
    wanted = [name for name, _ in names.most_common() if name in _declared(tokens) - _public(tokens)]
    free = (name for name in _short_names() if name not in names and name not in _KEYWORDS)
    new = {name: next(free) for name in wanted if len(name) > 1}
    needed = list(_joined(list(_needed(tokens))))
    return "".join(new.get(text, text) if kind == "name" else text for kind, text in needed)


def _needed(tokens: list[_Token]) -> Iterator[_Token]:
    """Yield what a script needs; every statement of ours has its semicolon."""
    words, nothing = ("name", "number"), ("", "")
    around = [nothing, nothing, nothing, *tokens, nothing, nothing, nothing]
    for at in range(3, len(tokens) + 3):
        before, (kind, text), after = around[at - 1], around[at], around[at + 1]
        is_gap = text == "\n" or (text == " " and not (before[0] in words and after[0] in words))
        is_last = (text == "," and after[1] in (")", "]", "}")) or (kind == "sign" and text == ";" and after[1] == "}")
        is_bracket = (text == "(" and _is_alone(around, at)) or (text == ")" and _is_alone(around, at - 2))
        if not (is_gap or is_last or is_bracket):
            yield kind, text


def _joined(tokens: list[_Token]) -> Iterator[_Token]:
    """Yield what a script needs when names that follow each other are declared at once; no export is among them."""
    starts, at = [""], 0  # the word that the statement in each bracket began with, as far as it matters
    while at < len(tokens):
        kind, text = tokens[at]
        if text in ("const", "let", "export"):
            starts[-1] = starts[-1] or text
        elif text == ";" and starts[-1] in ("const", "let") and tokens[at + 1 : at + 2] == [("name", starts[-1])]:
            text = ","
            at += 1 if tokens[at + 2][1] in ("[", "{") else 2  # the word, and the space after it
        elif text == ";":
            starts[-1] = ""
        if kind == "text" or (kind == "sign" and text in "([{)]}"):
            starts = starts[:-1] if text[0] in ")]}" else starts
            starts = [*starts, ""] if text[0] in "([{" or text.endswith("${") else starts
        yield kind, text
        at += 1


def _is_alone(tokens: list[_Token], at: int) -> bool:
    """Tell whether a function's only parameter, a mere name, has brackets here that nothing needs."""
    before, start, name, end, arrow = (token for token in tokens[at - 1 : at + 4])
    signs = (start[1], end[1], arrow[1])
    return before[0] == "sign" and before[1] != " " and name[0] == "name" and signs == ("(", ")", "=>")


def _short_names() -> Iterator[str]:
    return ("".join(letters) for size in count(1) for letters in product(ascii_letters, repeat=size))


def _tokens(script: str) -> Iterator[_Token]:
    """Yield kind and text; the expressions in a template are yielded like any other."""
    at, before, depths = 0, "", list[int]()
    while at < len(script):
        if script[at] == "`" or (depths and script[at] == "}" and not depths[-1]):
            found = _TEXT.match(script, at + 1)
            at_end = found.end() if found else at
            is_open = script.startswith("${", at_end)
            if script[at] == "}":
                depths.pop()
            if is_open:
                depths.append(0)
            text, kind = script[at : at_end + (2 if is_open else 1)], "text"
        elif script[at] == "/" and (not before or before in "(,=:[!&|?{};\n" or before in ("return", "=>")):
            found = _PATTERN.match(script, at)
            text, kind = (found[0] if found else script[at]), "text"
        else:
            found = _TOKEN.match(script, at)
            text, kind = (found[0], str(found.lastgroup)) if found else (script[at], "sign")
            if depths and text in "{}":
                depths[-1] += 1 if text == "{" else -1
        yield kind, text
        at += len(text)
        if not text.isspace():
            before = text


def _declared(tokens: list[_Token]) -> set[str]:
    """Return the names after `const`, `let` and `function`, and the parameters that are nothing but a name."""
    words = [token for token in tokens if not token[1].isspace()]
    found = set[str]()
    for at, (kind, text) in enumerate(words):
        before, after = words[at - 1][1] if at else "", words[at + 1][1] if at + 1 < len(words) else ""
        is_alone = before == "(" and after == ")" and words[at + 2 : at + 3] in ([("sign", "=>")], [("sign", "{")])
        if kind == "name" and text not in _KEYWORDS and (before in ("const", "let", "function") or is_alone):
            found.add(text)
        if before in ("const", "let") and text == "[":
            found |= _plain(words[at : _end(words, at) + 1])
        if text == "function" or (text == "=>" and before == ")"):
            found |= _parameters(words, at)
    return found


def _parameters(words: list[_Token], at: int) -> set[str]:
    """Return the parameters of the function at a `function` or `=>` that are plain names."""
    start = at - 1
    if words[at][1] == "function":
        start = next(each for each in range(at, len(words)) if words[each][1] == "(")
    else:
        while words[start][1] != "(":
            start -= 1
    return _plain(words[start : _end(words, start) + 1])


def _end(words: list[_Token], start: int) -> int:
    return next(each for each in range(start, len(words)) if words[each][1] in (")", "]"))


def _plain(inside: list[_Token]) -> set[str]:
    """Return the names that are nothing but names in a list with its brackets."""
    triples = zip(inside, inside[1:], inside[2:], strict=False)
    return {
        name
        for (_, before), (kind, name), (_, after) in triples
        if kind == "name" and name not in _KEYWORDS and before in "([," and after in ")],="
    }


def _public(tokens: list[_Token]) -> set[str]:
    """Return the names that are members, keys, methods, exported or parts of a pattern somewhere."""
    words = [token for token in tokens if not token[1].isspace()]
    found, inside = set[str](), [""]
    for at, (kind, text) in enumerate(words):
        before, after = words[at - 1][1] if at else "", words[at + 1][1] if at + 1 < len(words) else ""
        is_member = before in (".", "?.") or text.startswith("#")
        is_key = inside[-1] == "{" and before in ("{", ",") and after in (",", "}", "=", ":")
        is_method = after == "(" and before not in ("function", "new") and _has_body(words, at + 1)
        is_exported = "export" in (before, words[at - 2][1], words[at - 3][1])
        if kind == "name" and (is_member or is_key or is_method or is_exported):
            found.add(text)
        if kind == "sign" and text in "([{":
            inside.append(text)
        elif kind == "sign" and text in ")]}":
            inside.pop()
        elif kind == "text" and text.endswith("${"):
            inside.append("`")
        if kind == "text" and text.startswith("}"):
            inside.pop(-1 if not text.endswith("${") else -2)
    return found


def _has_body(words: list[_Token], at: int) -> bool:
    """Tell whether a body follows the brackets that open here: it is a method, or a statement such as `if`."""
    depth = 0
    for place in range(at, len(words)):
        depth += {"(": 1, ")": -1}.get(words[place][1], 0)
        if not depth:
            return words[place + 1 : place + 2] == [("sign", "{")]
    return False
