"""kill -9 of a run at every request of the pipeline: the next run completes, and nothing is double.

Every point has a shop of its own. A run is killed before its so-many-th request leaves, or after
the service has answered and before the run knows; then the job is run again, as somebody or a run
retry would. What is there in the end is compared with an undisturbed shop.
"""

import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from personalize_assets.aws.deployment import Deployment
from personalize_assets_tests.prove_operations.rows import Row
from personalize_assets_tests.prove_operations.shops import Ended, Kill, Moment, Shop

MOST_RUNS = 3
MOMENTS: tuple[Moment, ...] = ("before", "after")


@dataclass(frozen=True)
class Reference:
    """What an undisturbed shop holds in the end.

    Attributes:
        calls: Its requests in order.
        there: Statuses of each kind of resource.
        outputs: Digests of the files that people read.
    """

    calls: tuple[str, ...]
    there: Mapping[str, Sequence[str]]
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    """What became of one point.

    Attributes:
        what: The point.
        runs: How many runs it took after the disturbed one.
        lost: What is missing.
        doubled: What is there too often.
    """

    what: str
    runs: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]


def undisturbed(stack: Deployment, number: int) -> Reference:
    """Run a shop to its end.

    Raises:
        RuntimeError: The run failed.
    """
    shop = Shop(stack, number).open()
    ended = shop.run()
    if not ended.success:
        raise RuntimeError(f"the undisturbed run failed: {ended.failures}")
    return Reference(ended.calls, shop.there(), shop.outputs())


def prove(stack: Deployment, *, every: int = 1, workers: int = 2) -> list[Row]:
    """Kill at every ``every``-th request, before and after it.

    Args:
        stack: Deployment whose stack is shared.
        every: 1 for all of them.
        workers: Points at the same time.
    """
    reference = undisturbed(stack, 1)
    points = range(1, len(reference.calls) + 1, every)
    kills = [Kill(request, moment) for moment, request in product(MOMENTS, points)]
    tasks = [
        (Shop(stack, number), kill, reference) for number, kill in enumerate(kills, start=1000)
    ]
    with multiprocessing.get_context("fork").Pool(workers, maxtasksperchild=20) as pool:
        verdicts = list(_told(pool.imap(_judge_kill, tasks), len(tasks)))
    return [
        summed(
            f"kill -9 {moment} a request",
            [found for found, kill in zip(verdicts, kills, strict=True) if kill.moment == moment],
        )
        for moment in MOMENTS
    ]


def summed(what: str, verdicts: Sequence[Verdict]) -> Row:
    """One line of the table; what went wrong is printed before."""
    for found in verdicts:
        for fault in (*found.lost, *found.doubled):
            print(f"  {found.what}: {fault}", flush=True)
    return Row(
        what,
        points=len(verdicts),
        runs=sum(found.runs for found in verdicts),
        lost=sum(len(found.lost) for found in verdicts),
        doubled=sum(len(found.doubled) for found in verdicts),
    )


def judge(what: str, shop: Shop, reference: Reference, *, forgiven: Sequence[str] = ()) -> Verdict:
    """Run the job until it succeeds, and compare what is there.

    Args:
        what: The point, for messages.
        shop: After the disturbance.
        reference: What should be there.
        forgiven: Statuses that may be there beside, such as that of a failed attempt.
    """
    ended = Ended(success=False, killed=False)
    runs = 0
    while not ended.success and runs < MOST_RUNS:
        ended = shop.run()
        runs += 1
    if not ended.success:
        return Verdict(what, runs, (f"no run succeeded: {ended.failures}",), ())
    there = shop.there()
    lost: list[str] = []
    doubled: list[str] = []
    for kind, wanted in reference.there.items():
        kept = Counter(status for status in there[kind] if status not in forgiven)
        lost += [f"{kind} {status} is missing" for status in Counter(wanted) - kept]
        doubled += [f"one {kind} {status} too many" for status in kept - Counter(wanted)]
    outputs = shop.outputs()
    lost += [
        f"{name} is {outputs.get(name, 'missing')}"
        for name, digest in reference.outputs.items()
        if outputs.get(name) != digest
    ]
    return Verdict(what, runs, tuple(lost), tuple(doubled))


def _judge_kill(task: tuple[Shop, Kill, Reference]) -> Verdict:
    shop, kill, reference = task
    shop.open().run(kill)
    what = f"{kill.moment} request {kill.request}, {reference.calls[kill.request - 1]}"
    return judge(what, shop, reference)


def _told(verdicts: Iterable[Verdict], total: int) -> Iterator[Verdict]:
    for number, found in enumerate(verdicts, start=1):
        if number % 20 == 0 or number == total:
            print(f"  {number} of {total} kills", flush=True)
        yield found
