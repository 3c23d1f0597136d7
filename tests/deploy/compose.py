"""docker-compose.yml as Compose reads it: anchors merged, and values put in from `.env`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
# the innermost first, so that a default may hold another one
VALUE = re.compile(r"\$\{([A-Z_]+)(?::([-?])((?:[^{}])*))?\}")


class NotGiven(ValueError):
    """A value without a default is not in `.env`."""


def names() -> set[str]:
    """What the file takes from `.env`."""
    return set(re.findall(r"\$\{([A-Z_]+)", FILE.read_text()))


def services(values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The services with these values of `.env`. Raises NotGiven."""
    found: dict[str, dict[str, Any]] = read(values)["services"]
    return found


def read(values: Mapping[str, str]) -> dict[str, Any]:
    filled: dict[str, Any] = _filled(yaml.safe_load(FILE.read_text()), values)
    return filled


def _filled(part: Any, values: Mapping[str, str]) -> Any:
    if isinstance(part, dict):
        return {key: _filled(value, values) for key, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, values) for value in part]
    return _text(part, values) if isinstance(part, str) else part


def _text(text: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if given := values.get(name):
            return given
        if kind == "?":
            raise NotGiven(name)
        return rest or ""

    before = ""
    while before != text:
        before, text = text, VALUE.sub(value, text)
    return text


def environment(service: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """What the service finds in its environment, by Compose's own order."""
    from_file = values if service.get("env_file") == ".env" else {}
    return {**from_file, **service.get("environment", {})}
