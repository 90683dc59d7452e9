"""How far a critic is uncertain: its last layer fitted again to resampled episodes, held near the one it has.

With features φ of state and action, returns G, and the critic's own last layer w0, every head is
``argmin Σ (G − φ·w)² + λ ‖w − w0‖²`` over a resample of whole episodes. Their spread is what the critic's values
would vary by, had it seen other episodes; it is the critic's share in the variance of a gradient.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array
from nashlens.analysis.statistics import numbers


def bootstrap_heads(
    features: npt.ArrayLike,
    returns: npt.ArrayLike,
    prior: npt.ArrayLike,
    *,
    n_heads: int,
    ridge: float = 0.01,
    rng: np.random.Generator,
) -> Array:
    """Fit linear heads to resampled episodes.

    Parameters
    ----------
    features : ``[M, T, F]``; of T moments in each of M episodes, a constant 1 among them where there is an intercept.
    returns : ``[M, T]``; what followed each moment.
    prior : ``[F]``; w0.
    n_heads : H, at least 2.
    ridge : λ as a share of the summed mean square of the features, above 0.
    rng : source of the resamples.

    Returns
    -------
    ``[H, F]``.

    Raises
    ------
    ValueError : the shapes do not fit, a number is not finite, or an option is out of range.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 40).reshape(20, 2, 1)
    >>> heads = bootstrap_heads(x, 3 * x[..., 0], [3.0], n_heads=2, rng=np.random.default_rng(0))
    >>> heads.round(9).tolist()
    [[3.0], [3.0]]
    """
    x, y, start = (numbers(v, name=k) for v, k in ((features, "features"), (returns, "returns"), (prior, "prior")))
    if x.ndim != 3 or len(x) < 2 or y.shape != x.shape[:2] or start.shape != x.shape[2:]:
        raise ValueError(
            f"features, returns and prior must be [M, T, F] with M at least 2, [M, T] and [F], not {x.shape}, "
            f"{y.shape} and {start.shape}"
        )
    if not all(np.isfinite(part).all() for part in (x, y, start)):
        raise ValueError("features, returns and prior must be finite")
    if n_heads < 2 or not ridge > 0:
        raise ValueError(f"n_heads must be at least 2 and ridge above 0, not {n_heads} and {ridge}")
    squares = np.einsum("mti,mtj->mij", x, x)  # one Gram matrix an episode
    crossed = np.einsum("mti,mt->mi", x, y - x @ start)
    penalty = ridge * float(np.trace(squares.sum(axis=0))) / x.shape[2]
    heads = np.empty((n_heads, x.shape[2]))
    for k in range(n_heads):
        counts = np.bincount(rng.integers(len(x), size=len(x)), minlength=len(x)).astype(np.float64)
        gram = np.einsum("m,mij->ij", counts, squares) + penalty * np.eye(x.shape[2])
        heads[k] = start + np.linalg.solve(gram, counts @ crossed)
    return heads
