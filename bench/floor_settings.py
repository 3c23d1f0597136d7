"""The product's own settings without anything that the floor does not need."""

from config.settings import *  # noqa: F403 - the floor differs in these lines only

ROOT_URLCONF = "bench.floors"
INSTALLED_APPS = []
MIDDLEWARE = []
WSGI_APPLICATION = "bench.floor_wsgi.application"
TEMPLATES = []
