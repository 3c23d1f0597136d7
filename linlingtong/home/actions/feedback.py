from linlingtong.accounts.models import User
from linlingtong.home.models import Feedback


def leave_feedback(text: str, page: str, *, by: User | None) -> Feedback:
    """Keep what somebody thinks of the platform, with the page they came from."""
    return Feedback.objects.create(text=text, page=page, by=by)
