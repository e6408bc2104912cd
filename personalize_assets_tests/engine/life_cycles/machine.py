"""The machine: all rules together, a start that differs, and the comparison after each step."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from personalize_assets.core.arns import LATEST, Kind
from personalize_assets_tests.engine.life_cycles.answering import Answering
from personalize_assets_tests.engine.life_cycles.asking import Asking
from personalize_assets_tests.engine.life_cycles.base import PICKS
from personalize_assets_tests.engine.life_cycles.checks import (
    FAMILIES,
    check_agreement,
    check_answers,
    check_rows,
)
from personalize_assets_tests.engine.life_cycles.data_jobs import DataJobs
from personalize_assets_tests.engine.life_cycles.figures import FIGURES
from personalize_assets_tests.engine.life_cycles.filtering import Filtering
from personalize_assets_tests.engine.life_cycles.groups import (
    ACTION_INTERACTIONS,
    ACTIONS,
    INTERACTIONS,
    ITEMS,
    USERS,
    VOD,
    VOD_INTERACTIONS,
    VOD_ITEMS,
    Form,
    Groups,
)
from personalize_assets_tests.engine.life_cycles.growing import SYNC
from personalize_assets_tests.engine.life_cycles.guiding import Guiding
from personalize_assets_tests.engine.life_cycles.recipes import (
    POPULARITY,
    SEGMENTS,
    SIMILARITY,
    TOP_PICKS,
    USER,
    Recipe,
)
from personalize_assets_tests.engine.life_cycles.sending import Sending
from personalize_assets_tests.engine.life_cycles.tracking import Tracking
from personalize_assets_tests.engine.life_cycles.training import Training

STEPS_PER_LIFE: Final = 100
_LIVES_AT_ONCE: Final = 9
"""After more Hypothesis begins to vary earlier lives, which finds less here than new ones."""
_KINDS: Final = tuple(FAMILIES)
_FORMS: Final[dict[str, tuple[Form, ...]]] = {
    "data": (INTERACTIONS, ITEMS),
    "actions": (INTERACTIONS, ACTIONS, ACTION_INTERACTIONS),
    "trained": (INTERACTIONS, ITEMS, USERS),
    "synced": (INTERACTIONS, ITEMS),
    "domain": (VOD_INTERACTIONS, VOD_ITEMS),
}


_EVERYTHING: Final = (Groups, Tracking, DataJobs, Filtering, Training, Answering, Sending, Asking)
_FOCI: Final[tuple[tuple[type, ...], ...]] = (
    _EVERYTHING,
    (Training, Answering),
    (Groups, Tracking, DataJobs),
    _EVERYTHING,
    (Training, Sending, Asking),
    (Groups, Filtering, Training),
    (Answering, Asking, DataJobs),
)
"""What a life is about, beside `Working` and `Looking`: the calls of a few families."""


class _Focus:
    """Which rules a life has.

    Hypothesis would choose them by chance, in a way that costs as much as all the rest here and
    often leaves lives without the rules to get anywhere.
    """

    def __init__(self) -> None:
        self.families: tuple[type, ...] = _EVERYTHING

    def is_enabled(self, name: str) -> bool:
        return name not in _MEMBERS or any(name in vars(family) for family in self.families)


_MEMBERS: Final = frozenset(name for family in _EVERYTHING for name in vars(family))


class LifeCycles(Guiding):
    """An engine, its model, and everything that can happen to both."""

    def __init__(self) -> None:
        super().__init__()
        self.pace = "told"
        self._turn = 0
        self._crowded = False
        self._focus = _Focus()
        self._rules_strategy.enabled_rules_strategy = st.just(self._focus)

    @initialize(
        start=st.sampled_from(("nothing", *_FORMS, "trained", "domain")),
        recipe=st.sampled_from((USER, POPULARITY, SEGMENTS, SIMILARITY)),
        pace=st.sampled_from(("told", "light", "all")),
        focus=st.sampled_from(_FOCI),
    )
    def begin_life(self, start: str, recipe: Recipe, pace: str, focus: tuple[type, ...]) -> None:
        """Make what takes many steps to come by.

        Jobs run when they are told to, or the light ones or all of them run after each step.
        """
        self.pace = pace
        self._focus.families = focus if start != "nothing" else _EVERYTHING
        if start == "nothing":
            return
        group = self.new_group("a", VOD if start == "domain" else None)
        self.run_jobs()
        for form in _FORMS[start]:
            self.new_dataset(group, self.new_schema("a", form), form.dataset_type)
            self.run_jobs()
        if start in ("trained", "synced", "domain"):
            self.create_dataset_import_job(0, 2 * len(_FORMS[start]) - 2, None, False, ())
            self.run_jobs()
        if start in ("trained", "synced"):
            self._train(group, recipe, synced=start == "synced")
        if start == "domain":
            self.create_recommender("a", 0, TOP_PICKS, None, ())
            self.run_jobs()

    def _train(self, group: str, recipe: Recipe, *, synced: bool) -> None:
        request = {"name": "a", "datasetGroupArn": group, "recipeArn": recipe.arn}
        self.new_solution(request, recipe)
        self.run_jobs()
        solution = self.world.find(Kind.SOLUTION)[0].arn
        self.new_version(solution)
        self.run_jobs()
        if recipe is SEGMENTS:
            return
        if synced:
            self.new_campaign("a", f"{solution}/{LATEST}", {SYNC: True})
        else:
            self.new_campaign("a", self.world.find(Kind.SOLUTION_VERSION)[0].arn)
        self.run_jobs()

    @precondition(lambda self: self.world.counts[Kind.SOLUTION] and not self._crowded)
    @rule(pick=PICKS, what=st.sampled_from(("filters", "solutions", "versions")))
    def create_up_to_the_limit(self, pick: int, what: str) -> None:
        """As many as a quota allows, and one more; once in a life, since it takes long."""
        self._crowded = True
        if what == "filters":
            self.create_filters_up_to_the_limit(pick)
        elif what == "solutions":
            self.create_solutions_up_to_the_limit(pick)
        else:
            self.create_versions_up_to_the_limit(pick)

    @invariant()
    def agree(self) -> None:
        """The engine is what the model says."""
        FIGURES.steps += min(self._turn, 1)  # it also runs before the first step
        if self.pace != "told":
            self.run_jobs(heavy=self.pace == "all")
        check_rows(self.site, self.world)
        self._turn += 1
        thing = self.world.things.get(self.touched or "")
        self.touched = None
        if thing is None:
            kind = _KINDS[self._turn % len(_KINDS)]
            check_agreement(self.site, self.world, kind, self._turn)
        else:
            check_agreement(self.site, self.world, thing.kind, thing)

    def teardown(self) -> None:
        """Compare everything once more, unless a difference was found already."""
        try:
            if sys.exc_info()[0] is None:
                check_answers(self.site, self.world)
        finally:
            super().teardown()


def run(
    steps: int, *, first_seed: int = 0, steps_per_life: int = STEPS_PER_LIFE, shrink: bool = True
) -> None:
    """Run the machine for at least so many steps.

    Args:
        steps: Of all lives together.
        first_seed: Of the first lives; the next have the next.
        steps_per_life: Of one engine.
        shrink: Whether to look for the shortest life that shows a difference, for minutes.

    Raises:
        AssertionError: The engine differs from the model; Hypothesis prints the shortest life that
            shows it.
    """
    goal = FIGURES.steps + steps
    number = first_seed
    with _quiet():
        while FIGURES.steps < goal:
            lives = min(_LIVES_AT_ONCE, -(-(goal - FIGURES.steps) // steps_per_life))
            run_state_machine_as_test(
                seed(number)(LifeCycles),
                settings=settings(
                    max_examples=lives,
                    stateful_step_count=steps_per_life,
                    database=None,
                    deadline=None,
                    report_multiple_bugs=False,
                    phases=(Phase.generate, Phase.shrink)[: 1 + shrink],
                    suppress_health_check=tuple(HealthCheck),
                ),
            )
            number += 1


@contextmanager
def _quiet() -> Iterator[None]:
    """Failures on purpose are no news."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
