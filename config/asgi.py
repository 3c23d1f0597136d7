"""The entry of the web processes on an ASGI server."""

from django.core.asgi import get_asgi_application

from config import entry

entry.prepare("web")
entry.start_servers()

application = get_asgi_application()
