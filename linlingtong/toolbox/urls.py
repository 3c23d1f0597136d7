from django.urls import path

from linlingtong.toolbox import views

app_name = "toolbox"
urlpatterns = [
    path("tools/", views.shelf, name="shelf"),
    path("tools/contacts/", views.contacts, name="contacts"),
    path("tools/guides/", views.guides, name="guides"),
    path("tools/guides/<slug:slug>/", views.guide, name="guide"),
    path("tools/offline/", views.offline, name="offline"),
    path("worker.js", views.worker, name="worker"),
]
