from django.urls import path

from linlingtong.tickets.views import mine, open311, reading, writing

app_name = "tickets"
urlpatterns = [
    path("tools/report/", writing.new, name="new"),
    path("tools/report/<slug:number>/", reading.public, name="public"),
    path("tools/report/<slug:number>/me-too/", reading.join, name="me_too"),
    path("me/tickets/", mine.tickets, name="tickets"),
    path("me/tickets/<int:pk>/", mine.ticket, name="ticket"),
    path("me/tickets/<int:pk>/reply/", mine.answer, name="reply"),
    path("me/tickets/<int:pk>/withdraw/", mine.withdraw, name="withdraw"),
    path("me/tickets/<int:pk>/rate/", mine.give_stars, name="rate"),
    path("me/tickets/<int:pk>/reopen/", mine.open_again, name="reopen"),
    path("open311/discovery.<str:form>", open311.discovery, name="discovery"),
    path("open311/v2/discovery.<str:form>", open311.discovery),
    path("open311/v2/services.<str:form>", open311.services, name="services"),
    path("open311/v2/services/<slug:code>.<str:form>", open311.service, name="service"),
    path("open311/v2/requests.<str:form>", open311.requests, name="requests"),
    path("open311/v2/requests/<slug:number>.<str:form>", open311.request_, name="request"),
]
