import pytest
from django.test import Client
from structlog.testing import capture_logs


@pytest.mark.django_db
def test_a_request_is_logged_without_its_query() -> None:
    with capture_logs() as lines:
        Client().get("/search/", {"q": "19900009001"})
    assert [line["request"] for line in lines if line["event"] == "request_finished"] == ["GET /search/"]
    assert "19900009001" not in str(lines)
