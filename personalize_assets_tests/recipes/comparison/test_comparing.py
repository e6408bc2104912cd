import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.core.metrics import AMAZON_LABELS, TEXTBOOK_LABELS
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.comparison.baselines import RandomItems, random_items
from personalize_assets.recipes.comparison.comparing import Protocol, compare, without_metadata
from personalize_assets.recipes.comparison.folds import Folds
from personalize_assets.recipes.comparison.methods import Method, NotComparable, recipe_method
from personalize_assets.recipes.comparison.results import Comparison
from personalize_assets.recipes.evaluation import require_learner
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.minima import TooLittleData
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.tables import training_data
from personalize_assets_tests.recipe_contract import walks

MRR = "mean_reciprocal_rank_at_25"
SIMS, SEMANTIC = RECIPES["aws-sims"], RECIPES["aws-semantic-similarity"]
PERSONAL = RECIPES["aws-user-personalization"]


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return training_data(walks(np.random.default_rng(7)))


@pytest.fixture(scope="module")
def labelled(data: TrainingData) -> TrainingData:
    """With a column of items."""
    ids = data.item_ids
    items = pa.table({"ITEM_ID": ids, "COLOUR": [str(n % 3) for n in range(len(ids))]})
    return training_data(walks(np.random.default_rng(7)), items)


class Spy:
    """Learns nothing, but remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[TrainingData] = []

    def fit(self, data: TrainingData, train: Histories, rng: np.random.Generator) -> RandomItems:
        self.shown.append(data)
        return RandomItems(data.n_items, rng)


@pytest.fixture(scope="module")
def found(data: TrainingData) -> Comparison:
    ticks = iter(range(1000))
    protocol = Protocol(
        folds=2, seed=5, seen=("served", "excluded"), cpu_clock=lambda: float(next(ticks))
    )
    return compare([recipe_method(SIMS)], data, protocol)


def test_compare__popularity_and_chance_stand_beside(found: Comparison) -> None:
    names = ["aws-sims", "aws-popularity-count", "random"]
    assert [row.method for row in found.rows[::2]] == names
    assert [row.seen for row in found.rows] == ["served", "excluded"] * 3
    sims, popular, chance = (found.find(name).estimate(MRR).mean for name in names)
    assert sims > 2 * max(popular, chance)


def test_compare__every_metric(found: Comparison) -> None:
    assert set(found.rows[0].names) == {*AMAZON_LABELS, *TEXTBOOK_LABELS}
    assert (found.n_users, found.n_folds, found.seed) == (200, 2, 5)
    assert found.rows[0].n_test_users == 40


def test_compare__known_items_are_no_answers_where_they_are_excluded(found: Comparison) -> None:
    popular = "aws-popularity-count"
    served, excluded = (found.find(popular, seen=seen) for seen in ("served", "excluded"))
    # Nobody meets an item twice, so that leaving out what was met can only help.
    assert excluded.estimate("precision_at_25").mean > served.estimate("precision_at_25").mean


def test_compare__cpu_seconds_of_one_training_and_one_answer(found: Comparison) -> None:
    # The clock goes on by one at each look: one for training, one for answering twice.
    assert {row.cpu_s for row in found.rows} == {1.5}


def test_compare__is_what_a_solution_version_measures(data: TrainingData) -> None:
    found = compare([recipe_method(SIMS)], data, Protocol(folds=1))
    trial = Folds.draw(data, 0).item_trial(SIMS, data, 0)
    learner, rng = require_learner(SIMS), np.random.default_rng(0)
    model = learner.fit(data, trial.train, SIMS.config(), SIMS.featurization(), rng)
    metrics, textbook = trial.measure(model)
    assert found.find("aws-sims").folds == ({**metrics, **textbook},)


def test_compare__same_seed_same_figures(data: TrainingData, found: Comparison) -> None:
    again = compare([recipe_method(SIMS)], data, Protocol(folds=2, seed=5))
    assert again.find("aws-sims").folds == found.find("aws-sims").folds


def test_compare__metadata_with_and_without(labelled: TrainingData) -> None:
    spy = Spy()
    methods = [Method("spy", PERSONAL, spy.fit, uses_metadata=True)]
    found = compare(methods, labelled, Protocol(folds=1, both=True))
    assert [(r.method, r.metadata) for r in found.rows[:2]] == [("spy", False), ("spy", True)]
    without, having = spy.shown
    assert without.item_features is None
    assert having.item_features is not None
    assert without.item_ids.equals(having.item_ids)


@pytest.mark.parametrize(
    ("uses", "needs", "both", "expected"),
    [
        (True, False, False, [True]),
        (True, True, True, [True]),
        (False, False, True, [False]),
    ],
    ids=["with_unless_told", "never_without", "uses_none"],
)
def test_compare__variants(
    labelled: TrainingData, uses: bool, needs: bool, both: bool, expected: list[bool]
) -> None:
    method = Method("x", PERSONAL, random_items, uses, needs)
    found = compare([method], labelled, Protocol(folds=1, both=both))
    assert [row.metadata for row in found.rows if row.method == "x"] == expected


def test_compare__no_metadata_there(data: TrainingData) -> None:
    found = compare([Method("x", PERSONAL, random_items, True)], data, Protocol(folds=1, both=True))
    assert [row.metadata for row in found.rows] == [False] * 3


@pytest.fixture(scope="module")
def segments(labelled: TrainingData) -> Comparison:
    spec = RECIPES["aws-item-attribute-affinity"]
    return compare([recipe_method(spec)], labelled, Protocol(folds=2))


def test_compare__segments_beside_active_users_and_chance(segments: Comparison) -> None:
    assert segments.kind == "users of categories"
    assert [row.method for row in segments.rows[1:]] == ["most active users", "random"]
    assert {row.seen for row in segments.rows} == {None}
    assert {row.n_test_users for row in segments.rows} == {180}
    assert set(segments.rows[0].names) == {"coverage", "hits_at_1_percent", "recall_at_1_percent"}


def test_compare__one_kind_at_a_time(data: TrainingData) -> None:
    methods = [recipe_method(SIMS), recipe_method(RECIPES["aws-item-affinity"])]
    with pytest.raises(ValueError, match="one kind of methods, not of"):
        compare(methods, data, Protocol())


def test_compare__number_of_folds(data: TrainingData) -> None:
    with pytest.raises(ValueError, match="1 to 10, got 11"):
        compare([recipe_method(SIMS)], data, Protocol(folds=11))


def test_compare__what_is_needed(data: TrainingData) -> None:
    with pytest.raises(TooLittleData, match="there are none in: Items"):
        compare([recipe_method(SEMANTIC)], data, Protocol())
    few = data.where(np.arange(len(data)) < 999)
    with pytest.raises(TooLittleData, match=r"fewer than 1000 interactions after filtering.*watch"):
        compare([recipe_method(SIMS)], few, Protocol(), event_type="watch")


def test_compare__tells_how_far_it_is(data: TrainingData) -> None:
    told: list[tuple[str, float]] = []
    method = recipe_method(RECIPES["aws-popularity-count"])
    compare([method], data, Protocol(folds=2), told=lambda what, share: told.append((what, share)))
    assert told == [
        ("fold 1 of 2, aws-popularity-count", 0.0),
        ("fold 1 of 2, random", 0.25),
        ("fold 2 of 2, aws-popularity-count", 0.5),
        ("fold 2 of 2, random", 0.75),
    ]


def test_recipe_method__actions_are_refused() -> None:
    with pytest.raises(NotComparable, match="aws-next-best-action recommends actions"):
        recipe_method(RECIPES["aws-next-best-action"])


def test_without_metadata__same_catalogue(labelled: TrainingData) -> None:
    bare = without_metadata(labelled)
    assert (bare.item_features, bare.user_features, bare.item_schema) == (None, None, None)
    assert bare.item_ids.equals(labelled.item_ids)
