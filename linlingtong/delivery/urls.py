from django.urls import path

from linlingtong.delivery import views

app_name = "delivery"
urlpatterns = [path("dev/inbox/", views.developer_inbox, name="developer_inbox")]
