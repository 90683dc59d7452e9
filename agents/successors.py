"""The states of stored transitions, each kept once: what a transition leads to is where the next one begins.

E environments step together, so that transition t + E begins where transition t led, unless an episode ended between
them. The states stand in a ring of C + E places, C transitions and the successors of the newest E. Beside each place
stands the row of its successor: E places on, or, where the next transition begins elsewhere, one of the rows behind
the ring, which hold states that are nobody's beginning. Where that is so is found by comparing: nothing is assumed of
when a game restarts. In a world of episodes of 25 steps a state is kept 1.04 times instead of twice.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class States:
    """The beginnings and successors of the last transitions of S seeds.

    Parameters
    ----------
    width : numbers of a state.
    capacity : C, transitions that are kept for each seed.
    n_seeds : S.
    horizon : the most steps of an episode, from which the rows behind the ring are reckoned; they grow where needed.
    device : where they are kept.

    Attributes
    ----------
    n_seen : transitions of one seed so far; a transition's number is how many came before it.
    """

    def __init__(self, width: int, *, capacity: int, n_seeds: int, horizon: int, device: torch.device) -> None:
        self.n_seen = 0
        self._capacity, self._horizon, self._n_envs, self._ring = capacity, horizon, 0, 0
        self._rows = torch.empty(n_seeds, 0, width, device=device)
        self._successors = torch.empty(n_seeds, 0, dtype=torch.int32, device=device)
        self._numbers = torch.zeros(0, dtype=torch.int32, device=device)
        self._begin = torch.zeros(n_seeds, dtype=torch.int64)  # the oldest of the used rows behind the ring
        self._count = torch.zeros(n_seeds, dtype=torch.int64)

    @property
    def n_bytes(self) -> int:
        """Bytes that are set aside."""
        return 4 * (self._rows.numel() + self._successors.numel())

    def insert(self, now: Tensor, later: Tensor) -> None:
        """Take in the beginnings and successors ``[S, E, width]`` of E transitions; the oldest are forgotten.

        Raises
        ------
        ValueError : E is not what it was, or more than the capacity.
        """
        n_envs = now.shape[1]
        if n_envs > self._capacity or self._n_envs not in {0, n_envs}:
            wanted = self._n_envs or f"at most the capacity {self._capacity}"
            raise ValueError(f"rows must be {wanted} for each seed in every round, not {n_envs}")
        if not self._n_envs:
            self._make_room(n_envs)
        here, there = self._places(self.n_seen), self._places(self.n_seen + n_envs)
        if self.n_seen:
            self._keep((self._rows[:, here] != now).any(dim=-1))
        if self.n_seen + n_envs > self._capacity:  # what stood there is forgotten, and the successors it alone had
            freed = (self._successors[:, there] >= self._ring).sum(dim=1).cpu()
            self._begin, self._count = (self._begin + freed) % self._n_behind, self._count - freed
        self._rows[:, here], self._rows[:, there] = now, later
        self._successors[:, here] = self._numbers[there]
        self.n_seen += n_envs

    def read(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Return the beginnings and successors ``[S, n, width]`` of the transitions of some numbers ``[S, n]``."""
        n_seeds, n_rows = numbers.shape
        places = numbers
        if self.n_seen > self._ring:  # what came before the ring was last begun stands behind it; no division is needed
            places = numbers - (self.n_seen - 1) // self._ring * self._ring
            places = torch.where(places < 0, places + self._ring, places)
        both = torch.stack([places, self._successors.gather(1, places).long()])
        flat = (
            both if n_seeds == 1 else both + torch.arange(n_seeds, device=places.device)[:, None] * self._rows.shape[1]
        )
        read = self._rows.flatten(0, 1).index_select(0, flat.view(-1)).view(2, n_seeds, n_rows, -1)
        return read[0], read[1]

    def following(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Return the numbers of the transitions that begin where some others ``[S, n]`` led, and whether there are any.

        There is none behind the end of an episode and behind the newest transitions; its number means nothing there.
        """
        successors = self._successors.gather(1, numbers % self._ring)
        later = numbers + self._n_envs
        return later, (successors < self._ring) & (later < self.n_seen)

    def state(self) -> dict[str, Tensor]:
        """Return what `load` needs, for a checkpoint."""
        used = min(self._ring, self.n_seen + self._n_envs)
        return {
            "ring": self._rows[:, :used].clone(),
            "behind": self._rows[:, self._ring :].clone(),
            "successors": self._successors[:, :used].clone(),
            "begin": self._begin.clone(),
            "count": self._count.clone(),
            "n_seen": torch.tensor(self.n_seen),
            "n_envs": torch.tensor(self._n_envs),
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        self.n_seen = int(state["n_seen"])
        if not self.n_seen:
            return
        self._make_room(int(state["n_envs"]), n_behind=state["behind"].shape[1])
        used = state["ring"].shape[1]
        self._rows[:, :used], self._rows[:, self._ring :] = state["ring"], state["behind"]
        self._successors[:, :used] = state["successors"]
        self._begin, self._count = state["begin"].cpu().clone(), state["count"].cpu().clone()

    @property
    def _n_behind(self) -> int:
        return self._rows.shape[1] - self._ring

    def _make_room(self, n_envs: int, *, n_behind: int | None = None) -> None:
        n_seeds, _, width = self._rows.shape
        device = self._rows.device
        self._n_envs, self._ring = n_envs, self._capacity + n_envs
        behind = -(-self._capacity // self._horizon) + n_envs if n_behind is None else n_behind
        self._rows = torch.empty(n_seeds, self._ring + behind, width, device=device)
        self._successors = torch.zeros(n_seeds, self._ring, dtype=torch.int32, device=device)
        self._numbers = torch.arange(self._ring, dtype=torch.int32, device=device)

    def _places(self, first: int) -> slice | Tensor:
        """Return the places of E transitions from one number on."""
        begin = first % self._ring
        if begin + self._n_envs <= self._ring:
            return slice(begin, begin + self._n_envs)
        return torch.arange(begin, begin + self._n_envs, device=self._rows.device) % self._ring

    def _keep(self, differ: Tensor) -> None:
        """Put the newest successors that are nobody's beginning, marked in ``[S, E]``, behind the ring."""
        seeds, envs = torch.nonzero(differ, as_tuple=True)
        if not len(seeds):
            return
        added = differ.sum(dim=1).cpu()
        while int((self._count + added).max()) > self._n_behind:
            self._grow()
        rank = differ.long().cumsum(dim=1)[seeds, envs] - 1
        ends = (self._begin + self._count).to(seeds.device)
        rows = self._ring + (ends[seeds] + rank) % self._n_behind
        places = (self.n_seen + envs) % self._ring
        self._rows[seeds, rows] = self._rows[seeds, places]
        self._successors[seeds, (places - self._n_envs) % self._ring] = rows.int()
        self._count += added

    def _grow(self) -> None:
        """Make twice the room behind the ring; its rows are read from the oldest on, and so they are laid out anew."""
        n_behind = self._n_behind
        order = (self._begin[:, None] + torch.arange(n_behind)) % n_behind
        wider = torch.empty(len(self._rows), self._ring + 2 * n_behind, self._rows.shape[2], device=self._rows.device)
        wider[:, : self._ring + n_behind] = self._rows
        for seed, rows in enumerate(order.to(self._rows.device)):
            wider[seed, self._ring : self._ring + n_behind] = self._rows[seed, self._ring + rows]
        moved = self._successors >= self._ring
        begun = self._begin.to(moved.device)[:, None]
        behind = (self._successors - self._ring - begun) % n_behind
        self._successors = torch.where(moved, self._ring + behind, self._successors).int()
        self._rows, self._begin = wider, torch.zeros_like(self._begin)
