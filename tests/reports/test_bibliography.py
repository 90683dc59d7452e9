from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from nashlens.agents import config
from nashlens.reports.bibliography import references_of
from nashlens.reports.method_status import IN_PARTS, LEARNERS, THOROUGH, UNKNOWN, status_table, statuses
from nashlens.reports.quantities import QUANTITIES
from nashlens.reports.suite import parse_suite


def test_references_of_are_each_source_once_without_its_place() -> None:
    found = references_of(list(QUANTITIES))
    assert len(set(found)) == len(found)
    assert list(found) == sorted(found)
    assert "Lowe et al. (2017), arXiv:1706.02275" in found
    assert not any("figure" in source or "section" in source for source in found)


def test_references_of_nothing_are_none() -> None:
    assert references_of(["training_return"]) == ()


def test_every_learner_has_a_status() -> None:
    known = {each.model_fields["kind"].default for each in get_args(config.Algorithm)}
    assert {"maddpg", "ddpg", "coma"} <= known
    assert known <= set(LEARNERS)


def test_status_table_names_learners_options_and_measures(suite_text: str) -> None:
    plain = status_table(parse_suite(suite_text))
    assert [row[0] for row in plain.rows][:2] == ["MADDPG", "DDPG"]
    assert not {"ensembles", "sharing", "instruments on particle worlds"} & {row[0] for row in plain.rows}
    options = 'ensemble = { size = 2 }\nsharing = { mode = "full" }'
    text = suite_text.replace('kind = "maddpg"', f'kind = "maddpg"\n{options}')
    rows = status_table(parse_suite(text.replace("seeds = 2", 'seeds = 2\nmetrics = ["nonstationarity"]'))).rows
    assert {("ensembles", IN_PARTS), ("sharing", THOROUGH)} < set(rows)
    assert {"instruments on matrix games and game trees", "instruments on particle worlds"} < {row[0] for row in rows}
    assert UNKNOWN not in {row[1] for row in plain.rows}


def test_the_readme_and_reports_say_the_same_of_every_part() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| part | status |")[2].partition("\n\n")[0]
    said = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", table.replace("|---|---|", ""), re.MULTILINE))
    assert len(said) > 5
    known = statuses()
    single = {name: status for part, status in said.items() for name in ([part] if part in known else part.split(", "))}
    assert set(single) - set(known) == {"Dask clusters"}  # no report rests on them
    for name in set(single) & set(known):
        assert single[name].startswith(known[name]), name
