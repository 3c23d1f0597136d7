from django.urls import path

from linlingtong.accounts.views import signing_in

app_name = "accounts"
urlpatterns = [
    path("login/", signing_in.login, name="login"),
    path("logout/", signing_in.logout, name="logout"),
    path("admin/login/", signing_in.admin_login, name="admin_login"),
]
