"""What every process does before Django loads its settings."""

import os

import environ

from config import embedded, production


def prepare(process: str = "") -> None:
    """Read `.env` and say which kind of process this is; web processes keep a pool of connections."""
    environ.Env.read_env(embedded.ROOT / ".env")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if process:
        os.environ.setdefault("LINLINGTONG_PROCESS", process)


def start_servers(**_: object) -> None:
    """Have the servers beside the code answer, where no others are named; production must name them."""
    if embedded.wanted() and not production.is_on(environ.Env()):
        embedded.ensure()
