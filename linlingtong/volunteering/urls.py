from django.urls import path

from linlingtong.volunteering.views import hours, sheets

app_name = "volunteering"
urlpatterns = [
    path("me/hours/", hours.mine, name="hours"),
    path("me/hours/<int:pk>/", hours.line, name="line"),
    path("me/certificates/", sheets.mine, name="sheets"),
    path("me/certificates/<slug:serial>/", sheets.sheet, name="sheet"),
    path("me/certificates/<slug:serial>/pdf/", sheets.pdf, name="pdf"),
    path("v/<slug:serial>/", sheets.check, name="check"),
]
