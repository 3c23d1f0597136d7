"""The addresses of the REST API."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.renderers import TemplateHTMLRenderer

from linlingtong.accounts import api as accounts
from linlingtong.activities import api as activities
from linlingtong.areas import api as areas
from linlingtong.core.problems import problem_page
from linlingtong.home import api as home
from linlingtong.likes import api as likes
from linlingtong.moderation import api as moderation
from linlingtong.mutual_aid import api as mutual_aid
from linlingtong.notifications import api as notifications
from linlingtong.photos import api as photos
from linlingtong.tickets import api as tickets
from linlingtong.toolbox import api as toolbox
from linlingtong.venues import api as venues
from linlingtong.volunteering import api as volunteering


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from our own files; its script sets styles on elements, so this one page allows inline styles."""

    renderer_classes = [TemplateHTMLRenderer]
    url_name = "api:schema"


@csrf_exempt
def nothing_here(_request: HttpRequest) -> HttpResponse:
    return problem_page(404, "not_found")


v1: list[URLPattern | URLResolver] = [
    path("me/", accounts.Me.as_view(), name="me"),
    path("me/second-factor/", accounts.MySecondFactor.as_view(), name="second_factor"),
    path("me/registrations/", activities.MyRegistrations.as_view(), name="my_registrations"),
    path("me/preferences/", notifications.MyPreferences.as_view(), name="preferences"),
    path("me/export/", home.MyExport.as_view(), name="my_export"),
    path("me/erasure/", home.MyErasure.as_view(), name="my_erasure"),
    path("areas/", areas.AreaList.as_view(), name="areas"),
    path("activities/", activities.ActivityList.as_view(), name="activities"),
    path("activities/<id:activity_id>/", activities.ActivityDetail.as_view(), name="activity"),
    path("activities/<id:activity_id>/review/", activities.ActivityReview.as_view(), name="activity_review"),
    path("activities/<id:activity_id>/rating/", activities.ActivityRating.as_view(), name="activity_rating"),
    path("activities/<id:activity_id>.ics", activities.ActivityCalendar.as_view(), name="activity_calendar"),
    path("sessions/<id:session_id>/registration/", activities.SessionRegistration.as_view(), name="registration"),
    path("registrations/<id:registration_id>/accept/", activities.OfferAccepted.as_view(), name="accept"),
    path("registrations/<id:registration_id>/decline/", activities.OfferDeclined.as_view(), name="decline"),
    path(
        "registrations/<id:registration_id>/companions/<id:companion_id>/",
        activities.CompanionOff.as_view(),
        name="companion",
    ),
    path("registrations/<id:registration_id>/code/", activities.RegistrationCode.as_view(), name="check_in_code"),
    path("sessions/<id:session_id>/check-in/", activities.SessionCheckIn.as_view(), name="check_in"),
    path("check-ins/", activities.CheckIns.as_view(), name="check_ins"),
    path("notifications/", notifications.Inbox.as_view(), name="notifications"),
    path("notifications/read/", notifications.MarkRead.as_view(), name="read"),
    path("stats/", home.Stats.as_view(), name="stats"),
    path("search/", home.Search.as_view(), name="search"),
    *likes.routes,
    *mutual_aid.routes,
    *toolbox.routes,
    *venues.routes,
    *tickets.routes,
    *volunteering.routes,
    *moderation.routes,
    *photos.routes,
]
docs = csp_replace({"style-src": [SELF, UNSAFE_INLINE]})(Docs.as_view())
routes: list[URLPattern | URLResolver] = [
    path("v1/", include(v1)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
    re_path("", nothing_here),
]
urlpatterns: list[URLPattern | URLResolver] = [path("", include((routes, "api")))]
