from typing import Any

from django.http import HttpRequest


def display(request: HttpRequest) -> dict[str, Any]:
    """How the reader wants pages to look: from the profile when signed in, else from the cookie."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return {"display": {"size": user.text_size, "is_elder": user.elder_mode, "theme": user.theme}}
    return {"display": {"size": "", "is_elder": False, "theme": ""}}
