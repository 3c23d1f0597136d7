"""The entry of the web processes on an ASGI server."""

from django.conf import settings
from django.core.asgi import get_asgi_application
from granian.utils.proxies import wrap_asgi_with_proxy_headers

from config import entry

entry.prepare("web")
entry.start_servers()

application = get_asgi_application()
if settings.TRUSTED_PROXIES:
    application = wrap_asgi_with_proxy_headers(application, settings.TRUSTED_PROXIES)
