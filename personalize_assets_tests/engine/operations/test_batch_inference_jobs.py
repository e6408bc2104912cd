import json
from typing import Any

import pytest

from personalize_assets.engine.jobs import batch_files
from personalize_assets_tests.engine.operations.conftest import ROLE, World, refused


def describe(world: World, arn: str) -> dict[str, Any]:
    return world.api.describe_batch_inference_job(batchInferenceJobArn=arn)["batchInferenceJob"]


def place(path: str) -> dict[str, Any]:
    return {"s3DataSource": {"path": path}}


def target(path: str) -> dict[str, Any]:
    return {"s3DataDestination": {"path": path}}


def answers(world: World, key: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in world.get(key).splitlines()]


def version_of(world: World, recipe: str) -> str:
    return world.version(world.solution(world.filled_group(), recipe))


def test_create_batch_inference_job__recommends_to_users(world: World) -> None:
    version = version_of(world, "aws-user-personalization")
    world.put("queries/users.json", '{"userId": "u3"}\n{"userId":"u4", "context": {"X": "é"}}\n')
    arn = world.start_batch(version, "b1", numResults=7)
    assert arn == "arn:aws:personalize:us-east-1:123456789012:batch-inference-job/b1"
    assert describe(world, arn)["status"] == "CREATE PENDING"
    world.run()
    job = describe(world, arn)
    assert {name: job[name] for name in job if "DateTime" not in name} == {
        "jobName": "b1",
        "batchInferenceJobArn": arn,
        "solutionVersionArn": version,
        "numResults": 7,
        "jobInput": place(f"s3://{world.bucket}/queries/"),
        "jobOutput": target(f"s3://{world.bucket}/b1/"),
        "roleArn": ROLE,
        "batchInferenceJobMode": "BATCH_INFERENCE",
        "status": "ACTIVE",
    }
    first, second = answers(world, "b1/users.json.out")
    assert first["input"] == {"userId": "u3"}
    assert second["input"] == {"userId": "u4", "context": {"X": "é"}}
    for answer in (first, second):
        assert set(answer) == {"input", "output", "error"}
        assert answer["error"] is None
        assert len(set(answer["output"]["recommendedItems"])) == 7
        scores = answer["output"]["scores"]
        assert scores == sorted(scores, reverse=True)
        assert 0 < sum(scores) <= 1
        assert all(score == round(score, 7) for score in scores)
    assert world.get("b1/users.json.out").startswith('{"input":{"userId":"u3"},"output":{"recom')
    assert world.get("b1/_CHECK") == ""


def test_create_batch_inference_job__25_results_by_default(world: World) -> None:
    version = version_of(world, "aws-user-personalization")
    world.put("queries/users.json", '{"userId": "u3"}')
    job = world.start_batch(version)
    world.run()
    assert describe(world, job)["numResults"] == 25
    [answer] = answers(world, "batch/users.json.out")
    assert len(answer["output"]["recommendedItems"]) == 25


def test_batch__popularity_gives_everyone_the_same_without_scores(world: World) -> None:
    version = version_of(world, "aws-popularity-count")
    world.put("queries/users.json", '{"userId": "u3"}\n{"userId": "nobody"}')
    world.start_batch(version)
    world.run()
    known, unknown = answers(world, "batch/users.json.out")
    assert known["output"] == unknown["output"]
    assert set(known["output"]) == {"recommendedItems"}


def test_batch__sims_is_asked_about_items(world: World) -> None:
    version = version_of(world, "aws-sims")
    world.put("queries/items.json", '{"itemId": "i5"}\n{"itemId": "nothing"}\n{"userId": "u3"}')
    world.start_batch(version)
    world.run()
    known, unknown, wrong = answers(world, "batch/items.json.out")
    assert set(known["output"]) == {"recommendedItems"}
    assert len(known["output"]["recommendedItems"]) == 25
    assert unknown["output"]["recommendedItems"]
    assert known["output"] != unknown["output"]
    assert wrong == {
        "input": {"userId": "u3"},
        "output": {"recommendedItems": []},
        "error": "User error: Required fields for the provided recipe are itemId",
    }


def test_batch__unknown_users_get_popular_items(world: World) -> None:
    version = version_of(world, "aws-user-personalization")
    world.put("queries/users.json", '{"userId": "nobody"}\n{"userId": "no one"}')
    world.start_batch(version)
    world.run()
    one, two = answers(world, "batch/users.json.out")
    assert one["error"] is None
    assert len(one["output"]["recommendedItems"]) == 25
    assert one["output"] == two["output"]


def test_batch__broken_lines_fail_alone(world: World) -> None:
    version = version_of(world, "aws-popularity-count")
    lines = [
        '{"userId": "u1"}',
        "not json",
        "[1]",
        "",
        '{"itemId": "i1"}',
        '{"userId": 7}',
        '{"userId": ""}',
        json.dumps({"userId": "x" * 257}),
        '{"userId": "\xff"}',
        '{"userId": "u2"}',
    ]
    text = "\r\n".join(lines).encode("latin-1")
    world.put("queries/users.json", b"\xef\xbb\xbf" + text)
    job = world.start_batch(version)
    world.run()
    assert describe(world, job)["status"] == "ACTIVE"
    found = answers(world, "batch/users.json.out")
    needed = "User error: Required fields for the provided recipe are userId"
    assert [answer["error"] for answer in found] == [
        None,
        "User error: the line is not JSON (Expecting value: line 1 column 1 (char 0)): 'not json'",
        "User error: the line is not a JSON object: '[1]'",
        needed,
        "User error: userId must be a string of at most 256 characters",
        needed,
        "User error: userId must be a string of at most 256 characters",
        'User error: the line is not UTF-8: \'{"userId": "\\udcff"}\'',
        None,
    ]
    assert [bool(answer["output"]["recommendedItems"]) for answer in found] == [
        answer["error"] is None for answer in found
    ]


def test_batch__input_is_a_prefix(world: World) -> None:
    version = version_of(world, "aws-popularity-count")
    query = '{"userId": "u1"}\n'
    for key in ("in/a.json", "in/deep/a.json", "in_too/b.json", "other/c.json"):
        world.put(key, query)
    world.start_batch(version, "open", jobInput=place(f"s3://{world.bucket}/in"))
    world.start_batch(version, "closed", jobInput=place(f"s3://{world.bucket}/in/"))
    world.start_batch(version, "one", jobInput=place(f"s3://{world.bucket}/in/a.json"))
    world.run()

    def files(folder: str) -> set[str]:
        root = world.s3.root / world.bucket / folder
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    assert files("open") == {"_CHECK", "in/a.json.out", "in/deep/a.json.out", "in_too/b.json.out"}
    assert files("closed") == {"_CHECK", "a.json.out", "deep/a.json.out"}
    assert files("one") == {"_CHECK", "a.json.out"}


@pytest.mark.parametrize(
    ("source", "out", "reason"),
    [
        ("s3://{b}/nothing/", "s3://{b}/out/", "Invalid S3 input path: no object begins with s3:"),
        ("s3://no-such-bucket/x", "s3://{b}/out/", "Invalid S3 input path: s3://no-such-bucket/x"),
        ("s3://{b}/queries/", "s3://no-such-bucket/x/", "Invalid S3 output path: s3://no-such-bu"),
    ],
)
def test_batch__paths_that_do_not_work(world: World, source: str, out: str, reason: str) -> None:
    version = version_of(world, "aws-popularity-count")
    world.put("queries/users.json", '{"userId": "u1"}')
    job = world.start_batch(
        version,
        jobInput=place(source.format(b=world.bucket)),
        jobOutput=target(out.format(b=world.bucket)),
    )
    world.run()
    assert describe(world, job)["status"] == "CREATE FAILED"
    assert describe(world, job)["failureReason"].startswith(reason)


@pytest.mark.parametrize(("limit", "most"), [("MAX_BATCH_FILES", 1), ("MAX_BATCH_BYTES", 30)])
def test_batch__too_much_input(
    world: World, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    version = version_of(world, "aws-popularity-count")
    for name in ("a", "b"):
        world.put(f"queries/{name}.json", '{"userId": "u1"}')
    monkeypatch.setattr(batch_files, limit, most)
    job = world.start_batch(version)
    world.run()
    assert describe(world, job)["failureReason"].startswith(
        f"Invalid S3 input path: 2 files with 32 bytes begin with s3://{world.bucket}/queries/; "
    )
    assert str(most) in describe(world, job)["failureReason"]


@pytest.fixture
def untrained(world: World) -> str:
    """A version that only says that it is ACTIVE, for checks that come before the work."""
    version = world.version(world.solution(world.group(), "aws-popularity-count"))
    world.set_status(version, "ACTIVE")
    return version


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"jobInput": place("s3://bucket")}, "Invalid S3 input path: 's3://bucket' is not of"),
        ({"jobInput": place("https://bucket/x")}, "Invalid S3 input path"),
        ({"jobOutput": target("s3://bucket")}, "Invalid S3 output path"),
        ({"jobOutput": target("s3://bucket/x")}, "Invalid S3 output path: s3://bucket/x must be a"),
        (
            {"jobInput": place("s3://bucket/x/"), "jobOutput": target("s3://bucket/x/")},
            "Invalid S3 output path: s3://bucket/x/ must be different from the input path",
        ),
        ({"numResults": 0}, "numResults must be from 1 to 500, got 0"),
        ({"numResults": 501}, "numResults must be from 1 to 500, got 501"),
        (
            {"batchInferenceJobMode": "THEME_GENERATION"},
            "aws-popularity-count cannot generate themes; aws-similar-items can",
        ),
        (
            {"themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "TITLE"}}},
            "themeGenerationConfig is only for batchInferenceJobMode THEME_GENERATION",
        ),
        (
            {"batchInferenceJobConfig": {"itemExplorationConfig": {"explorationWeight": "0.3"}}},
            "aws-popularity-count does not take itemExplorationConfig",
        ),
        (
            {"batchInferenceJobConfig": {"rankingInfluence": {"POPULARITY": 0.5}}},
            "aws-popularity-count does not take rankingInfluence",
        ),
    ],
)
def test_create_batch_inference_job__refuses(
    world: World, untrained: str, changes: dict[str, Any], message: str
) -> None:
    with refused("InvalidInput", message):
        world.start_batch(untrained, **changes)


@pytest.mark.parametrize(
    ("exploration", "message"),
    [
        ({"explorationWeight": "1.1"}, "must be a number from 0.0 to 1.0 as a string, got '1.1'"),
        ({"explorationWeight": "much"}, "must be a number from 0.0 to 1.0 as a string"),
        ({"explorationItemAgeCutOff": "0"}, "must be a number of at least 1.0 as a string"),
        ({"weight": "1"}, "itemExplorationConfig has no 'weight'"),
    ],
)
def test_create_batch_inference_job__exploration(
    world: World, exploration: dict[str, str], message: str
) -> None:
    version = world.version(world.solution(world.group(), "aws-user-personalization"))
    world.set_status(version, "ACTIVE")
    with refused("InvalidInput", message):
        world.start_batch(version, batchInferenceJobConfig={"itemExplorationConfig": exploration})
    kept = {"itemExplorationConfig": {"explorationWeight": "0.30"}}
    job = world.start_batch(version, batchInferenceJobConfig=kept)
    assert describe(world, job)["batchInferenceJobConfig"] == kept


def test_create_batch_inference_job__unknown_filter(world: World, untrained: str) -> None:
    arn = "arn:aws:personalize:us-east-1:123456789012:filter/f"
    with refused("ResourceNotFound", f"The given filter does not exist: {arn}"):
        world.start_batch(untrained, filterArn=arn)


def test_create_batch_inference_job__version_is_not_active(world: World) -> None:
    solution = world.solution(world.group())
    version = world.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        world.start_batch(version)


def test_create_batch_inference_job__needs_the_arn_of_a_version(world: World) -> None:
    solution = world.solution(world.group())
    with refused("InvalidInput", "is the ARN of a solution; that of a solution version is needed"):
        world.start_batch(solution)
    with refused("ResourceNotFound", "The given solution version does not exist"):
        world.start_batch(f"{solution}/$LATEST")


def test_create_batch_inference_job__name_is_taken(world: World, untrained: str) -> None:
    world.start_batch(untrained)
    with refused("ResourceAlreadyExists", "batch-inference-job/batch already exists."):
        world.start_batch(untrained)


def test_create_batch_inference_job__sixth_at_a_time(world: World, untrained: str) -> None:
    for number in range(5):
        world.start_batch(untrained, f"b{number}")
    with refused("LimitExceeded", "More than 5 resources with PENDING or IN_PROGRESS status."):
        world.start_batch(untrained)


def test_list_batch_inference_jobs__of_a_version(world: World, untrained: str) -> None:
    job = world.start_batch(untrained)
    [summary] = world.api.list_batch_inference_jobs(solutionVersionArn=untrained)[
        "batchInferenceJobs"
    ]
    assert summary["batchInferenceJobArn"] == job
    assert set(summary) == {
        "batchInferenceJobArn",
        "jobName",
        "status",
        "creationDateTime",
        "lastUpdatedDateTime",
        "solutionVersionArn",
        "batchInferenceJobMode",
    }
