import re
from pathlib import Path

import pytest
from django.conf import settings

from linlingtong.core.phone import dialled


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0571-0000 0000", "057100000000"),
        ("+86 199 0000 0001", "+8619900000001"),
        ("12345", "12345"),
        ("0571-0000 0000 转 8001", "057100000000,8001"),
        ("没有电话", ""),
    ],
)
def test_a_number_is_dialled_without_what_is_there_for_the_eye(written: str, number: str) -> None:
    assert dialled(written) == number


def test_no_page_dials_a_number_as_it_is_written() -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in Path(settings.BASE_DIR, "templates").rglob("*.html")}
    links = {
        (path.name, link) for path, text in pages.items() for link in re.findall(r"tel:\{\{ *([^}]+?) *\}\}", text)
    }
    assert links
    assert {link for link in links if not link[1].endswith(("|dial", ".dial"))} == set()
