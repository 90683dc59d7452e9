from __future__ import annotations

from typing import get_args

from nashlens.agents import config
from nashlens.reports.bibliography import references_of
from nashlens.reports.method_status import IN_PARTS, LEARNERS, UNKNOWN, status_table
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
    assert [row[0] for row in plain.rows][:2] == ["maddpg", "ddpg"]
    assert not any("ensembles" in row[0] for row in plain.rows)
    text = suite_text.replace('kind = "maddpg"', 'kind = "maddpg"\nensemble = { size = 2 }')
    assert ("policy ensembles", IN_PARTS) in status_table(parse_suite(text)).rows
    assert UNKNOWN not in {row[1] for row in plain.rows}
