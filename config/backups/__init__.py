"""备份与恢复: one file with the database and the photos, which proves by itself whether it is whole.

`manage.py backup`, `manage.py restore` and `manage.py restore_drill` are its doors.
"""

import os
from pathlib import Path

from config.embedded import ROOT


class BackupFailed(RuntimeError):
    """No backup was made, or nothing was restored; the text says why."""


class DamagedArchive(BackupFailed):
    """The archive, or what came out of it, is not what was saved."""


def directory() -> Path:
    return Path(os.environ.get("BACKUP_DIR") or ROOT / "var" / "backups")
