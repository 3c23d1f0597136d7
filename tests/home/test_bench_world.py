"""The world for load generators from outside: what it names can be used at once, however often it is made."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

pytestmark = pytest.mark.django_db


def made(folder: Path) -> dict[str, Any]:
    file = folder / "world.json"
    call_command("bench_world", "--residents", "3", "--places", "1", "--spread", "2", "--out", str(file), verbosity=0)
    world: dict[str, Any] = json.loads(file.read_text())
    return world


def test_each_world_has_what_it_says(tmp_path: Path) -> None:
    for world in (made(tmp_path), made(tmp_path)):
        phones = [Client(headers={"X-Session-Token": token}) for token in world["tokens"]]
        place = f"{world['base']}sessions/{world['hot_session']}/registration/"
        assert [phone.put(place).json()["state"] for phone in phones] == ["confirmed", "waitlisted", "waitlisted"]
        assert phones[1].put(f"{world['base']}praises/{world['praise']}/like/").json()["like_count"] == 1
        assert phones[0].post(f"{world['base']}bookings/", world["venue"], "application/json").status_code == 201
        assert phones[2].get(f"{world['base']}help-posts/{world['help_post']}/").status_code == 200
        assert len(world["spread_sessions"]) == 2


def test_production_gets_none(settings: Any, tmp_path: Path) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="not in production"):
        made(tmp_path)
