"""What docker-compose.yml says, without running it."""

import re
from typing import Any

import pytest
import yaml

from tests.deploy import compose
from tests.deploy.compose import FILE, ROOT, NotGiven

NEEDED = {"POSTGRES_PASSWORD": "one-word", "VALKEY_PASSWORD": "another-word"}
ONCE = {"migrate", "tools"}
OURS = {"migrate", "web", "web-2", "worker", "worker-2", "beat", "tools"}
# every key that is used, so that a mistyped one is not silently left out
KEYS = {
    "restart", "init", "read_only", "cap_drop", "security_opt", "pids_limit", "logging", "image", "build", "env_file",
    "environment", "tmpfs", "volumes", "networks", "command", "entrypoint", "depends_on", "healthcheck", "deploy",
    "stop_grace_period", "stop_signal", "user", "shm_size", "profiles", "ports",
}  # fmt: skip


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    return compose.services(NEEDED)


def test_the_services_are_those_of_the_house(services: dict[str, dict[str, Any]]) -> None:
    always = {name for name, service in services.items() if "profiles" not in service}
    assert always == {"postgres", "valkey", "migrate", "web", "worker", "beat", "door"}
    profiles = {name: service["profiles"] for name, service in services.items() if "profiles" in service}
    assert profiles == {"web-2": ["nodes"], "worker-2": ["nodes"], "replica": ["replica"], "tools": ["tools"]}
    assert {key for service in services.values() for key in service} <= KEYS


def test_without_passwords_nothing_starts() -> None:
    for name in NEEDED:
        with pytest.raises(NotGiven, match=name):
            compose.services({key: value for key, value in NEEDED.items() if key != name})


def test_no_secret_stands_in_the_file(services: dict[str, dict[str, Any]]) -> None:
    given = yaml.safe_load(FILE.read_text())
    for service in given["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY|AUTH|_URL", name):
                assert str(value).startswith("${"), name
    text = FILE.read_text()
    for value in NEEDED.values():
        assert value not in text
    assert f":{NEEDED['POSTGRES_PASSWORD']}@postgres:5432" in services["web"]["environment"]["DATABASE_URL"]


def test_two_checkouts_work_side_by_side(services: dict[str, dict[str, Any]]) -> None:
    whole = compose.read(NEEDED)
    assert "name" not in whole
    assert not [name for name, volume in whole["volumes"].items() if volume]
    ports = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert ports == {"door": ["127.0.0.1:8000:8000"]}
    other = compose.services(NEEDED | {"HTTP_PORT": "9000", "HTTP_BIND": "10.0.0.7", "COMPOSE_PROJECT_NAME": "two"})
    assert other["door"]["ports"] == ["10.0.0.7:9000:8000"]
    assert other["web"]["image"] != services["web"]["image"]


@pytest.mark.parametrize("name", sorted(compose.services(NEEDED)))
def test_each_service_is_locked_in_and_looked_after(name: str, services: dict[str, dict[str, Any]]) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"]["max-size"]
    assert service["stop_grace_period"]
    assert service["deploy"]["resources"]["limits"]["memory"] if name not in ONCE - {"migrate"} else True
    assert service["restart"] == ("no" if name in ONCE else "unless-stopped")
    is_asked = not service["healthcheck"].get("disable")
    assert is_asked == (name not in ONCE)


@pytest.mark.parametrize("name", sorted(OURS - ONCE))
def test_the_product_waits_for_the_migration(name: str, services: dict[str, dict[str, Any]]) -> None:
    assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_the_servers_reach_nobody_outside(services: dict[str, dict[str, Any]]) -> None:
    assert compose.read(NEEDED)["networks"]["data"] == {"internal": True}
    inside = {name for name, service in services.items() if service.get("networks") == ["data"]}
    assert inside == {"postgres", "replica", "valkey"}


def test_what_is_kept_lies_in_volumes(services: dict[str, dict[str, Any]]) -> None:
    for name in OURS:
        assert "media:/data/media" in services[name]["volumes"]
        assert services[name]["environment"]["MEDIA_ROOT"] == "/data/media"
    assert "postgres:/var/lib/postgresql" in services["postgres"]["volumes"]
    named = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert {name for name in named if not name.startswith(".")} == set(compose.read(NEEDED)["volumes"])


def test_what_is_mounted_is_there_and_may_be_run(services: dict[str, dict[str, Any]]) -> None:
    mounted = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])]
    for path in {ROOT / name for name in mounted if name.startswith(".")}:
        assert path.is_file()
        assert bool(path.stat().st_mode & 0o111) == (path.suffix == ".sh")


def test_the_door_knows_every_node(services: dict[str, dict[str, Any]]) -> None:
    nodes = dict(re.findall(r"^\s+server (\S+) (\S+)", (ROOT / "deploy/haproxy.cfg").read_text(), re.MULTILINE))
    webs = [name for name in services if name.startswith("web")]
    assert nodes == {name: f"{name}:8000" for name in webs}
    for first, second in (("web", "web-2"), ("worker", "worker-2")):
        assert services[second] == services[first] | {"profiles": ["nodes"]}
