from typing import Any

from django.http import HttpRequest

from linlingtong.accounts.display import Display


def display(request: HttpRequest) -> dict[str, Any]:
    """How the reader wants pages to look: printed by the server, so that nothing jumps after loading."""
    return {"display": Display.of(request).as_context()}
