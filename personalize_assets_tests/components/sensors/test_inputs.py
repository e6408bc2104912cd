"""Which job a dropped file is for: by its content, by its name, and not at all."""

from typing import Any

import dagster as dg
import pytest

from personalize_assets.aws.deployment import Deployment
from personalize_assets.components.attributes import (
    BatchInference,
    BatchRanking,
    BatchSegment,
    Solution,
)
from personalize_assets.components.sensors.inputs import Routes, choose_route
from personalize_assets.components.sensors.verdicts import Refusal, Route, listed
from personalize_assets.core.batch_format import Question
from personalize_assets_tests.components.sensor_bench import Bench, make_bench

USERS = Route("batch", "batch_input", "input_key", ("similar", "related"))
SEGMENTS = Route("segments", "segment_input", "input_key", ("segment", "affinity"))
RANKING = Route("ranking", "ranking_input", "input_key")
ALL: Routes = {"userId": [USERS], "itemId": [SEGMENTS, USERS], "itemList": [RANKING]}

SOLUTIONS = [
    Solution(name="popular", recipe="aws-popularity-count"),
    Solution(name="affinity", recipe="aws-item-affinity"),
    Solution(name="attributes", recipe="aws-item-attribute-affinity"),
    Solution(name="ranking", recipe="aws-personalized-ranking"),
    Solution(name="sims", recipe="aws-sims"),
]
LINES = {
    "users": b'{"userId": "1"}\n{"userId": "2"}\n',
    "items": b'{"itemId": "7"}\n',
    "attributes": b'{"itemAttributes": "ITEMS.GENRES = \\"Comedy\\""}\n',
    "lists": b'{"userId": "1", "itemList": ["7", "8"]}\n',
}


@pytest.mark.parametrize(
    ("question", "name", "job", "remark"),
    [
        ("userId", "users.json", "batch", ""),
        ("userId", "anything", "batch", ""),
        ("userId", "items.json", "batch", "asks by userId though its name says item: batch"),
        ("itemId", "items.json", "segments", ""),
        ("itemId", "x.json", "segments", ""),
        ("itemId", "similar-items.json", "batch", ""),
        ("itemId", "item segments of similar.json", "segments", ""),
        ("itemId", "users.json", "segments", "asks by itemId though its name says user: segments"),
        ("itemList", "users.json", "ranking", ""),
        ("itemList", "rank.json", "ranking", ""),
    ],
)
def test_choose_route__goes_by_content_and_then_by_name(
    question: Question, name: str, job: str, remark: str
) -> None:
    route = choose_route(question, name, ALL)

    assert isinstance(route, Route)
    assert (route.job_name, route.remark) == (job, remark)


@pytest.mark.parametrize(
    ("question", "name", "reason"),
    [
        (None, "a.json", 'not lines of {"userId": "..."} or {"itemId": "..."}'),
        (
            "itemAttributes",
            "users.json",
            "asks by itemAttributes though its name says user; batch jobs are declared for "
            "userId, itemId",
        ),
        ("itemList", "a", "asks by itemList; batch jobs are declared for userId, itemId"),
    ],
)
def test_choose_route__says_why_no_job_takes_a_file(
    question: Question | None, name: str, reason: str
) -> None:
    routes: Routes = {"userId": [USERS], "itemId": [SEGMENTS]}

    assert choose_route(question, name, routes) == Refusal(reason)


@pytest.fixture
def every_kind(deployment: Deployment, instance: dg.DagsterInstance) -> Bench:
    return make_bench(
        deployment,
        instance,
        solutions=SOLUTIONS,
        batch_inference=BatchInference(solution="popular"),
        batch_segment=BatchSegment(solution="affinity"),
        batch_ranking=BatchRanking(solution="ranking"),
    )


def test_batch_input__starts_the_job_that_a_file_is_for(every_kind: Bench) -> None:
    bench, group = every_kind, every_kind.graph.id
    keys = {kind: bench.put(f"{bench.inputs}{kind}", lines) for kind, lines in LINES.items()}

    requests = bench.requests()

    asked = {r.tags["personalize/key"]: (r.job_name, r.run_config["ops"]) for r in requests}
    assert asked == {
        keys[kind]: (f"{group}_{job}", {f"{group}_{asset}": {"config": {"input_key": keys[kind]}}})
        for kind, job, asset in [
            ("users", "batch", "batch_input"),
            ("items", "segments", "segment_input"),
            ("lists", "ranking", "ranking_input"),
        ]
    }
    bench.record([r for r in requests if r.job_name == f"{group}_segments"], job="segments")
    assert len(bench.requests()) == 2


def test_batch_input__knows_runs_of_jobs_that_are_declared_no_more(every_kind: Bench) -> None:
    every_kind.put(f"{every_kind.inputs}users.json")
    every_kind.record(every_kind.requests(), job="segments")

    assert "none of them new" in every_kind.reason()


@pytest.mark.parametrize(
    ("declared", "taken"),
    [
        ({"batch_inference": BatchInference(solution="sims")}, {"items": "batch"}),
        ({"batch_segment": BatchSegment(solution="affinity")}, {"items": "segments"}),
        ({"batch_segment": BatchSegment(solution="attributes")}, {"attributes": "segments"}),
        (
            {
                "batch_inference": BatchInference(solution="sims"),
                "batch_segment": BatchSegment(solution="affinity"),
            },
            {"items": "segments"},
        ),
        (
            {
                "batch_inference": BatchInference(solution="sims"),
                "batch_segment": BatchSegment(solution="attributes"),
            },
            {"items": "batch", "attributes": "segments"},
        ),
    ],
    ids=["related items", "affinity", "attributes", "both by item", "one by attribute"],
)
def test_batch_input__takes_only_what_is_declared(
    deployment: Deployment,
    instance: dg.DagsterInstance,
    declared: dict[str, Any],
    taken: dict[str, str],
) -> None:
    nothing = {"batch_inference": None}
    bench = make_bench(deployment, instance, solutions=SOLUTIONS, **(nothing | declared))
    for kind, lines in LINES.items():
        bench.put(f"{bench.inputs}{kind}", lines)

    found = {
        request.tags["personalize/key"].removeprefix(bench.inputs): request.job_name
        for request in bench.requests()
    }

    assert found == {kind: f"{bench.graph.id}_{job}" for kind, job in taken.items()}


def test_batch_input__refuses_an_empty_file(bench: Bench) -> None:
    key = bench.put(f"{bench.inputs}a.json", b"")

    assert bench.reason().endswith(f"not for this sensor: {key}: empty")


@pytest.mark.parametrize(
    ("sensor", "folder", "job", "asset"),
    [
        ("batch_results", "inference", "transform", "recommendations"),
        ("segment_results", "segments", "segments_transform", "user_segments"),
        ("ranking_results", "ranking", "ranking_transform", "rankings"),
    ],
)
def test_results__of_every_kind_start_their_transform(
    every_kind: Bench, sensor: str, folder: str, job: str, asset: str
) -> None:
    bench, group = every_kind, every_kind.graph.id
    results = bench.graph.attributes.prefixes.batch_results
    key = bench.put(f"{results}{folder}/elsewhere/x.json.out")

    (request,) = bench.requests(sensor)

    assert request.job_name == f"{group}_{job}"
    assert request.run_config == {"ops": {f"{group}_{asset}": {"config": {"output_key": key}}}}


def test_listed__names_few_and_counts_the_rest() -> None:
    assert listed(["a", "b\n", "c", "d", "e"]) == r'a, "b\n", c and 2 more'
