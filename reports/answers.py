"""The first sentences of a report whose suite asks for no instrument: who is best, by how much, and how sure.

Nothing is said to be better that a comparison has not shown: a paired difference whose p-value is at most
`verdicts.ALPHA` after Holm's correction for all comparisons of the report.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from nashlens.reports.algorithm_comparisons import ALL_PAIRS, Comparison
from nashlens.reports.compared_scores import Score
from nashlens.reports.estimates import MIN_SEEDS, mean_over_seeds
from nashlens.reports.quantities import SCORE, quantity
from nashlens.reports.words import counted, estimate_words, listed, number, p_statement


def answers(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    """Return in how many games algorithms differ, then one sentence a score of a game; none where nothing is compared.

    Parameters
    ----------
    comparisons : as `algorithm_comparisons.compared` returns them.

    Notes
    -----
    A sentence names the algorithm with the best mean and says against which others that is shown. Where a game has more
    than `ALL_PAIRS` algorithms, only the comparisons with the first of the suite are made, and it speaks of that one.
    """
    scores = list({id(each.score): each.score for each in comparisons}.values())
    first = tuple(_overview(comparisons))
    said = []
    for score in scores:
        own = [each for each in comparisons if each.score is score]
        family = "" if first else f", {counted(own[0].n_comparisons, 'comparison')} in the report"
        said.append(_of_score(score, own, family=family))
    scale = f" Of a normalised score: {quantity(SCORE).value_unit}." if any(s.metric == SCORE for s in scores) else ""
    return (*first, *said[:-1], *(f"{last}{scale}" for last in said[-1:]))


def _overview(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Yield what holds over all games: that nothing can be told, or in how many of several games something is."""
    games = list(dict.fromkeys(each.score.game for each in comparisons))
    tested = sum(not math.isnan(each.p) for each in comparisons)
    if comparisons and not tested:
        yield (
            f"Which algorithm is better cannot be told: {_shared(comparisons)}, and a comparison needs at least "
            f"{MIN_SEEDS}."
        )
        return
    if len(games) < 2:
        return
    apart = list(dict.fromkeys(each.score.game for each in comparisons if each.sign))
    after = f"after Holm's correction for {counted(tested, 'comparison')}"
    rest = [game for game in games if game not in apart]
    if not apart:
        yield f"No difference between algorithms is shown in any of {len(games)} games {after}."
    elif not rest:
        yield f"Algorithms differ in all of {len(games)} games {after}."
    else:
        yield (
            f"Algorithms differ in {len(apart)} of {len(games)} games {after}: {listed(apart)}. Nothing is decided in "
            f"{listed(rest)}."
        )


def _of_score(score: Score, own: Sequence[Comparison], *, family: str) -> str:
    """Return the sentence of one score: whose mean is best, and what is shown of it."""
    best = _best(score)
    lowest = quantity(score.metric).higher_is_better is False
    first = f"{score.game}, {_lower(score.words)}: the {'lowest' if lowest else 'highest'} mean is that of {best}"
    if all(math.isnan(each.p) for each in own):
        rest = [f"{name} {_mean(score, name)}" for name in score.ends if name != best]
        return f"{first}, {_mean(score, best)}, beside {listed(rest)}; not decided with {_shared(own)}."
    focus = next(iter(score.ends)) if len(score.ends) > ALL_PAIRS else best
    against = [each if each.first == focus else each.turned() for each in own if focus in (each.first, each.second)]
    whose = "it" if focus == best else f"{focus}, {_mean(score, focus)},"
    shown = list(_shown(score, against))
    open_ones = [each for each in against if not each.sign]
    told = [f"{whose} is {' and '.join(shown)}"] if shown else []
    told += [f"{'' if shown or focus == best else f'{whose} is '}{_open(open_ones)}"] if open_ones else []
    return f"{first}, {_mean(score, best)}; {'; '.join(told)} ({_shared(own)}{family})."


def _shown(score: Score, against: Sequence[Comparison]) -> Iterator[str]:
    """Yield than whom the first of the comparisons is shown to be better, and than whom worse."""
    better = quantity(score.metric).higher_is_better
    judged = better is not None and not score.whose
    for sign, word in ((1, "better" if judged else "higher"), (-1, "worse" if judged else "lower")):
        wanted = -sign if judged and better is False else sign
        group = [f"{each.second} (difference {each.evidence})" for each in against if each.sign == wanted]
        if group:
            yield f"{word} than {listed(group)}"


def _open(comparisons: Sequence[Comparison]) -> str:
    """Say against whom nothing is decided: the difference to one, of several the one that comes nearest."""
    names = listed([each.second for each in comparisons])
    if len(comparisons) == 1 and not math.isnan(comparisons[0].adjusted_p):
        return f"not decided against {names} (difference {comparisons[0].evidence})"
    with_p = [each.adjusted_p for each in comparisons if not math.isnan(each.adjusted_p)]
    least = f"smallest Holm-adjusted {p_statement(min(with_p))}" if with_p else _shared(comparisons)
    return f"not decided against {names} ({least})"


def _shared(comparisons: Sequence[Comparison]) -> str:
    counts = sorted({each.estimate.n for each in comparisons})
    return f"{listed([str(n) for n in counts])} shared seed{'' if counts == [1] else 's'}"


def _best(score: Score) -> str:
    """Return whose mean is the best: the lowest where lower is better, else the highest."""
    means = {name: float(values.mean()) for name, values in score.ends.items()}
    lowest = quantity(score.metric).higher_is_better is False
    return min(means, key=means.__getitem__) if lowest else max(means, key=means.__getitem__)


def _mean(score: Score, name: str) -> str:
    values = score.ends[name].to_numpy(dtype=float)
    found = mean_over_seeds(values, metric=score.metric)
    if len(values) < MIN_SEEDS:
        return f"{number(found.value)} ({'; '.join(number(float(each)) for each in values)})"
    return estimate_words(found)


def _lower(title: str) -> str:
    """Return a title as it stands within a sentence; names such as NashConv stay as they are.

    >>> _lower("Return of the final policies"), _lower("NashConv, last iterate")
    ('return of the final policies', 'NashConv, last iterate')
    """
    first = title.partition(" ")[0].rstrip(",")
    return title if first[1:] != first[1:].lower() else title[:1].lower() + title[1:]
