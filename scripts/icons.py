"""Builds static/icons.svg, one sprite of the Tabler icons the pages use.

    npm pack @tabler/icons@3.51.0
    python scripts/icons.py tabler-icons-3.51.0.tgz

The sprite carries no stroke width: app.css sets it once, and thickens it in the large-text edition.
Filled drawings get the suffix -f (home-f).
"""

import re
import sys
import tarfile
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "static"

OUTLINE = """
accessible adjustments-horizontal alert-triangle arrow-back-up baby-carriage ball-football ban bell book bookmark
briefcase building building-community building-factory-2 building-store bulb calendar-event calendar-plus camera
certificate check chevron-down chevron-left chevron-right chevron-up circle-check clock confetti copy device-mobile
door-exit download edit external-link eye filter first-aid-kit flag friends gift heart-handshake help-circle history
home home-heart hourglass id-badge-2 info-circle language leaf list lock logout mail map-2 map-pin message-2
message-circle message-report minus moon navigation old palette phone photo plus qrcode refresh rss run scan school
search send settings share shield-check shield-lock star stethoscope sun sunrise text-size thumb-up tools trash
umbrella user user-check user-plus users users-group walk wifi-off world x
"""

FILLED = "alert-triangle bell bookmark calendar-event circle-check home star thumb-up user"

DECORATION = re.compile(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none" />')


def drawing(package: tarfile.TarFile, style: str, name: str) -> str:
    member = package.extractfile(f"package/icons/{style}/{name}.svg")
    if member is None:
        raise SystemExit(f"no such icon: {style}/{name}")
    body = re.sub(r"^<svg[^>]*>|</svg>\s*$", "", member.read().decode())
    body = DECORATION.sub("", body)
    return re.sub(r"\s*/>", "/>", re.sub(r"\s*\n\s*", "", body)).strip()


def sprite(package: tarfile.TarFile) -> str:
    symbols = [
        f'<symbol id="{name}" viewBox="0 0 24 24">{drawing(package, "outline", name)}</symbol>'
        for name in OUTLINE.split()
    ]
    symbols += [
        f'<symbol id="{name}-f" viewBox="0 0 24 24"><g fill="currentColor" stroke="none">'
        f"{drawing(package, 'filled', name)}</g></symbol>"
        for name in FILLED.split()
    ]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def main(archive: str) -> None:
    with tarfile.open(archive) as package:
        (STATIC / "icons.svg").write_text(sprite(package), encoding="utf-8")
        licence = package.extractfile("package/LICENSE")
        if licence is None:
            raise SystemExit("the package has no licence file")
        (STATIC / "icons.LICENSE").write_bytes(licence.read())


if __name__ == "__main__":
    main(sys.argv[1])
