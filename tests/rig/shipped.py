"""What in the shipped CSS and JavaScript a browser of 2018 does not know, by that browser's own word."""

import re
from collections.abc import Iterator
from itertools import pairwise

import tinycss2
import tinycss2.ast as css
from pygments.lexers import JavascriptLexer
from pygments.token import Name
from rig.old_phone import OldPhone

# Left out by who does not know them, and the page is whole without them.
EXTRAS = {"accent-color", "color-scheme", "text-underline-offset", "text-size-adjust"}
EXTRAS |= {"-webkit-touch-callout"}
ALONE = re.compile(r"::-moz-|:focus-visible")
QUERIES = re.compile(r"prefers-")
# In a rule with var() a browser takes every value, and throws it away when it draws.
FUNCTIONS = re.compile(r"\b(min|max|clamp|color-mix|env)\(|\d([dsl]v[hw])\b")
CHECKED_AT_RULES = {"media", "supports", "keyframes", "page"}

DECLARED = "(name, value) => CSS.supports(name, value)"
SELECTED = (
    "selector => { try { document.querySelector(selector); return true; } catch (e) { return false; } }"
)
ASKED = "query => matchMedia(query).media !== 'not all'"
# What scripts can name: a global, or whatever stands on one as `.name`.
NAMES = """() => {
    const names = new Set(), seen = new Set();
    const add = thing => {
        if (!thing || seen.has(thing) || !['object', 'function'].includes(typeof thing)) return;
        seen.add(thing);
        Object.getOwnPropertyNames(thing).forEach(name => names.add(name));
        add(Object.getPrototypeOf(thing));
    };
    for (const name of Object.getOwnPropertyNames(window)) {
        const thing = window[name];
        add(thing);
        if (typeof thing === 'function') add(thing.prototype);
    }
    return [...Object.getOwnPropertyNames(window), ...[...names].map(name => '.' + name)];
}"""
# Known in 2018, of something else: of an answer, and not yet of a Blob.
ELSEWHERE = {".arrayBuffer"}
TAKEN_APART = re.compile(r"\{([\w\s,]*)\}\s*=[^=>]")


def unknown_in_css(phone: OldPhone, text: str) -> Iterator[str]:
    yield from _of_rules(phone, tinycss2.parse_stylesheet(text, True, True))


def unknown_in_script(phone: OldPhone, text: str, new_names: set[str], own: set[str]) -> Iterator[str]:
    """`own` are names that the script has for itself, or uses behind a check."""
    if refused := phone.compile(text):
        yield refused
    yield from sorted(_names_in(text) & (new_names | ELSEWHERE) - own)


def _names_in(text: str) -> set[str]:
    tokens = [token for token in JavascriptLexer().get_tokens(text) if token[1].strip()]
    names = {
        f".{word}" if before == "." else word
        for (_, before), (kind, word) in pairwise([(Name, ""), *tokens])
        if kind in Name
    }
    return names | {f".{name.strip()}" for part in TAKEN_APART.findall(text) for name in part.split(",")}


def _of_rules(phone: OldPhone, rules: list[css.Node], selects: bool = True) -> Iterator[str]:
    for rule in rules:
        prelude = tinycss2.serialize(rule.prelude).strip()
        if rule.type == "at-rule":
            yield from _of_at_rule(phone, rule, prelude)
            continue
        if selects and not phone.ask(SELECTED, prelude):
            if "," in re.sub(r"\([^()]*\)", "", prelude) or not ALONE.search(prelude):
                yield prelude
            continue
        yield from (f"{prelude} {{ {each} }}" for each in _of_block(phone, rule.content))


def _of_at_rule(phone: OldPhone, rule: css.AtRule, prelude: str) -> Iterator[str]:
    if rule.at_keyword not in CHECKED_AT_RULES:
        yield f"@{rule.at_keyword}"
    elif rule.at_keyword == "page":
        yield from _of_block(phone, rule.content)
    elif rule.at_keyword != "supports" or phone.ask("query => CSS.supports(query)", prelude):
        if rule.at_keyword == "media" and not (phone.ask(ASKED, prelude) or QUERIES.search(prelude)):
            yield f"@media {prelude}"
        inside = tinycss2.parse_rule_list(rule.content, True, True)
        yield from _of_rules(phone, inside, selects=rule.at_keyword != "keyframes")


def _of_block(phone: OldPhone, content: list[css.Node]) -> Iterator[str]:
    known: dict[str, str] = {}
    for part in tinycss2.parse_blocks_contents(content, True, True):
        if part.type != "declaration":
            yield "a rule within a rule"
            continue
        name, value = part.lower_name, tinycss2.serialize(part.value).strip()
        is_open = name.startswith("--") or "var(" in value
        if FUNCTIONS.search(value) if is_open else not phone.ask(DECLARED, name, value):
            if not {name, f"-webkit-{name}"} & known.keys() and name not in EXTRAS:
                yield f"{name}: {value}"
        elif known.setdefault(name, value) and name == "grid-gap" and "flex" in known.get("display", ""):
            yield "grid-gap of a flex container"
