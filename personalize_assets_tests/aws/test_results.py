"""From a job's output to titled recommendations, where every line failed."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.results import transform_results


def test_transform_results__job_without_a_single_answer(bucket: Bucket, tmp_path: Path) -> None:
    interactions = {"USER_ID": ["u1"], "ITEM_ID": ["i1"], "TIMESTAMP": [1]}
    pq.write_table(pa.table(interactions), tmp_path / "interactions.parquet")
    bucket.put_file(tmp_path / "interactions.parquet", "results/interactions.parquet")
    failed = b'{"input":{},"output":{"recommendedItems":[]},"error":"User error: no"}\n'
    bucket.write_bytes("results/job/users.json.out", failed)

    results = transform_results(
        bucket,
        output_key="results/job/users.json.out",
        input_key=None,
        items_key=None,
        interactions_key="results/interactions.parquet",
        classic_folder="results/",
    )

    assert (results.users, results.rows, results.failed_lines) == (0, 0, 1)
    assert list(results.preview) == []
