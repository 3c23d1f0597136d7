from django.urls import path

from linlingtong.moderation import views

app_name = "moderation"
urlpatterns = [
    path("moderation/report/<slug:kind>/<int:object_id>/", views.report_something, name="report"),
    path("me/reviews/", views.own_cases, name="mine"),
    path("me/reviews/<int:case_id>/", views.own_case, name="case"),
]
