"""An OpenAPI document as pages show it: operations in groups, parameters and schemas in short words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

METHODS: Final = ("get", "post", "put", "patch", "delete")
DEEPEST: Final = 4


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation: where it stands (path, query), its type, whether it must be given."""

    name: str
    place: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An address with a method: what it does, what it takes, what it answers."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: str
    answer: str

    @property
    def is_read(self) -> bool:
        """Whether it only reads, so that a page may offer to try it."""
        return self.method == "GET"


@dataclass(frozen=True, slots=True)
class OperationGroup:
    """The operations under one prefix of the API: those of one programme, by its code."""

    code: str
    operations: tuple[Operation, ...]


def groups(document: Mapping[str, Any], prefix: str) -> list[OperationGroup]:
    """Return the operations of an OpenAPI 3.1 document, grouped by the part of their path that follows `prefix`."""
    found: dict[str, list[Operation]] = {}
    for path, item in document["paths"].items():
        code = path.removeprefix(prefix).split("/", 1)[0]
        for method in METHODS:
            if method in item:
                found.setdefault(code, []).append(_operation(document, path, method, item[method]))
    return [OperationGroup(code, tuple(operations)) for code, operations in found.items()]


def _operation(document: Mapping[str, Any], path: str, method: str, given: Mapping[str, Any]) -> Operation:
    return Operation(
        id=given["operationId"],
        method=method.upper(),
        path=path,
        summary=given.get("summary", ""),
        description=given.get("description", ""),
        parameters=tuple(_parameters(document, given)),
        body=_content(document, given.get("requestBody", {})),
        answer=_content(document, _success(given)),
    )


def _success(given: Mapping[str, Any]) -> Mapping[str, Any]:
    answers = given.get("responses", {})
    code = next((code for code in answers if str(code).startswith("2")), None)
    answer: Mapping[str, Any] = answers[code] if code is not None else {}
    return answer


def _parameters(document: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Parameter]:
    for parameter in given.get("parameters", []):
        schema = parameter.get("schema", {})
        yield Parameter(
            name=parameter["name"],
            place=parameter["in"],
            type=type_words(document, schema),
            required=parameter.get("required", False),
            description=parameter.get("description") or schema.get("description", ""),
        )


def _content(document: Mapping[str, Any], holder: Mapping[str, Any]) -> str:
    """Return the shape of a body as indented text, "" where there is none."""
    for media in holder.get("content", {}).values():
        if schema := media.get("schema"):
            return outline(document, schema)
    return ""


def resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema that a reference within the document leads to, or the schema itself."""
    reference = schema.get("$ref", "")
    if not reference.startswith("#/"):
        return schema
    target: Any = document
    for part in reference[2:].split("/"):
        target = target[part]
    found: Mapping[str, Any] = target
    return found


def type_words(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return a schema's type in a few words: "number", "list of string", "a | b"."""
    schema = resolved(document, schema)
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(type_words(document, option) for option in options))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {type_words(document, schema.get('items', {}))}"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def outline(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> str:
    """Return the fields of a schema as indented lines, a few levels deep."""
    schema = resolved(document, schema)
    if schema.get("type") == "array":
        inner = resolved(document, schema.get("items", {}))
        if "properties" in inner and depth < DEEPEST:
            return f"[\n{_fields(document, inner, depth + 1)}\n{'  ' * depth}]"
    if "properties" in schema and depth < DEEPEST:
        return f"{{\n{_fields(document, schema, depth + 1)}\n{'  ' * depth}}}"
    return type_words(document, schema)


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> str:
    pad = "  " * depth
    return "\n".join(
        f"{pad}{name}: {outline(document, inner, depth)}" for name, inner in schema.get("properties", {}).items()
    )
