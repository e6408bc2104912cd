import pytest
from pydantic import BaseModel

from personalize_assets.recipes.hyperparameters import (
    HyperparameterError,
    NoOptions,
    Options,
    default_hyperparameters,
    hyperparameters,
    option,
    parse_hyperparameters,
)
from personalize_assets.recipes.options import (
    SequenceOptions,
    SimilarItemsOptions,
    TransformerOptions,
    TrendingOptions,
)
from personalize_assets.recipes.sims import SimsOptions


class Unbounded(Options):
    least: float = option(1.0, "Has no upper bound.", low=1)


def test_hyperparameters__bounds_and_kinds() -> None:
    found = {
        parameter.name: (parameter.kind, parameter.low, parameter.high, parameter.tunable)
        for parameter in hyperparameters(SequenceOptions)
    }
    assert found == {
        "hidden_dimension": ("integer", 32, 256, True),
        "bptt": ("integer", 2, 32, True),
        "recency_mask": ("categorical", None, None, True),
    }


def test_hyperparameters__categories() -> None:
    frequency = hyperparameters(TrendingOptions)[0]
    assert frequency.values == ("30 minutes", "1 hour", "2 hours", "3 hours", "1 day")
    assert frequency.default == "2 hours"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (SequenceOptions, {"hidden_dimension": "149", "bptt": "32", "recency_mask": "True"}),
        (SimsOptions, {"popularity_discount_factor": "0.5", "min_cointeraction_count": "3"}),
        (TransformerOptions, {"apply_recency_bias": "true"}),
        (NoOptions, {}),
    ],
)
def test_default_hyperparameters__as_on_the_wire(
    options: type[BaseModel], expected: dict[str, str]
) -> None:
    assert default_hyperparameters(options) == expected


def test_parse_hyperparameters__strings_become_values() -> None:
    parsed = parse_hyperparameters(SequenceOptions, {"bptt": "8", "recency_mask": "False"})
    assert parsed == SequenceOptions(bptt=8, recency_mask=False)
    assert parsed.hidden_dimension == 149


@pytest.mark.parametrize(
    ("options", "given", "message"),
    [
        (
            SequenceOptions,
            {"bptt": "33"},
            "hyperparameter 'bptt' must be a whole number from 2 to 32, got '33'",
        ),
        (
            SequenceOptions,
            {"bptt": "many"},
            "hyperparameter 'bptt' must be a whole number from 2 to 32, got 'many'",
        ),
        (
            SequenceOptions,
            {"recency_mask": "maybe"},
            "hyperparameter 'recency_mask' must be one of True, False, got 'maybe'",
        ),
        (
            SimsOptions,
            {"popularity_discount_factor": "nan"},
            "hyperparameter 'popularity_discount_factor' must be a number from 0 to 1, got 'nan'",
        ),
        (
            SequenceOptions,
            {"dropout": "1"},
            "unknown hyperparameter 'dropout'; "
            "this recipe has: hidden_dimension, bptt, recency_mask",
        ),
        (
            Unbounded,
            {"least": "inf"},
            "hyperparameter 'least' must be a number of at least 1, got 'inf'",
        ),
        (NoOptions, {"x": "1"}, "unknown hyperparameter 'x'; this recipe has: none"),
        (
            SimilarItemsOptions,
            {"item_id_hidden_dim": "50"},
            "hyperparameter 'item_id_hidden_dim' cannot be set, only searched by performHPO",
        ),
        (
            TrendingOptions,
            {"trend_discovery_frequency": "1 week"},
            "hyperparameter 'trend_discovery_frequency' must be one of 30 minutes, 1 hour, "
            "2 hours, 3 hours, 1 day, got '1 week'",
        ),
    ],
)
def test_parse_hyperparameters__refused(
    options: type[BaseModel], given: dict[str, str], message: str
) -> None:
    with pytest.raises(HyperparameterError) as caught:
        parse_hyperparameters(options, given)
    assert str(caught.value) == message
