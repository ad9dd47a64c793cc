"""How much is looked at before a comparison becomes coarser: counted, not timed, so that the same texts always give the
same, on any machine and however busy it is.

What is ordinary stays far below the limits that others set; what is beyond them would keep a page waiting for seconds.
"""

from collections.abc import Sequence


class Work:
    """Something to be spent."""

    def __init__(self, most: int) -> None:
        self.left = most

    def take(self, amount: int) -> bool:
        """Is so much left? Then it is spent."""
        if amount > self.left:
            return False
        self.left -= amount
        return True


def affordable(costs: Sequence[int], most: int) -> list[bool]:
    """Which of several pieces find room in `most`: the smallest first, because those are where words were edited; what
    is largest was written anew."""
    work = Work(most)
    found = [False] * len(costs)
    for index in sorted(range(len(costs)), key=lambda index: (costs[index], index)):
        found[index] = work.take(costs[index])
    return found
