import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from personalize_assets.core.schemas import Schema, parse_schema
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.evaluation import TrainedVersion, train_and_evaluate
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.minima import UnfitData
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.semantic_similarity import (
    SEMANTIC_SIMILARITY,
    SemanticSimilarity,
    SemanticSimilarityModel,
)
from personalize_assets.recipes.solvers.text_similarity import Texts
from personalize_assets.recipes.solvers.texts import TextVectors
from personalize_assets.recipes.tables import training_data
from personalize_assets_tests.recipe_contract import GROUP, N_ITEMS, RecipeContract, history, walks
from personalize_assets_tests.recipes.examples import catalogue, histories_of


def schema(**attributes: str) -> Schema:
    """An Items schema whose text columns have these attributes."""
    fields = [{"name": name, "type": "string", said: True} for name, said in attributes.items()]
    fields += [{"name": "ITEM_ID", "type": "string"}, {"name": "YEAR", "type": "int"}]
    record = {"type": "record", "name": "Items", "fields": fields}
    return parse_schema(json.dumps(record | {"version": "1.0"}))


NAMED = schema(TITLE="itemName", PLOT="textual")
SUBJECTS = (
    ("Soldiers fight a war in the trenches.", "Troops go into battle at the front."),
    ("A detective solves a murder.", "The police look for a killer."),
    ("Recipes for soup and bread.", "How to cook and bake at home."),
    ("Astronauts travel to a far planet.", "A spaceship crosses the galaxy."),
    ("Two people fall in love.", "A romance ends with a wedding."),
)


class TestSemanticSimilarity(RecipeContract):
    recipe = "aws-semantic-similarity"
    least_gain = 1.0
    may_refuse = frozenset({"one item"})

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> TrainingData:
        items = pa.table(
            {
                "ITEM_ID": [f"i{item:02d}" for item in range(N_ITEMS)],
                "TITLE": [f"Part {item % GROUP}" for item in range(N_ITEMS)],
                "PLOT": [SUBJECTS[item // GROUP][item % 2] for item in range(N_ITEMS)],
            }
        )
        return replace(training_data(walks(np.random.default_rng(7)), items), item_schema=NAMED)

    def test_recommend__items_of_the_same_subject(self, version: TrainedVersion) -> None:
        items, _ = recommend(version.model, history(5), 19)
        # Half of them say it in other words.
        assert np.mean(items[0] // GROUP == 0) > 0.9

    def test_metrics__its_own_beside_those_of_related_items(self, version: TrainedVersion) -> None:
        own = {"item_popularity", "item_freshness", "item_similarity"}
        assert own < set(version.metrics)
        assert "mean_reciprocal_rank_at_25" in version.metrics
        assert all(0 < version.metrics[name] <= 1 for name in own)


def items(plots: list[str | None], created: list[int | None] | None = None) -> TrainingData:
    columns: dict[str, pa.Array] = {
        "ITEM_ID": pa.array([f"i{item}" for item in range(len(plots))]),
        "TITLE": pa.array([""] * len(plots)),
        "PLOT": pa.array(plots, pa.string()),
    }
    if created is not None:
        columns["creation_timestamp"] = pa.array(created, pa.int64())
    return replace(catalogue(len(plots)), item_features=pa.table(columns), item_schema=NAMED)


def fit(data: TrainingData, histories: Histories | None = None) -> SemanticSimilarityModel:
    return SemanticSimilarity().fit(
        data,
        Histories.empty(0) if histories is None else histories,
        NoOptions(),
        NoOptions(),
        np.random.default_rng(0),
    )


def order(model: SemanticSimilarityModel, *asked: int) -> list[int]:
    return recommend(model, history(*asked), model.n_items)[0][0].tolist()


PLOTS: list[str | None] = ["a fast car", "an automobile race", "fishing boats", "herbal tea"]


def test_score__nearer_meanings_come_first() -> None:
    assert order(fit(items(PLOTS)), 0) == [1, 2, 3, -1]


def test_score__only_the_last_item_asks_and_never_answers() -> None:
    assert order(fit(items(PLOTS)), 0, 2) == [3, 0, 1, -1]


def test_score__the_name_counts_too() -> None:
    data = items(["one", "two", "six"])
    assert data.item_features is not None
    named = data.item_features.set_column(1, "TITLE", pa.array(["dune", "sea", "Dune"]))
    assert order(fit(replace(data, item_features=named)), 2)[0] == 0


@pytest.mark.parametrize("asked", [(), (3,)], ids=["unknown", "no_text"])
def test_score__popular_items_where_nothing_is_told(asked: tuple[int, ...]) -> None:
    # Users of items 0 to 3: 1, 3, 2, 0; a user who comes back is still one.
    histories = histories_of([1, 2, 0], [1, 2], [1, 1, 1])
    assert order(fit(items([*PLOTS[:3], None]), histories), *asked)[:3] == [1, 2, 0]


def test_score__items_without_text_come_last_popular_ones_first() -> None:
    histories = histories_of([3, 4], [4])
    assert order(fit(items([*PLOTS[:3], None, ""]), histories), 0) == [1, 2, 4, 3, -1]


def known_by(rows: np.ndarray) -> Texts:
    """Texts whose meanings and words compare alike."""
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return Texts(TextVectors(rows), sparse.csr_array(units.astype(np.float32)))


def ranked_by(popularity: float, freshness: float) -> list[int]:
    """Item 1 is most alike, but old and met by nobody; 2 is popular, 3 is new, 4 is both."""
    rows = np.array([[100, 0], [90, 44], [70, 71], [60, 80], [0, 100]], np.int8)
    users, created = np.array([0, 0, 9, 0, 9]), np.array([5, 0, 0, 9, 9])
    model = SemanticSimilarityModel(known_by(rows), users, created)
    return order(model.with_influence(popularity, freshness), 0)


@pytest.mark.parametrize(
    ("popularity", "freshness", "expected"),
    [
        (0.0, 0.0, [1, 2, 3, 4, -1]),  # cosines .9, .7, .6 and 0
        (1.0, 0.0, [2, 1, 3, 4, -1]),  # less 0.5 for 1 and 3
        (0.0, 1.0, [3, 1, 2, 4, -1]),  # less 0.5 for 1 and 2
        (0.3, 0.0, [1, 2, 3, 4, -1]),  # .75, .7, .45
        (0.5, 0.5, [2, 1, 3, 4, -1]),  # .4, .45, .35, 0
    ],
)
def test_with_influence__popular_or_fresh_ones_first(
    popularity: float, freshness: float, expected: list[int]
) -> None:
    assert ranked_by(popularity, freshness) == expected


def test_with_influence__survives_saving(tmp_path: Path) -> None:
    model = fit(items(PLOTS), histories_of([2, 0])).with_influence(0.5, 0.25)
    model.save(tmp_path)
    loaded = SemanticSimilarityModel.load(tmp_path)
    np.testing.assert_array_equal(loaded.score(history(0)), model.score(history(0)))
    assert loaded.influence == model.influence


def test_extra_metrics__means_over_the_answers() -> None:
    rows = np.array([[100, 0], [100, 0], [60, 80], [0, 100]], np.int8)  # cosines 1, .6 and 0
    users, created = np.array([0, 2, 1, 0]), np.array([0, 100, 50, 100])
    model = SemanticSimilarityModel(known_by(rows), users, created)
    ranked = np.full((2, 25), -1, np.int32)
    ranked[0, :2] = 1, 2
    metrics = model.extra_metrics(ranked, histories_of([3, 0], [2]), Histories.empty(2))
    assert metrics == pytest.approx(
        {
            "item_popularity": (1 + 0.5) / 2,
            "item_freshness": (1 + 0.5) / 2,
            "item_similarity": (1 + 0.6) / 2,
        },
        rel=1e-5,
    )


def test_train__without_any_interaction() -> None:
    version = train_and_evaluate(SEMANTIC_SIMILARITY, items(PLOTS), rng=np.random.default_rng(0))
    assert set(version.metrics) == {
        "coverage",
        "item_popularity",
        "item_freshness",
        "item_similarity",
    }
    assert version.metrics["item_freshness"] == 1
    assert order(fit(items(PLOTS)), 0)[0] == 1


@pytest.mark.parametrize(
    ("declared", "lacking"),
    [
        (schema(TITLE="itemName", PLOT="categorical"), '"textual": true'),
        (schema(TITLE="categorical", PLOT="textual"), '"itemName": true'),
        (None, '"itemName": true'),
    ],
)
def test_fit__field_is_lacking(declared: Schema | None, lacking: str) -> None:
    with pytest.raises(UnfitData) as caught:
        fit(replace(items(PLOTS), item_schema=declared))
    assert str(caught.value) == (
        f"Create failed. The recipe aws-semantic-similarity needs a string field with {lacking} "
        "in the schema of the Items dataset that is not excluded from training."
    )


@pytest.mark.parametrize("plots", [[None, None], ["", " - "]])
def test_fit__no_text_at_all(plots: list[str | None]) -> None:
    with pytest.raises(UnfitData, match="No item of the Items dataset has a text"):
        fit(items(plots))


def test_fit__the_same_text_tells_nothing() -> None:
    model = fit(items(["same", "same", "same"]), histories_of([2], [2, 1]))
    assert order(model, 0) == [2, 1, -1]
