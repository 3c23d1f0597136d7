from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Facts:
    """What moderation has to know of an object that was never submitted: who wrote it, what, and where it belongs."""

    author: Any
    text: str
    area_path: str = ""


def _nobody(_object_id: int, _user: Any) -> bool:
    return False


def _unknown(_object_id: int) -> Facts | None:
    return None


@dataclass(frozen=True)
class Subject:
    """One kind of thing that residents write, and how the floors below its board ask about it.

    `hide` takes the object away from everybody but its author and staff, `show` gives it back; both only write, in the
    caller's transaction, and may run again. `may_see` answers whether this person (perhaps anonymous) sees it now.
    `facts` is for boards whose older rows were never submitted.
    """

    kind: str
    name: Any
    url: Callable[[int], str]
    show: Callable[[int], object]
    hide: Callable[[int], object]
    may_see: Callable[[int, Any], bool] = _nobody
    facts: Callable[[int], Facts | None] = _unknown


_known: dict[str, Subject] = {}


def know(subjects: Iterable[Subject]) -> None:
    """The roof says once, at the start, what the boards have; the floors below never look up."""
    _known.update({subject.kind: subject for subject in subjects})


def subject_of(kind: str) -> Subject | None:
    """The subject of this kind, or None for a kind that no board has."""
    return _known.get(kind)


def known_subjects() -> list[Subject]:
    return list(_known.values())
