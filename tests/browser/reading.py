"""Whether a page can be read and touched by everybody: its width, its targets, axe; in every way it may be shown."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from linlingtong.accounts.models import User
from tests.browser.conftest import PHONE, Open

MODES: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "elder": {"data-elder": ""},
    "largest text": {"data-size": "xxl"},
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "desktop": {"viewport": {"width": 1280, "height": 800}},
}
# In the dark, or when everything is larger, only these rules of axe can answer differently.
LOOKS = {"type": "rule", "values": ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]}
READ_BY_AXE: dict[str, dict[str, Any]] = {"light": {}, "dark": {"runOnly": LOOKS}, "elder": {"runOnly": LOOKS}}
# Links inside a sentence are excepted, as in WCAG 2.5.8; so is what only a screen reader meets.
SMALL_TARGETS = """least => [
    ...document.querySelectorAll('a[href], button, select, input:not([type=hidden])')
].filter(e => {
    const box = (e.closest('label') || e).getBoundingClientRect();
    const inSentence = e.tagName === 'A' && getComputedStyle(e).display === 'inline';
    return box.width && box.height && box.height < least && !inSentence && !e.closest('.vh, .skip, .ev-t')
        && getComputedStyle(e).opacity !== '0';
}).map(e => {
    const height = Math.round(e.getBoundingClientRect().height);
    return `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 20)} ${height}`;
})"""


def trouble_with(open_page: Open, pages: Mapping[str, tuple[str, User | None]]) -> list[str]:
    """What is wrong with each page (its path, who reads it) in each mode; each is loaded once."""
    tabs: dict[int | None, Page] = {}
    found: list[str] = []
    for name, (path, user) in pages.items():
        key = user.pk if user else None
        if key not in tabs:
            tabs[key] = open_page("/", user, bypass_csp=True)
        tabs[key].goto(path)
        found += trouble_in_every_mode(tabs[key], name)
    return sorted(set(found))


def trouble_in_every_mode(page: Page, name: str) -> list[str]:
    found = []
    for mode, options in MODES.items():
        _show_as(page, options)
        found += [f"{mode} / {name}: {what}" for what in wrong_in(page, mode)]
    return found


def wrong_in(page: Page, mode: str = "light") -> Iterator[str]:
    """What is too wide, too small to touch (staff have a mouse), or against the rules of axe."""
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if over > 0:
        yield f"{over} px too wide"
    if "/admin/" not in page.url:
        least = 60 if mode == "elder" else 44
        yield from (f"small: {what}" for what in page.evaluate(SMALL_TARGETS, least - 1))
    if mode in READ_BY_AXE:
        for broken in _against_axe(page, {"resultTypes": ["violations"]} | READ_BY_AXE[mode]):
            yield f"{broken['id']}: {json.dumps([node['target'] for node in broken['nodes']][:2])}"


def _against_axe(page: Page, options: dict[str, Any]) -> list[dict[str, Any]]:
    """What axe finds; its half a megabyte is read once for each page, not for each mode."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found: list[dict[str, Any]] = page.evaluate("async options => (await axe.run(options)).violations", options)
    return found


def _show_as(page: Page, options: dict[str, Any]) -> None:
    """The same page as somebody else sees it; at once, for axe would measure the colours on their way."""
    page.set_viewport_size(options.get("viewport", PHONE))
    page.emulate_media(color_scheme=options.get("color_scheme", "light"), reduced_motion="reduce")
    for attribute in ("data-elder", "data-size"):
        page.evaluate(
            "([name, value]) => value === null ? document.documentElement.removeAttribute(name)"
            " : document.documentElement.setAttribute(name, value)",
            [attribute, options.get(attribute)],
        )
