import os

os.environ["LINLINGTONG_PROCESS"] = "web"
os.environ["DJANGO_SETTINGS_MODULE"] = "bench.floor_settings"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
