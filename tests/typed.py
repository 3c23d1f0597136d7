"""What a browser would send of the form on a page of staff when nothing is changed."""

from html.parser import HTMLParser
from typing import Any

from django.test import Client


class Typed(HTMLParser):
    """What a browser would send of the only form of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "input" and name and given.get("type") not in {"submit", "checkbox", "radio"}:
            self.values[name] = given.get("value") or ""
        elif tag == "input" and name and "checked" in given:
            self.values[name] = given.get("value") or "on"
        elif tag in {"textarea", "select"}:
            self.open = name
            self.values.setdefault(name, "")
        elif tag == "option" and "selected" in given and self.open:
            self.values[self.open] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self.open and self.get_starttag_text().startswith("<textarea"):  # type: ignore[union-attr]
            self.values[self.open] += data.removeprefix("\n") if not self.values[self.open] else data

    def handle_endtag(self, tag: str) -> None:
        if tag in {"textarea", "select"}:
            self.open = ""


def typed(client: Client, url: str) -> dict[str, str]:
    values = Typed(client.get(url).content.decode()).values
    return {name: value for name, value in values.items() if not name.startswith(("csrf", "_", "q"))
            or name.startswith("questions-")}  # fmt: skip
