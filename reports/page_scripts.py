"""The script of a page, the policy that allows exactly it, and data that it reads.

A page's content security policy forbids it to load anything and to run anything but the one script whose digest it
names. Data stands in blocks of JSON, in which no character can end the block.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any

from markupsafe import Markup

TEMPLATES = "nashlens.reports.templates"
TABLES = ("tables.js",)
PLAYERS = ("player.js", "particle_drawing.js", "strategy_drawing.js")
ESCAPED = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def page_script(*, players: bool) -> str:
    """Return the script of a page.

    Parameters
    ----------
    players : whether the page has players.
    """
    names = (*TABLES, *PLAYERS) if players else TABLES
    text = "\n".join(files(TEMPLATES).joinpath(name).read_text(encoding="utf-8") for name in names)
    return f"{text}\nnashlens.start();\n" if players else text


def security_policy(script: str) -> str:
    """Return the content security policy of a page that runs this script and nothing else.

    Parameters
    ----------
    script : what stands between the tags, to the last character.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def data_block(name: str, value: Any) -> Markup:
    """Return plain values as a block of JSON that a script finds by its name.

    Parameters
    ----------
    name : unique in the page.
    value : plain values, finite.

    Raises
    ------
    ValueError : a number is not finite.
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).translate(ESCAPED)
    return Markup('<script type="application/json" id="{}">{}</script>').format(name, Markup(text))
