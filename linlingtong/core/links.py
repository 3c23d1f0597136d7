"""Where a page may lead back to."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def path_here(request: HttpRequest, wanted: str) -> str:
    """The wanted address when it is a path of this site, else nothing.

    Django's own check lets a bare word through, which `redirect` then takes for the name of a view.
    """
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours and wanted.startswith("/") else ""
