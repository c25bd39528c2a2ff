"""The TextMate grammar, which VS Code, Sublime Text, TextMate and GitHub read, and VS Code's manifest."""

from __future__ import annotations

from typing import Any

from ogive.editors.rules import ESCAPE, Rule, rules
from ogive.version import __version__

SCOPES = {
    "comment": "comment.line.number-sign", "string": "string.quoted.double",
    "escape": "constant.character.escape", "interpolation": "punctuation.section.embedded",
    "definition": "storage.type", "defined": "entity.name.type", "statement": "keyword.other",
    "setting": "keyword.other.setting", "control": "keyword.control", "word": "keyword.control.connectivity",
    "layer": "support.class", "function": "support.function", "constant": "constant.language",
    "reserved": "variable.language", "type": "support.type", "argument": "variable.parameter",
    "property": "variable.other.property", "kernel": "constant.numeric.kernel", "number": "constant.numeric",
    "unknown": "variable.other.unknown", "arrow": "keyword.operator.arrow", "operator": "keyword.operator",
    "punctuation": "punctuation.separator", "name": "variable.other",
}  # fmt: skip
"""What themes know each role by; blanks have no scope."""


def grammar() -> dict[str, Any]:
    """The grammar, as values that `json.dumps` takes."""
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "arch",
        "scopeName": "source.arch",
        "fileTypes": ["arch"],
        "patterns": [{"include": "#string"}, {"include": "#code"}],
        "repository": {
            "string": {
                "name": _scope("string"),
                "begin": '"',
                "end": '"|$',
                "patterns": [_pattern(ESCAPE), {"include": "#interpolation"}],
            },
            "interpolation": {
                "name": "meta.embedded.arch",
                "begin": r"\{",
                "end": r'\}|(?=["])',
                "beginCaptures": {"0": {"name": _scope("interpolation")}},
                "endCaptures": {"0": {"name": _scope("interpolation")}},
                "patterns": [{"include": "#code"}],
            },
            "code": {"patterns": [_pattern(rule) for rule in rules()]},
        },
    }


def _scope(role: str) -> str:
    return f"{SCOPES[role]}.arch"


def _pattern(rule: Rule) -> dict[str, Any]:
    if len(rule.roles) == 1:
        return {"match": rule.pattern, "name": _scope(rule.roles[0])}
    named = {str(i): {"name": _scope(role)} for i, role in enumerate(rule.roles, 1) if role in SCOPES}
    return {"match": rule.pattern, "captures": named}


def manifest() -> dict[str, Any]:
    """The `package.json` of an extension for VS Code that holds the grammar and nothing else."""
    return {
        "name": "arch",
        "displayName": "arch",
        "description": "Neural network architectures in .arch: colours, brackets, comments",
        "version": __version__.partition("+")[0],
        "publisher": "ogive",
        "license": "Apache-2.0",
        "engines": {"vscode": "^1.60.0"},
        "categories": ["Programming Languages"],
        "contributes": {
            "languages": [
                {
                    "id": "arch",
                    "aliases": ["arch"],
                    "extensions": [".arch"],
                    "configuration": "./language-configuration.json",
                }
            ],
            "grammars": [
                {"language": "arch", "scopeName": "source.arch", "path": "./syntaxes/arch.tmLanguage.json"}
            ],
        },
    }


def configuration() -> dict[str, Any]:
    """What VS Code has to know about comments, brackets and indentation."""
    pairs = [["{", "}"], ["[", "]"], ["(", ")"]]
    return {
        "comments": {"lineComment": "#"},
        "brackets": pairs,
        "autoClosingPairs": [*pairs, {"open": '"', "close": '"', "notIn": ["string", "comment"]}],
        "surroundingPairs": [*pairs, ['"', '"']],
        "indentationRules": {
            "increaseIndentPattern": r"[{(\[][^})\]\"#]*(#.*)?$",
            "decreaseIndentPattern": r"^\s*[})\]]",
        },
    }
