"""Whether everybody can see, reach and hear a page: light and dark, on a narrow phone too."""

from collections.abc import Iterator

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from rig.phone import HEIGHT, WIDTH

NARROWEST, SMALLEST_LETTER = 320, 17

SMALL = """least => [...document.querySelectorAll('body *')]
    .filter(e => e.childNodes.length && !e.closest('svg'))
    .filter(e => parseFloat(getComputedStyle(e).fontSize) < least)
    .map(e => e.outerHTML)"""
# By the axe that the run before has put into the page.
CONTRAST = "axe.run({ resultTypes: ['violations'], runOnly: ['color-contrast'] })"
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def faults(page: Page, name: str) -> Iterator[str]:
    """What is wrong with the page that is shown, by axe and by our own measure."""
    for width in (NARROWEST, WIDTH):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if page.evaluate(WIDE):
            yield f"{name} scrolls sideways at {width}"
    yield from (f"{name} has small letters: {found}" for found in page.evaluate(SMALL, SMALLEST_LETTER))
    found = Axe().run(page)
    page.emulate_media(color_scheme="dark")
    dark = AxeResults(page.evaluate(CONTRAST))
    page.emulate_media(color_scheme="light")
    for shade, results in (("light", found), ("dark", dark)):
        if results.violations_count:
            yield f"{name}, {shade}: {results.generate_report()}"
