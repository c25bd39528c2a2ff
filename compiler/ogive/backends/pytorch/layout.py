"""Breaks lines that are too long, where ruff would break them."""

from __future__ import annotations

import re

WIDTH = 110
_OPEN = {"(": ")", "[": "]", "{": "}"}
_INDENT = "    "


def brackets(text: str) -> list[tuple[int, int]]:
    """The outermost pairs of brackets: where they open and close; strings are passed over."""
    pairs: list[tuple[int, int]] = []
    depth, start, at = 0, 0, 0
    while at < len(text):
        c = text[at]
        if c in "'\"":
            at = string_end(text, at)
            continue
        if c in _OPEN:
            if depth == 0:
                start = at
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                pairs.append((start, at))
        at += 1
    return pairs


def string_end(text: str, at: int) -> int:
    """The position behind the string literal that begins there."""
    quote = text[at]
    at += 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return at + 1


def elements(text: str) -> list[str]:
    """The parts between the commas that stand in no bracket."""
    parts: list[str] = []
    depth, start, at = 0, 0, 0
    while at < len(text):
        c = text[at]
        if c in "'\"":
            at = string_end(text, at)
            continue
        if c in _OPEN:
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
        at += 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def _clauses(text: str) -> list[str]:
    """A comprehension as what it makes and its `for`; other texts whole."""
    outside = list(text)
    for start, end in brackets(text):
        outside[start : end + 1] = "-" * (end + 1 - start)
    at = "".join(outside).find(" for ")
    return [text] if at < 0 else [text[:at], text[at + 1 :]]


def _terms(line: str, indent: str) -> list[str]:
    """`x = a + b`, or what is returned, with each operand on a line; any other line whole."""
    head, equals, value = line.partition(" = ")
    if not equals:
        head, _, value = line.partition(" ")
    terms = re.split(r" (?=[-+*/] )", value)
    if len(terms) == 1 or not (equals or head == "return"):
        return [indent + line]
    opening = f"{head} = (" if equals else "return ("
    return [indent + opening, *(f"{indent}{_INDENT}{term}" for term in terms), f"{indent})"]


def wrap(line: str, indent: str = "", room: int = WIDTH) -> list[str]:
    """The line, indented; in several lines where one would be wider than `room`."""
    if len(indent) + len(line) <= room:
        return [indent + line]
    word, _, several = line.partition(" ")
    if word == "return" and len(elements(several)) > 1:  # a tuple, one element a line
        line = f"return ({several})"
    targets, equals, value = line.partition(" = ")
    if equals and len(indent) + len(targets) > room - len(" = (") and not brackets(targets):
        inner = indent + _INDENT
        body = [inner + ", ".join(elements(targets))]
        if len(body[0]) > WIDTH:
            body = [f"{inner}{name}," for name in elements(targets)]
        first, *more = wrap(f"_ = {value}", indent)
        return [f"{indent}(", *body, f"{indent}){first[len(indent) + 1 :]}", *more]
    clauses = _clauses(line)
    if len(clauses) > 1 and not line.startswith("for "):
        return [part for clause in clauses for part in wrap(clause, indent, room)]
    pairs = [pair for pair in brackets(line) if pair[1] > pair[0] + 1]
    if not pairs:
        return _terms(line, indent)
    start, end = pairs[-1]
    too_late = end < len(line) - 1 or len(indent) + start >= room
    if len(pairs) > 1 and too_late and end - start < 16:  # a short index, or call, behind a long call
        start, end = max(pairs, key=lambda pair: pair[1] - pair[0])
    inside, inner = line[start + 1 : end], indent + _INDENT
    parts = elements(inside)
    if len(inner) + len(inside) <= WIDTH and len(parts) > 1 and "**" not in inside:
        body = [inner + ", ".join(parts)]
    elif len(parts) == 1 and not inside.rstrip().endswith(","):
        body = wrap(parts[0], inner)
    else:
        body = []
        for part in parts:
            lines = wrap(part, inner, WIDTH - 1)
            body += [*lines[:-1], lines[-1] + ","]
    return [indent + line[: start + 1], *body, indent + line[end:]]
