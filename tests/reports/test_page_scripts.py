from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.reports.page_scripts import data_block, page_script, security_policy

TEXTS = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    ["</script><script>alert(1)</script>", "<!--<script>", "]]>", "&lt;", "\u2028", "'\"\\"]
)


def test_security_policy_names_the_digest_of_the_script_and_allows_nothing_else() -> None:
    # The digest of "abc" under SHA-256 is the first test vector of FIPS 180-4.
    digest = bytes.fromhex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    expected = base64.b64encode(digest).decode()
    assert security_policy("abc") == (f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{expected}'")


def test_page_script_has_players_only_where_there_are_any() -> None:
    assert "nashlens.start();" not in page_script(players=False)
    assert page_script(players=True).endswith("nashlens.start();\n")
    for script in (page_script(players=False), page_script(players=True)):
        assert "</script" not in script
        assert not re.search(r"fetch\(|XMLHttpRequest|import\(|innerHTML|eval\(|WebSocket|document\.write", script)
        assert hashlib.sha256(script.encode()).digest()


@given(
    st.recursive(TEXTS | st.integers() | st.booleans(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner))
)
def test_data_block_cannot_be_left_and_reads_back_as_it_was(value: object) -> None:
    block = str(data_block("name", value))
    opening, closing = '<script type="application/json" id="name">', "</script>"
    assert block.startswith(opening)
    assert block.endswith(closing)
    inside = block[len(opening) : -len(closing)]
    assert not set("<>&\u2028\u2029") & set(inside)
    assert json.loads(inside) == value


def test_data_block_escapes_its_name() -> None:
    assert 'id="&#34;&gt;"' in str(data_block('">', 1))


def test_data_block_refuses_what_json_has_no_word_for() -> None:
    with pytest.raises(ValueError, match="JSON"):
        data_block("name", [float("nan")])
