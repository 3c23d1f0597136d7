from django.urls import path

from linlingtong.accounts.views import display, profile, second_factor, signing_in

app_name = "accounts"
urlpatterns = [
    path("login/", signing_in.login, name="login"),
    path("login/second/", second_factor.second_factor, name="second_factor"),
    path("logout/", signing_in.logout, name="logout"),
    path("me/profile/", profile.profile, name="profile"),
    path("me/privacy/", profile.privacy, name="privacy"),
    path("me/memberships/", profile.join, name="join"),
    path("me/memberships/<int:pk>/leave/", profile.leave, name="leave"),
    path("me/display/", display.display, name="display"),
    path("display/", display.switch, name="display_switch"),
    path("language/", display.language, name="language"),
    path("admin/login/", signing_in.admin_login, name="admin_login"),
    # Django's own shortcut to "view on site" breaks on keys that are no numbers, and no page here uses it.
    path("admin/r/<path:place>", signing_in.nothing_here),
]
