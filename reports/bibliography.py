"""References of a report: what the quantities that it reports, and the methods behind its intervals, cite."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nashlens.reports.quantities import quantity

PLACE = re.compile(r",? ?\b(figures?|tables?|section|appendix|proposition|equation|§)\b.*$", re.IGNORECASE)


def references_of(metrics: Sequence[str], more: Sequence[str] = ()) -> tuple[str, ...]:
    """Return every source once, in alphabetical order, without the place inside it.

    Parameters
    ----------
    metrics : of the report.
    more : further sources, such as those of the methods; several in one text are parted by semicolons.

    Examples
    --------
    >>> references_of([], ["B (2001), figure 6", "A (2000); B (2001)"])
    ('A (2000)', 'B (2001)')
    """
    cited = [quantity(metric).reference for metric in metrics] + list(more)
    parts = (part.strip() for text in cited for part in text.split(";"))
    return tuple(sorted({PLACE.sub("", part).strip(" .,") for part in parts if part}))
