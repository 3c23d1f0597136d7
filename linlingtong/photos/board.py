from typing import Any

from linlingtong.accounts.models import User
from linlingtong.core.board import Board
from linlingtong.photos.actions import forget, sweep
from linlingtong.photos.models import Photo


def _export(resident: User) -> dict[str, Any]:
    rows = Photo.objects.filter(owner=resident).order_by("id")
    return {"photos": [{"sent_at": row.created_at, "shows": row.alt, "address": row.large} for row in rows]}


board = Board("photos", steps={"sweep_photos": sweep}, export=_export, forget=forget)
