from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication


class TokenOrSession(XSessionTokenAuthentication):
    """The API knows a caller by the token of the app or by the browser's session."""
