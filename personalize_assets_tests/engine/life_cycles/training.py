"""Rules for solutions and solution versions."""

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.life_cycles.base import (
    EXISTS,
    IN_USE,
    INVALID,
    NAMES,
    NOT_FOUND,
    PICKS,
    TAGS,
    Base,
    Request,
    Wrong,
)
from personalize_assets_tests.engine.life_cycles.growing import (
    MAX_VERSIONS,
    add_version,
    recipe_of,
)
from personalize_assets_tests.engine.life_cycles.recipes import (
    CUSTOM,
    MOST_POPULAR,
    POPULARITY,
    UNKNOWN,
    USER,
    Recipe,
)
from personalize_assets_tests.engine.life_cycles.world import BEING_CREATED, Thing, Update

_RECIPES: Final = (*CUSTOM, USER, USER, POPULARITY, MOST_POPULAR, UNKNOWN, None)
_UPDATES: Final[tuple[Request, ...]] = (
    {"performAutoTraining": True},
    {"performAutoTraining": False},
    {"solutionUpdateConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(2 days)"}}},
    {"solutionUpdateConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(31 days)"}}},
    {"performIncrementalUpdate": True},
    {"performIncrementalUpdate": False},
    {},
)


class Training(Base):
    """What learns."""

    @precondition(lambda self: self.world.counts[Kind.DATASET_GROUP])
    @rule(
        name=NAMES,
        pick=PICKS,
        recipe=st.sampled_from(_RECIPES),
        automatic=st.sampled_from((True, False, None)),
        days=st.sampled_from((None, None, 1, 31)),
        tags=TAGS,
    )
    def create_solution(
        self,
        name: str,
        pick: int,
        recipe: Recipe | None,
        automatic: bool | None,
        days: int | None,
        tags: tuple[tuple[str, str], ...],
    ) -> None:
        """A solution with a recipe, or one for which AutoML chooses it."""
        group_arn = self.choose(Kind.DATASET_GROUP, pick)
        request: Request = {"name": name, "datasetGroupArn": group_arn}
        if recipe is None:
            request["performAutoML"] = True
        else:
            request["recipeArn"] = recipe.arn
        if automatic is not None:
            request["performAutoTraining"] = automatic
        if days is not None:
            # Of the configuration of AutoML only autoMLConfig counts.
            schedule = {"schedulingExpression": f"rate({days} days)"}
            request["solutionConfig"] = {"autoTrainingConfig": schedule}
        self.new_solution(request, recipe, days, tags)

    def new_solution(
        self,
        request: Request,
        recipe: Recipe | None,
        days: int | None = None,
        tags: tuple[tuple[str, str], ...] = (),
    ) -> bool:
        """Make a solution; tells whether it was accepted."""
        wrong: Wrong = set()
        name, group_arn = request["name"], request["datasetGroupArn"]
        arn = self.check_name(wrong, Kind.SOLUTION, name)
        self.need_active(wrong, Kind.DATASET_GROUP, group_arn)
        self.check_limit(wrong, 10, Kind.SOLUTION, group=group_arn)
        if recipe is UNKNOWN:
            wrong.add(NOT_FOUND)
        if (recipe is not None and recipe.domain) or days == 31:
            wrong.add(INVALID)
        request = {**request, **self.check_tags(wrong, tags)}
        if self.call("CreateSolution", request, wrong) is None:
            return False
        shown: dict[str, Any] = {
            "performAutoTraining": request.get("performAutoTraining", True),
            "performAutoML": recipe is None,
            "datasetGroupArn": group_arn,
        }
        if recipe is not None:
            shown["recipeArn"] = recipe.arn
        self.made(
            Kind.SOLUTION,
            arn,
            name,
            parent=group_arn,
            group=group_arn,
            work="activate-solution",
            tags=tags,
            shown=shown,
            facts={"days": days or 7},
        )
        return True

    def create_solutions_up_to_the_limit(self, pick: int) -> None:
        """There may be ten in a group."""
        group_arn = self.choose(Kind.DATASET_GROUP, pick)
        for number in range(12):
            request = {
                "name": f"many-{number}",
                "datasetGroupArn": group_arn,
                "recipeArn": POPULARITY.arn,
                "performAutoTraining": False,
            }
            taken = self.check_name(set(), Kind.SOLUTION, request["name"]) in self.world.things
            if not taken and not self.new_solution(request, POPULARITY):
                return

    @precondition(lambda self: self.world.counts[Kind.SOLUTION])
    @rule(pick=PICKS, given=st.sampled_from(_UPDATES))
    def update_solution(self, pick: int, given: Request) -> None:
        """Only automatic training and incremental updates can change."""
        wrong: Wrong = set()
        arn = self.choose(Kind.SOLUTION, pick)
        solution = self.need_active(wrong, Kind.SOLUTION, arn)
        config = given.get("solutionUpdateConfig", {}).get("autoTrainingConfig", {})
        expression = config.get("schedulingExpression", "")
        if not given or "31" in expression:
            wrong.add(INVALID)
        if solution is not None:
            if solution.updating:
                wrong.add(IN_USE)
            recipe = recipe_of(solution)
            takes_new = recipe is not None and recipe.incremental
            if given.get("performIncrementalUpdate") and not takes_new:
                wrong.add(INVALID)
        if self.call("UpdateSolution", {"solutionArn": arn, **given}, wrong) is not None:
            assert solution is not None
            wanted = {**given, "days": 2} if expression else given
            now = self.world.now
            solution.update = Update(wanted, "CREATE PENDING", now, now)
            self.world.submit("update-solution", arn)
            self.touched = arn

    @precondition(lambda self: self.world.counts[Kind.SOLUTION])
    @rule(pick=PICKS)
    def delete_solution(self, pick: int) -> None:
        """No campaign may answer from it, no training or batch job be under way."""
        wrong: Wrong = set()
        arn = self.choose(Kind.SOLUTION, pick)
        solution = self.need(wrong, Kind.SOLUTION, arn)
        if solution is not None and (
            solution.updating or any(self.world.dependents_of_solution(solution))
        ):
            wrong.add(IN_USE)
        self.delete("DeleteSolution", "solutionArn", arn, wrong, solution)

    @precondition(lambda self: self.world.counts[Kind.SOLUTION])
    @rule(
        pick=PICKS,
        mode=st.sampled_from((None, None, "FULL", "FULL", "UPDATE", "UPDATE", "AUTOTRAIN")),
        name=st.sampled_from((None, None, None, None, "n", "m")),
        tags=TAGS,
    )
    def create_solution_version(
        self, pick: int, mode: str | None, name: str | None, tags: tuple[tuple[str, str], ...]
    ) -> None:
        """A training, full or not."""
        self.new_version(self.choose(Kind.SOLUTION, pick), mode, name, tags)

    def new_version(
        self,
        solution_arn: str,
        mode: str | None = None,
        name: str | None = None,
        tags: tuple[tuple[str, str], ...] = (),
    ) -> bool:
        """Make a version; tells whether it was accepted."""
        wrong: Wrong = set()
        solution = self.need_active(wrong, Kind.SOLUTION, solution_arn)
        self.check_limit(wrong, MAX_VERSIONS, Kind.SOLUTION_VERSION, statuses=BEING_CREATED)
        if mode == "AUTOTRAIN":
            wrong.add(INVALID)
        request: Request = {"solutionArn": solution_arn, **self.check_tags(wrong, tags)}
        if mode is not None:
            request["trainingMode"] = mode
        if solution is not None:
            if mode == "UPDATE" and not self._can_update(solution):
                wrong.add(INVALID)
            siblings = self.world.find(Kind.SOLUTION_VERSION, parent=solution_arn)
            if name is not None and name in [version.name for version in siblings]:
                wrong.add(EXISTS)
        if name is not None:
            request["name"] = name
        answer = self.call("CreateSolutionVersion", request, wrong)
        if answer is None:
            return False
        assert solution is not None
        arn = answer["solutionVersionArn"]
        front, _, tail = arn.rpartition("/")
        assert front == solution_arn, answer
        self.check_id(tail)
        assert arn not in self.world.things, answer
        shown_name = name or f"{solution.name}/{tail}"
        version = add_version(self.world, solution, arn, shown_name, mode or "FULL", "MANUAL")
        version.tags = dict(tags)
        self.touched = arn
        return True

    def _can_update(self, solution: Thing) -> bool:
        recipe = recipe_of(solution)
        trained = self.world.trained(solution.arn, active=True)
        return recipe is not None and recipe.updatable and bool(trained)

    def create_versions_up_to_the_limit(self, pick: int) -> None:
        """Twenty may be in work in account and region."""
        arn = self.choose(Kind.SOLUTION, pick)
        for _ in range(MAX_VERSIONS + 1):
            if not self.new_version(arn):
                return

    @precondition(lambda self: self.world.counts[Kind.SOLUTION_VERSION])
    @rule(pick=PICKS)
    def stop_solution_version_creation(self, pick: int) -> None:
        """At once if it has not begun, else when its process has ended."""
        wrong: Wrong = set()
        arn = self.choose(Kind.SOLUTION_VERSION, pick)
        version = self.need(wrong, Kind.SOLUTION_VERSION, arn)
        if version is not None and version.status not in BEING_CREATED:
            wrong.add(INVALID)
        request = {"solutionVersionArn": arn}
        if self.call("StopSolutionVersionCreation", request, wrong) is not None:
            assert version is not None
            began = version.status == "CREATE IN_PROGRESS"
            self.set_status(version, "CREATE STOPPING" if began else "CREATE STOPPED")
            if began:
                self.world.submit("stop", arn)

    @precondition(lambda self: self.world.counts[Kind.SOLUTION_VERSION])
    @rule(pick=PICKS)
    def get_solution_metrics(self, pick: int) -> None:
        """Only a trained version has metrics."""
        wrong: Wrong = set()
        arn = self.choose(Kind.SOLUTION_VERSION, pick)
        version = self.need(wrong, Kind.SOLUTION_VERSION, arn)
        if version is not None and version.status != "ACTIVE":
            wrong.add(IN_USE if version.status in BEING_CREATED else INVALID)
        answer = self.call("GetSolutionMetrics", {"solutionVersionArn": arn}, wrong)
        assert answer is None or answer == {"solutionVersionArn": arn, "metrics": {"coverage": 0.5}}
