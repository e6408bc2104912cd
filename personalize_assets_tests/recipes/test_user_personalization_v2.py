import numpy as np
import pytest

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.evaluation import TrainedVersion
from personalize_assets.recipes.options import TransformerOptions
from personalize_assets.recipes.user_personalization import (
    USER_PERSONALIZATION,
    UserPersonalizationModel,
)
from personalize_assets.recipes.user_personalization_v2 import TRANSFORMER
from personalize_assets_tests.recipe_contract import RecipeContract, train
from personalize_assets_tests.recipes.examples import catalogue, histories_of


class TestUserPersonalizationV2(RecipeContract):
    recipe = "aws-user-personalization-v2"
    least_gain = 3.0

    def test_metrics__those_of_the_first_version(
        self, version: TrainedVersion, data: TrainingData
    ) -> None:
        assert version.metrics == train(USER_PERSONALIZATION, data).metrics


@pytest.mark.parametrize(("bias", "recency"), [("true", True), ("false", False)])
def test_fit__apply_recency_bias(bias: str, recency: bool) -> None:
    model = TRANSFORMER.fit(
        catalogue(3),
        histories_of(*[[0, 1, 2]] * 5),
        TransformerOptions.model_validate({"apply_recency_bias": bias}),
        None,
        np.random.default_rng(0),
    )
    assert isinstance(model, UserPersonalizationModel)
    assert model.mixture.recency is recency
