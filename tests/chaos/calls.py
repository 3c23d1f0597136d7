"""How many made-up calls a report of the tests tells of."""

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET


def calls_by_role(report: Path) -> Counter[str]:
    """Calls of the API by the kind of person who made them."""
    calls: Counter[str] = Counter()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - written by our own tests a moment ago
        role = re.search(r"\[(\w+)\]$", case.get("name", ""))
        for told in case.iter("property"):
            if role and told.get("name") == "calls":
                calls[role[1]] += int(told.get("value", 0))
    return calls
