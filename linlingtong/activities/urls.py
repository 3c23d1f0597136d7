from django.urls import path

from linlingtong.activities.views import browsing, calendars, joining, mine

app_name = "activities"
urlpatterns = [
    path("activities/", browsing.activity_list, name="list"),
    path("activities/month/", browsing.month, name="month"),
    path("activities/<slug:slug>/", browsing.detail, name="detail"),
    path("activities/<slug:slug>/join/", joining.join, name="join"),
    path("activities/<slug:slug>/done/", joining.done, name="done"),
    path("activities/<slug:slug>/ics", calendars.activity_ics, name="ics"),
    path("activities/<slug:slug>/bookmark/", mine.bookmark, name="bookmark"),
    path("community/<slug:slug>/", browsing.community, name="community"),
    path("me/registrations/", mine.registrations, name="mine"),
    path("me/registrations/<int:pk>/", mine.registration, name="registration"),
    path("me/registrations/<int:pk>/give-up/", mine.give_up, name="give_up"),
    path("me/registrations/<int:pk>/accept/", mine.accept, name="accept"),
    path("me/registrations/<int:pk>/decline/", mine.decline, name="decline"),
    path("me/registrations/<int:pk>/companions/<int:companion>/drop/", mine.drop_companion, name="drop_companion"),
    path("me/calendar/", calendars.subscribe, name="subscribe"),
    path("calendar/<str:token>.ics", calendars.feed, name="feed"),
]
