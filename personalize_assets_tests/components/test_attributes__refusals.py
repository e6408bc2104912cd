"""What a recipe cannot do is refused when the file is loaded, with what would do."""

from typing import Any

import pytest
from dagster.components.resolved.errors import ResolutionException
from pydantic import ValidationError

from personalize_assets.components import PersonalizeDatasetGroup

PERSONAL = {"name": "personal", "recipe": "aws-user-personalization"}
NEWER = {"name": "newer", "recipe": "aws-user-personalization-v2"}
SIMS = {"name": "sims", "recipe": "aws-sims"}
AFFINITY = {"name": "affinity", "recipe": "aws-item-affinity"}
RANKING = {"name": "ranking", "recipe": "aws-personalized-ranking"}
UNWATCHED = {
    "name": "unwatched",
    "expression": "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($T)",
}
EXPLORATION = {"weight": 0.5}
GROUP: dict[str, Any] = {
    "name": "shop",
    "source": {"prefix": "shop/raw_data/"},
    "prefixes": {
        "transformed": "shop/transformed/",
        "batch_input": "shop/batch/input/",
        "batch_results": "shop/batch/results/",
    },
    "solutions": [PERSONAL, NEWER, SIMS, AFFINITY, RANKING],
}
WATCHES = {"mode": "strongest", "events": [{"event_type": "Watch", "above": 3}]}


def load(**changes: Any) -> PersonalizeDatasetGroup:
    return PersonalizeDatasetGroup.resolve_from_dict({**GROUP, **changes})


def solution(recipe: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"solutions": [{**recipe, **more}]}


def attribution(event_type: str, expression: str) -> dict[str, Any]:
    metric = {"name": "m", "event_type": event_type, "expression": expression}
    return {"metric_attribution": {"metrics": [metric]}}


def recommender(recipe: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "one", "recipe": recipe, **more}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        # Searches, event weights and objectives
        (
            solution(NEWER, perform_hpo=True),
            "solution newer: aws-user-personalization-v2 does not take perform_hpo; .*aws-sims",
        ),
        (solution(NEWER, hpo={"ranges": {}}), "v2 does not take hpo; "),
        (solution(SIMS, hpo={"max_training_jobs": 3}), "add `perform_hpo: true`"),
        (
            solution(SIMS, perform_hpo=True, hpo={"ranges": {"bptt": [2, 8]}}),
            "sims: hpo.ranges: aws-sims can search popularity_discount_factor.*got 'bptt'",
        ),
        (
            solution(PERSONAL, perform_hpo=True, hpo={"ranges": {"bptt": [2, 99]}}),
            r"hpo.ranges.bptt must lie within 2 and 32, .* got 2 and 99",
        ),
        (
            solution(PERSONAL, perform_hpo=True, hpo={"ranges": {"bptt": ["few", "many"]}}),
            "bptt must be two whole numbers, got few, many",
        ),
        (
            solution(PERSONAL, perform_hpo=True, hpo={"ranges": {"recency_mask": ["Perhaps"]}}),
            "recency_mask may hold True, False, got Perhaps",
        ),
        (solution(PERSONAL, hyperparameters={"bptt": "99"}), "hyperparameters: .*'bptt' must be"),
        (solution(SIMS, hyperparameters={"bptt": "9"}), "unknown hyperparameter 'bptt'; this"),
        (
            solution(SIMS, feature_transformation_parameters={"x": "1"}),
            "feature_transformation_parameters: unknown",
        ),
        (
            solution(PERSONAL, events=[{"event_type": "watch"}]),
            "does not take events; aws-personalized-ranking-v2 and aws-user-personalization-v2 do",
        ),
        (
            solution(NEWER, events=[{"event_type": "watch"}, {"event_type": "watch"}]),
            "event types must differ",
        ),
        (solution(NEWER, events=[{"event_type": "watch", "weight": 0}]), "above 0"),
        (solution(NEWER, events=[{"event_type": "buy"}]), "type 'buy'.*will have watch, click"),
        (
            solution(NEWER, events=[{"event_type": "watch"}], event_type="watch"),
            "either events or event_type",
        ),
        (
            solution(SIMS, optimization_objective={"item_attribute": "PRICE"}),
            "sims does not take optimization_objective; aws-personalized-ranking and",
        ),
        (solution(SIMS, event_value_threshold="3"), "event_value_threshold needs event_type"),
        (
            solution(SIMS, event_type="watch", event_value_threshold="much"),
            "must be a number as a string, got 'much'",
        ),
        (solution(SIMS, excluded_columns={"items": ["ITEM_ID"]}), "ITEM_ID cannot be excluded"),
        (solution(SIMS, excluded_columns={"users": ["AGE"]}), "names users, but the datasets are"),
        (solution(SIMS, auto_training_days=31), "auto_training_days"),
        # Datasets
        (
            {"solutions": [{"name": "n", "recipe": "aws-next-best-action"}]},
            "needs the dataset Actions",
        ),
        # Campaigns and batch jobs
        ({"campaigns": [{"solution": "affinity"}]}, "makes segments.*declare batch_segment"),
        (
            {"campaigns": [{"solution": "newer", "exploration": EXPLORATION}]},
            "campaign of newer: aws-user-personalization-v2 does not take exploration",
        ),
        (
            {"campaigns": [{"solution": "sims", "exploration": EXPLORATION}]},
            "aws-user-personalization does: take that recipe",
        ),
        (
            {"campaigns": [{"solution": "personal", "exploration": {"item_age_cut_off": 0}}]},
            "item_age_cut_off",
        ),
        (
            {"batch_inference": {"solution": "sims", "exploration": EXPLORATION}},
            "batch_inference: aws-sims does not take exploration",
        ),
        ({"batch_inference": {"solution": "ranking"}}, "recipes that can: .*aws-sims"),
        ({"batch_segment": {"solution": "personal"}}, "can: aws-item-affinity, aws-item-attr"),
        ({"batch_ranking": {"solution": "personal"}}, "can: aws-personalized-ranking, aws-pers"),
        (
            {"batch_inference": {"solution": "personal", "filter": "new"}},
            "batch_inference.filter names filter 'new'; declared are none",
        ),
        (
            {
                "filters": [UNWATCHED],
                "batch_inference": {"solution": "personal", "filter": "unwatched"},
            },
            "filter unwatched has the parameters T",
        ),
        ({"retraining": {"update": "0 4 * * *"}, **solution(SIMS)}, "aws-user-personalization"),
        # Domains
        (
            {"domain": "ECOMMERCE", "recommenders": recommender("aws-vod-top-picks")},
            "use case of domain VIDEO_ON_DEMAND, .* ECOMMERCE, which has: aws-ecomm-",
        ),
        (
            {
                "domain": "VIDEO_ON_DEMAND",
                "recommenders": recommender("aws-vod-trending-now", exploration=EXPLORATION),
            },
            "aws-vod-trending-now does not take exploration",
        ),
        (
            {
                "domain": "ECOMMERCE",
                "recommenders": recommender("aws-ecomm-popular-items-by-views"),
            },
            "needs events of type 'View', but the interactions will have watch, click",
        ),
        (
            {
                "domain": "VIDEO_ON_DEMAND",
                "datasets": ["interactions"],
                "recommenders": recommender("aws-vod-more-like-x"),
            },
            "needs the dataset Items",
        ),
        # Quotas
        (
            {"solutions": [{**SIMS, "name": f"s{n}"} for n in range(11)]},
            "solutions: 11 are declared, a dataset group may have 10",
        ),
        (
            {
                "solutions": [{**SIMS, "name": f"s{n}"} for n in range(6)],
                "campaigns": [{"solution": f"s{n}"} for n in range(6)],
            },
            "campaigns: 6 are declared, a dataset group may have 5",
        ),
        (
            {"filters": [{**UNWATCHED, "name": f"f{n}"} for n in range(31)]},
            "filters: 31 are declared, a dataset group may have 30",
        ),
        ({"tags": {f"t{n}": "x" for n in range(41)}}, "tags: 41 are declared"),
        ({"tags": {"aws:x": "y"}}, "may not begin with aws:"),
        # Metric attribution
        ({"metric_attribution": {"metrics": []}}, "at least one metric"),
        (
            attribution("watch", "AVG(x)"),
            "metric_attribution: metric m: ",
        ),
        (
            attribution("buy", "SAMPLECOUNT()"),
            "metric m needs events of type 'buy'",
        ),
    ],
)  # fmt: skip
def test_refusals(changes: dict[str, Any], message: str) -> None:
    with pytest.raises((ResolutionException, ValidationError), match=f"(?s){message}"):
        load(**changes)


def test_refusals__what_can_be_is_taken() -> None:
    ranges = {"bptt": [8, 16], "recency_mask": ["True"]}
    group = load(
        domain="VIDEO_ON_DEMAND",
        cleaning=WATCHES,
        solutions=[
            {
                **PERSONAL,
                "perform_hpo": True,
                "hpo": {"ranges": ranges, "max_training_jobs": 4},
                "optimization_objective": {"item_attribute": "YEAR", "sensitivity": "HIGH"},
                "excluded_columns": {"items": ["TITLE"]},
                "auto_training_days": 7,
                "event_type": "watch",
                "event_value_threshold": "3.5",
                "hyperparameters": {"hidden_dimension": 64, "recency_mask": True},
            },
            {**NEWER, "events": [{"event_type": "watch", "weight": 0.5}]},
            AFFINITY,
            RANKING,
        ],
        recommenders=[
            {"name": "top", "recipe": "aws-vod-top-picks", "exploration": EXPLORATION},
            {"name": "popular", "recipe": "aws-vod-most-popular"},
        ],
        campaigns=[{"solution": "personal", "exploration": EXPLORATION}],
        batch_segment={"solution": "affinity"},
        batch_ranking={"solution": "ranking"},
    )

    personal, newer = group.solution("personal"), group.solution("newer")
    assert personal.further_config == {
        "hpoConfig": {
            "hpoResourceConfig": {"maxNumberOfTrainingJobs": "4"},
            "algorithmHyperParameterRanges": {
                "integerHyperParameterRanges": [{"name": "bptt", "minValue": 8, "maxValue": 16}],
                "continuousHyperParameterRanges": [],
                "categoricalHyperParameterRanges": [{"name": "recency_mask", "values": ["True"]}],
            },
        },
        "optimizationObjective": {"itemAttribute": "YEAR", "objectiveSensitivity": "HIGH"},
        "trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["TITLE"]}},
    }
    assert personal.event_value_threshold == "3.5"
    assert personal.hyperparameters == {"hidden_dimension": "64", "recency_mask": "True"}
    assert newer.further_config == {
        "eventsConfig": {"eventParametersList": [{"eventType": "watch", "weight": 0.5}]}
    }
    assert [one.name for one in group.served] == ["personal", "affinity", "ranking"]
