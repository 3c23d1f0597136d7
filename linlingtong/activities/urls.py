from django.urls import path

from linlingtong.activities.views import browsing, calendars, check_in, console, joining, mine, review

app_name = "activities"
urlpatterns = [
    path("activities/", browsing.activity_list, name="list"),
    path("activities/month/", browsing.month, name="month"),
    path("activities/<slug:slug>/", browsing.detail, name="detail"),
    path("activities/<slug:slug>/join/", joining.join, name="join"),
    path("activities/<slug:slug>/done/", joining.done, name="done"),
    path("activities/<slug:slug>/ics", calendars.activity_ics, name="ics"),
    path("activities/<slug:slug>/bookmark/", mine.bookmark, name="bookmark"),
    path("activities/<slug:slug>/review/", review.review, name="review"),
    path("community/<slug:slug>/", browsing.community, name="community"),
    path("me/participations/", review.participations, name="participations"),
    path("me/registrations/", mine.registrations, name="mine"),
    path("me/registrations/<int:pk>/", mine.registration, name="registration"),
    path("me/registrations/<int:pk>/give-up/", mine.give_up, name="give_up"),
    path("me/registrations/<int:pk>/accept/", mine.accept, name="accept"),
    path("me/registrations/<int:pk>/decline/", mine.decline, name="decline"),
    path("me/registrations/<int:pk>/companions/<int:companion>/drop/", mine.drop_companion, name="drop_companion"),
    path("me/registrations/<int:pk>/pass/", check_in.my_pass, name="pass"),
    path("me/registrations/<int:pk>/scan/", check_in.scan_venue, name="scan_venue"),
    path("me/registrations/<int:pk>/appeal/", check_in.appeal, name="appeal"),
    path("c/<str:token>", check_in.opened, name="code"),
    path("check-in/<int:pk>/", console.console, name="console"),
    path("check-in/<int:pk>/entry/", console.entry, name="entry"),
    path("check-in/<int:pk>/mark/", console.mark, name="mark"),
    path("check-in/<int:pk>/let-in/", console.let_in, name="let_in"),
    path("check-in/<int:pk>/settle/", console.settle, name="settle"),
    path("check-in/<int:pk>/guest/", console.guest, name="guest"),
    path("check-in/<int:pk>/everybody-out/", console.everybody_out, name="everybody_out"),
    path("check-in/<int:pk>/venue/", console.venue, name="venue"),
    path("check-in/<int:pk>/poster/", console.poster, name="poster"),
    path("check-in/<int:pk>/roster/", console.roster, name="roster"),
    path("me/calendar/", calendars.subscribe, name="subscribe"),
    path("calendar/<str:token>.ics", calendars.feed, name="feed"),
]
