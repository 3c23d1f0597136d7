"""The entry of the web processes."""

from django.core.wsgi import get_wsgi_application

from config import entry

entry.prepare("web")
entry.start_servers()

application = get_wsgi_application()
