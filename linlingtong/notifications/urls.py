from django.urls import path

from linlingtong.notifications import views

app_name = "notifications"
urlpatterns = [
    path("me/messages/", views.inbox, name="inbox"),
    path("me/messages/read/", views.read_all, name="read_all"),
    path("me/messages/preferences/", views.preferences, name="preferences"),
    path("me/messages/<int:pk>/", views.open_one, name="open"),
]
