"""Valid requests about solutions and their versions."""

from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.requests.opening import Request
from personalize_assets_tests.engine.requests.row import LONG_NAME, TAGS, Row
from personalize_assets_tests.engine.requests.world import (
    EXAMPLES,
    MOVIES,
    SPARE,
    Known,
    arn,
    recipe,
)

EVENTS: Final = {
    "eventParametersList": [
        {"eventType": "watch", "eventValueThreshold": 1.5, "weight": 1.0},
        {"eventType": "click", "eventValueThreshold": -1e300, "weight": 0.0},
        *({"eventType": f"{number}" + "e" * 255, "weight": 0.5} for number in range(8)),
    ]
}
COLUMNS: Final = {
    "excludedDatasetColumns": {"Interactions": ["DEVICE"], "ITEMS": ["YEAR"], "users": ["AGE"]},
    "includedDatasetColumns": {
        "Interactions": ["EVENT_VALUE"],
        "Items": ["GENRES"] * 50,
        "Users": ["MEMBERSHIP"],
    },
}


def rows(known: Known) -> list[Row]:
    """The rows."""
    return [_create_solution(), *_solutions(), *_versions(known)]


def _create_solution() -> Row:
    def solution(**members: Any) -> Request:
        return {"name": LONG_NAME, "datasetGroupArn": MOVIES, "tags": TAGS, **members}

    searched = {
        "performHPO": True,
        "performAutoML": False,
        "performAutoTraining": True,
        "recipeArn": recipe("aws-user-personalization"),
        "eventType": "watch",
        "solutionConfig": {
            "eventValueThreshold": "2.5",
            "hpoConfig": _search(
                integers=[{"name": "hidden_dimension", "minValue": 32, "maxValue": 256}],
                categories=[{"name": "recency_mask", "values": ["True", "False"]}],
            ),
            "algorithmHyperParameters": {
                "hidden_dimension": "256",
                "bptt": "2",
                "recency_mask": "False",
            },
            "featureTransformationParameters": {
                "min_user_history_length_percentile": "0.0",
                "max_user_history_length_percentile": "1.0",
            },
            "optimizationObjective": {"itemAttribute": "PRICE", "objectiveSensitivity": "HIGH"},
            "trainingDataConfig": COLUMNS,
            "autoTrainingConfig": {"schedulingExpression": "rate(30 days)"},
        },
    }
    continuous = [{"name": "popularity_discount_factor", "minValue": 0.0, "maxValue": 1.0}]
    sims = {
        "performHPO": True,
        "recipeArn": recipe("aws-sims"),
        "solutionConfig": {"hpoConfig": _search(continuous=continuous)},
    }
    chosen = {
        "performAutoML": True,
        "solutionConfig": {
            "autoMLConfig": {
                "metricName": "precision_at_25",
                "recipeList": [recipe("aws-popularity-count"), recipe("aws-user-personalization")],
            }
        },
    }
    weighted = {
        "recipeArn": recipe("aws-user-personalization-v2"),
        "solutionConfig": {"eventsConfig": EVENTS},
    }
    growing = {
        "performAutoTraining": False,
        "performIncrementalUpdate": True,
        "recipeArn": recipe("aws-semantic-similarity"),
    }
    return Row(
        "CreateSolution",
        {"name": "s", "datasetGroupArn": SPARE, "recipeArn": recipe("aws-popularity-count")},
        tuple(solution(**each) for each in (searched, sims, chosen, weighted, growing)),
        impossible={
            f"solutionConfig.hpoConfig.hpoObjective{member}": "Personalize does not support it"
            for member in ("", ".type", ".metricName", ".metricRegex")
        },
        shown={"solutionConfig": _shown_config},
    )


def _search(
    integers: list[Any] | None = None,
    continuous: list[Any] | None = None,
    categories: list[Any] | None = None,
) -> Request:
    return {
        "hpoResourceConfig": {"maxNumberOfTrainingJobs": "2", "maxParallelTrainingJobs": "10"},
        "algorithmHyperParameterRanges": {
            "integerHyperParameterRanges": integers or [],
            "continuousHyperParameterRanges": continuous or [],
            "categoricalHyperParameterRanges": categories or [],
        },
    }


def _shown_config(sent: Request) -> Request:
    """The name of one hyperparameter comes back with a prefix."""
    if not sent.get("hpoConfig"):
        return sent
    ranges = sent["hpoConfig"]["algorithmHyperParameterRanges"]
    renamed = [
        {**each, "name": "data.recency_mask"} for each in ranges["categoricalHyperParameterRanges"]
    ]
    shown = {**ranges, "categoricalHyperParameterRanges": renamed}
    return {**sent, "hpoConfig": {**sent["hpoConfig"], "algorithmHyperParameterRanges": shown}}


def _solutions() -> list[Row]:
    return [
        Row(
            "UpdateSolution",
            {"solutionArn": EXAMPLES[Kind.SOLUTION], "performAutoTraining": True},
            (
                {
                    "solutionArn": EXAMPLES[Kind.SOLUTION],
                    "performAutoTraining": True,
                    "solutionUpdateConfig": {
                        "autoTrainingConfig": {"schedulingExpression": "rate(1 day)"},
                        "eventsConfig": EVENTS,
                    },
                },
                {
                    "solutionArn": arn(Kind.SOLUTION, "semantic"),
                    "performIncrementalUpdate": True,
                },
            ),
        ),
    ]


def _versions(known: Known) -> list[Row]:
    solution = arn(Kind.SOLUTION, "up")
    return [
        Row(
            "CreateSolutionVersion",
            {"solutionArn": EXAMPLES[Kind.SOLUTION]},
            (
                {
                    "name": LONG_NAME,
                    "solutionArn": solution,
                    "trainingMode": "UPDATE",
                    "tags": TAGS,
                },
                {"name": LONG_NAME, "solutionArn": solution, "trainingMode": "FULL"},
            ),
        ),
        Row("GetSolutionMetrics", {"solutionVersionArn": known.versions["v2"]}, ()),
        Row("StopSolutionVersionCreation", {"solutionVersionArn": known.versions["pending"]}, ()),
    ]
