"""The compiled catalogues are not in the repository; they are made where they are older than their source."""

import subprocess
import sys
from pathlib import Path

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def outdated() -> list[Path]:
    found = []
    for source in sorted(LOCALE.rglob("*.po")):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime_ns < source.stat().st_mtime_ns:
            found.append(source)
    return found


def compile_outdated() -> int:
    """Compile what changed; answer how many catalogues that were."""
    sources = outdated()
    for source in sources:
        command = [sys.executable, "-m", "babel.messages.frontend", "--quiet", "compile"]
        files = ["--input-file", str(source), "--output-file", str(source.with_suffix(".mo")), "--locale", "zh_Hans"]
        subprocess.run([*command, *files], check=True)
    return len(sources)
