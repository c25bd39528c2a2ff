"""The part of JSON Schema that the docs use."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
}


def validate(
    value: Any, schema: dict[str, Any], path: str = "$", whole: dict[str, Any] | None = None
) -> None:
    """Asserts that a value is as a schema says; stricter in that no property may be unknown.

    `whole` is the schema that holds `$defs`: this one unless given.
    """
    whole = whole or schema
    schema = dict(schema)
    if "$ref" in schema:
        validate(value, whole["$defs"][schema.pop("$ref").rpartition("/")[2]], path, whole)
    types = schema.pop("type", None)
    if types is not None:
        names = types if isinstance(types, list) else [types]
        assert any(TYPES[name](value) for name in names), f"{path}: {value!r} is no {types}"
    if "const" in schema:
        assert value == schema.pop("const"), path
    if "enum" in schema:
        assert value in schema.pop("enum"), path
    if "minimum" in schema:
        assert value >= schema.pop("minimum"), path
    if "pattern" in schema:
        assert re.search(schema.pop("pattern"), value), path
    required, properties = schema.pop("required", []), schema.pop("properties", None)
    if isinstance(value, dict) and properties is not None:
        assert set(required) <= value.keys() <= properties.keys(), f"{path}: {sorted(value)}"
        for key, inner in value.items():
            validate(inner, properties[key], f"{path}.{key}", whole)
    items = schema.pop("items", None)
    for i, inner in enumerate(value if items is not None and isinstance(value, list) else ()):
        validate(inner, items, f"{path}[{i}]", whole)
    schema.pop("$defs", None)
    assert not schema, f"the validator knows nothing of {sorted(schema)}"
