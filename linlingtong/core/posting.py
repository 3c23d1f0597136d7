import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def posted_from(page: str, *kept: str) -> Callable[[View[P]], View[P]]:
    """Only POST does something here; whoever comes by an address alone is led to the page with the button.

    People arrive so after signing in, with a bookmark, or by going back. `kept` are the parts of the address that the
    page's own address has too. It stands above every other decorator, so that the page decides who may look.
    """

    def wrap(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            if request.method in {"GET", "HEAD"}:
                return redirect(page, *(kwargs[name] for name in kept))
            return HttpResponseNotAllowed(["POST"])

        return answer

    return wrap
