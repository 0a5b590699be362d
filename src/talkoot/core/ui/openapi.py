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
    """The operations of one programme, by its code, or those of one tag."""

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


def tagged(document: Mapping[str, Any], root: str) -> list[OperationGroup]:
    """Return the operations of an OpenAPI 3.1 document by their first tag, their schemas one level deep.

    `root` is what their paths are below. Views of a resource that has an address of its own ($count, $value) are left
    to the document itself.
    """
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        if "/$" in path.lstrip("/"):
            continue
        for method in METHODS:
            if method in item:
                found[item[method]["tags"][0]].append(_operation(document, path, method, item[method], root, 1))
    return [OperationGroup(tag, tuple(operations)) for tag, operations in found.items()]


def _operation(
    document: Mapping[str, Any],
    path: str,
    method: str,
    given: Mapping[str, Any],
    root: str = "",
    deepest: int = DEEPEST,
) -> Operation:
    return Operation(
        id=given["operationId"],
        method=method.upper(),
        path=f"{root}{path}",
        summary=given.get("summary", ""),
        description=given.get("description", ""),
        parameters=tuple(_parameters(document, given)),
        body=_content(document, given.get("requestBody", {}), deepest),
        answer=_content(document, _success(given), deepest),
    )


def _success(given: Mapping[str, Any]) -> Mapping[str, Any]:
    answers = given.get("responses", {})
    code = next((code for code in answers if str(code).startswith("2")), None)
    answer: Mapping[str, Any] = answers[code] if code is not None else {}
    return answer


def _parameters(document: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Parameter]:
    for named in given.get("parameters", []):
        parameter = resolved(document, named)
        schema = parameter.get("schema", {})
        yield Parameter(
            name=parameter["name"],
            place=parameter["in"],
            type=type_words(document, schema),
            required=parameter.get("required", False),
            description=parameter.get("description") or schema.get("description", ""),
        )


def _content(document: Mapping[str, Any], holder: Mapping[str, Any], deepest: int) -> str:
    """Return the shape of a body as indented text, "" where there is none."""
    for media in holder.get("content", {}).values():
        if schema := media.get("schema"):
            return outline(document, schema, deepest)
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
    """Return a schema's type in a few words: "number", "list of string", "a | b"; of an object, its name."""
    named = str(schema.get("$ref", "")).rpartition("/")[2]
    schema = resolved(document, schema)
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(type_words(document, option) for option in options))
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if named and kind == "object":
        return named
    if kind == "array":
        return f"list of {type_words(document, schema.get('items', {}))}"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def outline(document: Mapping[str, Any], schema: Mapping[str, Any], deepest: int = DEEPEST, depth: int = 0) -> str:
    """Return the fields of a schema as indented lines, a few levels deep; what is deeper, by its name."""
    inside = resolved(document, schema)
    if depth < deepest and inside.get("type") == "array":
        inner = resolved(document, inside.get("items", {}))
        if "properties" in inner:
            return f"[\n{_fields(document, inner, deepest, depth + 1)}\n{'  ' * depth}]"
    if depth < deepest and "properties" in inside:
        return f"{{\n{_fields(document, inside, deepest, depth + 1)}\n{'  ' * depth}}}"
    return type_words(document, schema)


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any], deepest: int, depth: int) -> str:
    pad = "  " * depth
    return "\n".join(
        f"{pad}{name}: {outline(document, inner, deepest, depth)}"
        for name, inner in schema.get("properties", {}).items()
    )
