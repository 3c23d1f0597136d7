from django.contrib import admin
from django.urls import include, path

from config import api

# First what is called most: an address is held against everything that stands before it.
urlpatterns = [
    path("api/", include(api.urlpatterns)),
    path("", include("linlingtong.home.urls")),
    path("", include("linlingtong.activities.urls")),
    path("", include("linlingtong.likes.urls")),
    path("", include("linlingtong.mutual_aid.urls")),
    path("", include("linlingtong.toolbox.urls")),
    path("", include("linlingtong.venues.urls")),
    path("", include("linlingtong.tickets.urls")),
    path("", include("linlingtong.volunteering.urls")),
    path("", include("linlingtong.moderation.urls")),
    path("", include("linlingtong.photos.urls")),
    path("", include("linlingtong.notifications.urls")),
    path("", include("linlingtong.accounts.urls")),
    path("", include("linlingtong.delivery.urls")),
    path("admin/", admin.site.urls),
    path("_allauth/", include("linlingtong.accounts.views.headless")),
]
