"""All CSS and JavaScript that is shipped, judged by Chromium 65 itself, rule by rule."""

import platform
from collections.abc import Iterator
from pathlib import Path

import pytest
from rig.old_phone import TODAY, OldPhone, old_phone
from rig.shipped import NAMES, unknown_in_css, unknown_in_script
from rig.village import RunningBox

import broadcaster

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="old Chromiums are built for 64-bit PCs only"
)
FOLDERS = [Path(broadcaster.__file__).parent / side / "static" for side in ("web", "county/pages")]
# What a script calls so itself, or uses only where it was asked for first.
OWN = {
    "drafts.js": {".address", ".at"},
    "live.js": {".part"},
    "sounds.js": {".login", ".lost", ".stopped"},
    "talk.js": {".audioWorklet", ".addModule", "AudioWorkletNode", ".port", ".last", ".lost"},
    "talk_worklet.js": {"AudioWorkletProcessor", ".port"},
}
NEW_CSS = [
    ".a { inset: auto 0 0; }",
    ".a { display: flex; gap: 4px; }",
    ".a { display: flex; grid-gap: 4px; }",
    *(
        f".a {{ width: {width}; }}"
        for width in ("min(1px, 2px)", "max(1px, 2px)", "clamp(1px, 2px, 3px)")
    ),
    *(f".a {{ width: {width}; }}" for width in ("min(1px, var(--b))", "calc(1dvh - var(--b))", "50dvh")),
    ":root { --a: clamp(1px, 2px, 3px); }",
    *(f"{selector} {{ margin: 0; }}" for selector in (":is(.a)", ":where(.a)", ".a:has(.b)")),
    ".a, .b:focus-visible { margin: 0; }",
    ".a { aspect-ratio: 1; }",
    *(f".a {{ {name}: 0; }}" for name in ("margin-inline", "padding-block-start", "scroll-margin-top")),
    ".a { color: red; & .b { color: blue; } }",
    ".a { color: red; .b { color: blue; } }",
    ".a { padding-bottom: env(safe-area-inset-bottom); }",
    ".a { appearance: none; }",
    ".a { background: color-mix(in srgb, red 45%, transparent); }",
    "@layer a { .a { margin: 0; } }",
    "@container (width > 1px) { .a { margin: 0; } }",
    "@media (width >= 60rem) { .a { margin: 0; } }",
    "@media (min-width: 60rem) { .a { inset: 0; } }",
]
OLD_CSS = [
    ".a { padding-bottom: 0; padding-bottom: env(safe-area-inset-bottom); }",
    ".a { -webkit-appearance: none; appearance: none; }",
    "@supports selector(:has(*)) { .a:has(.b) { inset: 0; } }",
    ".a:focus:not(:focus-visible) { outline: none; }",
    "@media (prefers-color-scheme: dark) { .a { color: var(--b); } }",
    "@keyframes a { 50% { opacity: 0.5; } }",
]
NEW_SCRIPTS = [
    "try { f(); } catch { g(); }",
    "a?.b;",
    "a ?? b;",
    "class A { b = 1; }",
    "a ||= b;",
    "[1, [2]].flat();",
    "Object.fromEntries([]);",
    "globalThis.a = 1;",
    "document.body.replaceChildren();",
    "new AbortController();",
    "document.forms[0].requestSubmit();",
    "addEventListener('submit', (event) => f(event.submitter));",
    "new Blob([]).arrayBuffer();",
    "crypto.randomUUID();",
    "navigator.clipboard.writeText('a');",
    "`${a.replaceAll('b', 'c')}`;",
    "const { clipboard } = navigator;",
]
OLD_SCRIPTS = [
    "try { f(); } catch (error) { g(); }",
    "(async () => { const { a } = await f(); return Object.assign({}, a); })();",
    "`AbortController ${a}`; // replaceChildren",
    "new XMLHttpRequest().responseType = 'json';",
]


@pytest.fixture(scope="module")
def phone(box: RunningBox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldPhone]:
    """At a page of ours, for some of what there is only a secure address has."""
    with old_phone(65, box.page, tmp_path_factory.mktemp("old")) as phone:
        phone.open("/login")
        yield phone


@pytest.fixture(scope="module")
def new_names(phone: OldPhone, box: RunningBox, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What scripts can name today and could not then."""
    with old_phone(TODAY, box.page, tmp_path_factory.mktemp("new")) as today:
        today.open("/login")
        return set(today.ask(NAMES)) - set(phone.ask(NAMES))


def shipped(ending: str) -> list[Path]:
    found = [path for folder in FOLDERS for path in sorted(folder.glob(f"*.{ending}"))]
    assert found
    return found


def test_no_shipped_rule_needs_a_newer_browser(phone: OldPhone) -> None:
    faults = [
        f"{path.name}: {fault}"
        for path in shipped("css")
        for fault in unknown_in_css(phone, path.read_text("utf-8"))
    ]
    assert not faults, "\n".join(faults)


def test_no_shipped_script_needs_a_newer_browser(phone: OldPhone, new_names: set[str]) -> None:
    faults = [
        f"{path.name}: {fault}"
        for path in shipped("js")
        for fault in unknown_in_script(
            phone, path.read_text("utf-8"), new_names, OWN.get(path.name, set())
        )
    ]
    assert not faults, "\n".join(faults)


def test_what_is_too_new_is_seen_and_what_has_a_way_out_is_let_be(
    phone: OldPhone, new_names: set[str]
) -> None:
    css = {text for text in NEW_CSS + OLD_CSS if list(unknown_in_css(phone, text))}
    assert css == set(NEW_CSS)
    scripts = {
        text
        for text in NEW_SCRIPTS + OLD_SCRIPTS
        if list(unknown_in_script(phone, text, new_names, set()))
    }
    assert scripts == set(NEW_SCRIPTS)
