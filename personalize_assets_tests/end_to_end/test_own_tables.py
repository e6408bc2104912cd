"""The example of docs/: a dataset group that is not MovieLens, from a CSV and a parquet file."""

import csv
from pathlib import Path

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.resources import resources_of
from personalize_assets_tests.end_to_end.conftest import Pipeline

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "shop" / "defs.yaml"
CUSTOMERS, PRODUCTS = 80, 40


def write_shop(folder: Path) -> None:
    """Customers of two tastes, each for one half of the products; one broken row."""
    rng = np.random.default_rng(7)
    with (folder / "orders.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["at", "customer", "sku", "what", "note"])
        for customer in range(CUSTOMERS):
            taste = customer % 2 * PRODUCTS // 2
            chosen = rng.permutation(PRODUCTS // 2)[:15] + taste
            for step, product in enumerate(chosen):
                moment = 1_700_000_000 + int(rng.integers(0, 1000)) + step * 3600
                writer.writerow([moment, f"c-{customer}", f"sku {product}", "view", "x"])
        writer.writerow(["yesterday", "c-1", "sku 1", "view", "not a time"])
    products = {
        "sku": [f"sku {n}" for n in range(PRODUCTS)],
        "category": ["books" if n < PRODUCTS // 2 else "games" for n in range(PRODUCTS)],
        "price": [float(n) + 0.5 for n in range(PRODUCTS)],
        "name": [f'Product "{n}", new' for n in range(PRODUCTS)],
    }
    pq.write_table(pa.table(products), folder / "products.parquet")


@pytest.fixture(scope="module")
def shop(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder)
    bucket = pipeline.bucket
    bucket.ensure(create=True)
    for name in ("orders.csv", "products.parquet"):
        bucket.put_file(folder / name, f"shop/raw_data/{name}")
    component = PersonalizeDatasetGroup.resolve_from_dict(load_attributes())
    definitions = dg.Definitions.merge(
        component.build_defs(dg.ComponentTree.for_test().load_context),
        dg.Definitions(resources=resources_of(pipeline.deployment)),
    )
    shop = Pipeline(pipeline.deployment, pipeline.instance, definitions)
    result = shop.run("shop_main")
    assert result.success
    return shop


def load_attributes() -> dict:
    yaml = pytest.importorskip("yaml")
    attributes = yaml.safe_load(EXAMPLE.read_text())["attributes"]
    return attributes | {"comparison": None}  # test_main_job has one


def test_shop__accounts_for_its_rows(shop: Pipeline) -> None:
    counts = shop.metadata("shop", "cleaned_interactions")

    assert counts["rows_read"] == CUSTOMERS * 15 + 1
    assert counts["dagster/row_count"] == CUSTOMERS * 15
    assert counts["quarantined"] == 1


def test_shop__learns_the_two_tastes(shop: Pipeline, tmp_path: Path) -> None:
    job = shop.metadata("shop", "batch_inference")
    tidy = job["output_key"].rpartition("/")[0] + "/recommendations.parquet"
    shop.bucket.get_file(tidy, tmp_path / "tidy.parquet")
    rows = pq.read_table(tmp_path / "tidy.parquet").to_pandas()

    taste = rows["user_id"].str.removeprefix("c-").astype(int) % 2
    found = rows["item_id"].str.removeprefix("sku ").astype(int) >= PRODUCTS // 2
    assert len(rows) == CUSTOMERS * 5
    assert (taste == found).mean() > 0.95


def test_shop__keeps_odd_titles(shop: Pipeline, tmp_path: Path) -> None:
    job = shop.metadata("shop", "batch_inference")
    folder = job["output_key"].rpartition("/")[0]
    shop.bucket.get_file(f"{folder}/transformed.parquet", tmp_path / "t.parquet")
    row = pq.read_table(tmp_path / "t.parquet").to_pylist()[0]

    assert row["userId"].startswith("c-")
    assert row["Recommendations"].count('", new') == 5
