from django.urls import path

from linlingtong.home import health
from linlingtong.home.views import leaving, pages

app_name = "home"
urlpatterns = [
    path("", pages.home, name="home"),
    path("me/", pages.mine, name="mine"),
    path("me/data/", leaving.overview, name="leaving"),
    path("me/data/export/", leaving.export, name="export"),
    path("me/data/export/<str:token>/", leaving.export_file, name="export_file"),
    path("me/data/leave/", leaving.leave, name="leave"),
    path("me/data/stay/", leaving.keep, name="stay"),
    path("search/", pages.search, name="search"),
    path("privacy/", pages.privacy, name="privacy"),
    path("terms/", pages.terms, name="terms"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("feedback/", pages.feedback, name="feedback"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
