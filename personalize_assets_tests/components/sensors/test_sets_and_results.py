"""The sensor of raw data, which takes complete sets, and that of results, which takes foreign ones.

As in the tests beside it, runs are entered into the run storage without being executed.
"""

import json
import os
from pathlib import Path

import dagster as dg
import pytest

from personalize_assets.aws import raw_data
from personalize_assets.aws.deployment import Deployment
from personalize_assets.components.assets.raw import build_raw_assets
from personalize_assets.components.attributes import Retraining
from personalize_assets.components.sensors import ARRIVAL_TAG
from personalize_assets_tests.components.sensor_bench import Bench, keys_of, make_bench

RATINGS = b"userId,movieId,rating,timestamp\n1,2,4.0,1000000000\n"
MOVIES = b"movieId,title,genres\n2,Toy Story (1995),Comedy\n"


def put_raw(bench: Bench) -> None:
    bench.put(f"{bench.raw}ratings.csv", RATINGS)
    bench.put(f"{bench.raw}movies.csv", MOVIES)


def materialize_raw(bench: Bench) -> str:
    done = dg.materialize(
        build_raw_assets(bench.graph), instance=bench.instance, resources={"s3": bench.s3}
    )
    return done.run_id


def test_raw_data__waits_for_a_complete_set(bench: Bench) -> None:
    assert "Copy a MovieLens release there" in bench.reason("raw_data")
    bench.put(f"{bench.raw}ratings.csv", RATINGS)

    assert f"s3://{bench.bucket.name}/{bench.raw}: " in bench.reason("raw_data")


def test_raw_data__asks_for_one_run_of_a_complete_set(bench: Bench) -> None:
    put_raw(bench)

    first = bench.requests("raw_data")

    assert [request.tags for request in first] == [{ARRIVAL_TAG: first[0].run_key}]
    assert bench.requests("raw_data") == first
    bench.record(first, job="main", status=dg.DagsterRunStatus.FAILURE)
    assert bench.reason("raw_data") == (
        f"this set of files had its run of {bench.graph.id}_main: run that again, or copy the "
        "files anew"
    )


def test_raw_data__leaves_a_set_that_a_run_took_by_itself(bench: Bench) -> None:
    put_raw(bench)
    run_id = materialize_raw(bench)

    assert bench.reason("raw_data") == f"this set of files was taken by run {run_id}"


@pytest.mark.parametrize("name", ["ratings.csv", "movies.csv"])
def test_raw_data__a_replaced_file_makes_a_new_set(bench: Bench, name: str) -> None:
    put_raw(bench)
    first = bench.requests("raw_data")
    bench.record(first, job="main")
    materialize_raw(bench)
    bench.put(f"{bench.raw}{name}", (RATINGS if name == "ratings.csv" else MOVIES) + b"\n")

    second = bench.requests("raw_data")

    assert second[0].run_key != first[0].run_key


def test_raw_data__other_files_beside_the_set_do_not_matter(bench: Bench) -> None:
    put_raw(bench)
    materialize_raw(bench)
    bench.put(f"{bench.raw}README.txt", b"hello")

    assert "was taken by run" in bench.reason("raw_data")


@pytest.mark.parametrize(
    "retraining",
    [
        Retraining(after_new_interactions=1_000),
        Retraining(full="0 3 * * 1", after_new_files=False),
    ],
)
def test_raw_data__only_imports_where_training_waits(
    deployment: Deployment, instance: dg.DagsterInstance, retraining: Retraining
) -> None:
    bench = make_bench(deployment, instance, retraining=retraining)
    put_raw(bench)

    assert bench.sensors["raw_data"].job_name == f"{bench.graph.id}_ingestion"
    # A set that had its run of everything, before this was declared, is not taken again.
    bench.record(bench.requests("raw_data"), job="main")
    assert "had its run" in bench.reason("raw_data")


def test_raw_data__says_where_a_prefix_holds_too_much(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_data, "MAX_OBJECTS", 2)
    put_raw(bench)
    bench.put(f"{bench.raw}README.txt", b"hello")

    assert "more than 2 objects in " in bench.reason("raw_data")


def test_raw_data__waits_while_a_file_of_the_set_grows(patient: Bench) -> None:
    put_raw(patient)
    ratings = f"{patient.raw}ratings.csv"
    both = f"still being written: {ratings}, {patient.raw}movies.csv"

    assert patient.reason("raw_data") == both
    patient.put(ratings, RATINGS + RATINGS[-20:])
    assert patient.reason("raw_data") == f"still being written: {ratings}"
    assert len(patient.requests("raw_data")) == 1


def put_manifest(bench: Bench, output: str) -> None:
    content = {"inputs": "x", "outputs": {}, "content": {"keys": {"output": output}}}
    folder = output.rpartition("/")[0]
    bench.put(f"{folder}/manifest.json", json.dumps(content).encode())


def test_batch_results__takes_a_foreign_output(bench: Bench) -> None:
    key = bench.put(f"{bench.results}from elsewhere/users.json.out")
    bench.put(f"{bench.results}from elsewhere/transformed.parquet")

    (request,) = bench.requests("batch_results")

    operation = f"{bench.graph.id}_recommendations"
    assert request.run_config == {"ops": {operation: {"config": {"output_key": key}}}}
    bench.record([request], job="transform")
    assert "none of them new" in bench.reason("batch_results")


def test_batch_results__ignores_what_was_transformed_and_the_classic_copies(bench: Bench) -> None:
    output = bench.put(f"{bench.results}job-1/users.json.out")
    put_manifest(bench, output)
    copied = bench.put(f"{bench.results}users.json.out")

    assert bench.reason("batch_results") == (
        f"2 objects under {bench.results}, none of them new; not for this sensor: "
        f"{output}: transformed already, {copied}: a copy of the newest result"
    )


def test_batch_results__takes_the_other_output_of_a_folder(bench: Bench) -> None:
    put_manifest(bench, bench.put(f"{bench.results}elsewhere/a.json.out"))
    other = bench.put(f"{bench.results}elsewhere/b.json.out")
    os.utime(bench.folder / other, (1_700_000_000, 1_700_000_000))

    assert keys_of(bench.requests("batch_results")) == [other]


def test_batch_results__takes_an_output_that_is_newer_than_its_manifest(bench: Bench) -> None:
    output = bench.put(f"{bench.results}elsewhere/a.json.out")
    put_manifest(bench, output)
    manifest = bench.folder / f"{bench.results}elsewhere/manifest.json"
    os.utime(manifest, (1_700_000_000, 1_700_000_000))

    assert keys_of(bench.requests("batch_results")) == [output]


def test_batch_results__leaves_its_own_jobs_results_to_the_run_at_work(
    deployment: Deployment, tmp_path: Path
) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        bench = make_bench(deployment, instance)
        own = bench.put(f"{bench.results}{bench.graph.attributes.name}-popular-1f/users.json.out")
        request = dg.RunRequest(run_key="x", tags={ARRIVAL_TAG: "x"})
        bench.record([request], status=dg.DagsterRunStatus.STARTED)
        (run,) = instance.get_runs()

        assert bench.reason("batch_results") == (
            f"1 objects under {bench.results}, none of them new; "
            f"looked at again: {own}: left to run {run.run_id}, which is at work"
        )
        foreign = bench.put(f"{bench.results}elsewhere/users.json.out")
        assert keys_of(bench.requests("batch_results")) == [foreign]
        instance.run_storage.delete_run(run.run_id)
        assert keys_of(bench.requests("batch_results")) == [foreign, own]
