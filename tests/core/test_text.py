import pytest

from linlingtong.core.text import clean_text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  老陈 ", "老陈"),
        ("\u200b老\u202e陈\ufeff", "老陈"),
        ("\u3164\u2800", ""),
        ("𠮷野家", "𠮷野家"),
        ("一\r\n二\r三", "一\n二\n三"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("a\x00b\x1bc", "abc"),
        ("\ud800x", "x"),
    ],
)
def test_what_cannot_be_seen_is_taken_out(typed: str, kept: str) -> None:
    assert clean_text(typed) == kept
