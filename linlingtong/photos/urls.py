from django.urls import path, re_path

from linlingtong.photos import views

app_name = "photos"
urlpatterns = [
    path("photos/", views.upload, name="upload"),
    path("photos/<str:token>/discard/", views.throw_away, name="discard"),
    re_path(r"^photos/(?P<token>[\w-]{16,32})-(?P<size>\d{3,4})\.webp$", views.picture, name="picture"),
]
