from django.urls import path

from linlingtong.venues.views import mine, timetable

app_name = "venues"
urlpatterns = [
    path("tools/pitch/", timetable.venues, name="list"),
    path("tools/pitch/<slug:slug>/", timetable.venue, name="venue"),
    path("tools/pitch/<slug:slug>/wait/", timetable.join_line, name="wait"),
    path("me/bookings/", mine.bookings, name="bookings"),
    path("me/bookings/here/<str:code>/", mine.check_in, name="check_in"),
    path("me/bookings/<int:pk>/", mine.booking, name="booking"),
    path("me/bookings/<int:pk>/cancel/", mine.cancel_booking, name="cancel"),
    path("me/bookings/<int:pk>/accept/", mine.accept_booking, name="accept"),
    path("me/bookings/<int:pk>/appeal/", mine.appeal_booking, name="appeal"),
    path("me/bookings/waiting/<int:pk>/leave/", mine.leave, name="leave_line"),
]
