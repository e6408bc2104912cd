"""Rules for the calls of the runtime API: who answers, and who refuses."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.life_cycles.base import INVALID, PICKS, Base, Request, Wrong
from personalize_assets_tests.engine.life_cycles.growing import recipe_of
from personalize_assets_tests.engine.life_cycles.models import REAL
from personalize_assets_tests.engine.life_cycles.recipes import ACTIONS, Recipe
from personalize_assets_tests.engine.life_cycles.world import Thing

_OPERATIONS: Final = (
    *["GetRecommendations"] * 4,
    "GetPersonalizedRanking",
    "GetActionRecommendations",
)


def _answers(self: Base) -> bool:
    return bool(self.world.counts[Kind.CAMPAIGN] or self.world.counts[Kind.RECOMMENDER])


class Asking(Base):
    """Who wants to know."""

    @precondition(_answers)
    @rule(pick=PICKS, operation=st.sampled_from(_OPERATIONS))
    def recommend(self, pick: int, operation: str) -> None:
        """What is ACTIVE answers, also during an update; nothing else does."""
        kind = Kind.CAMPAIGN if self.world.counts[Kind.CAMPAIGN] else Kind.RECOMMENDER
        if operation != "GetRecommendations":
            kind = Kind.CAMPAIGN
        wrong: Wrong = set()
        arn = self.choose(kind, pick)
        found = self.need(wrong, kind, arn)
        request: Request = {"campaignArn": arn, "userId": "u1"}
        if kind is Kind.RECOMMENDER:
            request = {"recommenderArn": arn, "userId": "u1"}
        if operation == "GetPersonalizedRanking":
            request["inputList"] = ["i1", "i2"]
        if found is not None and found.status != "ACTIVE":
            wrong.add(INVALID)
        elif found is not None:
            recipe = self._recipe_behind(found)
            if operation != _operation_of(recipe):
                wrong.add(INVALID)
            elif recipe.name not in REAL:
                return  # its stand-in cannot answer
        answer = self.call(operation, request, wrong)
        assert answer is None or answer["itemList"], f"{arn} has nothing to recommend"

    def _recipe_behind(self, found: Thing) -> Recipe:
        if found.kind is Kind.CAMPAIGN:
            found = self.world.things[found.facts["deployed"]]
        recipe = recipe_of(found)
        assert recipe is not None
        return recipe


def _operation_of(recipe: Recipe) -> str:
    """The operation that answers for a recipe; none of these is a ranking."""
    return "GetActionRecommendations" if recipe is ACTIONS else "GetRecommendations"
