"""How the REST API answers, and how its schema is written."""

from typing import Any

FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["linlingtong.accounts.authentication.TokenOrSession"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["linlingtong.core.rendering.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["linlingtong.core.rendering.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "linlingtong.core.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "linlingtong.core.schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": ["linlingtong.core.throttling.PerMinute"],
    "EXCEPTION_HANDLER": "linlingtong.core.problems.answer",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SCHEMA: dict[str, Any] = {
    "TITLE": "Linlingtong",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "PREPROCESSING_HOOKS": ["linlingtong.core.schema.only_ours"],
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ActivityKind": "linlingtong.activities.models.Activity.Kind",
        "ActivityStatus": "linlingtong.activities.models.Activity.Status",
        "QuestionKind": "linlingtong.activities.models.Question.Kind",
        "NotificationKind": "linlingtong.notifications.models.Kind",
        "OrganizationKind": "linlingtong.areas.models.Organization.Kind",
        "AreaLevel": "linlingtong.areas.models.Area.Level",
        "RegistrationState": "linlingtong.activities.models.Registration.State",
        "InOrOut": "linlingtong.activities.api.check_in.WAYS",
        "CaseState": "linlingtong.moderation.models.Case.State",
        "HelpKind": "linlingtong.mutual_aid.models.HelpPost.Kind",
        "HelpState": "linlingtong.mutual_aid.models.HelpPost.State",
        "ClaimState": "linlingtong.mutual_aid.models.Claim.State",
        "PhotoState": "linlingtong.photos.models.Photo.State",
        "TicketState": "linlingtong.tickets.models.Ticket.State",
        "TicketOutcome": "linlingtong.tickets.models.Ticket.Outcome",
        "DisputeOutcome": "linlingtong.volunteering.models.Dispute.Outcome",
        "ToolKind": "linlingtong.toolbox.models.Tool.Kind",
        "VenueKind": "linlingtong.venues.models.Venue.Kind",
        "BookingState": "linlingtong.venues.models.Booking.State",
    },
}
