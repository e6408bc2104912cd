"""From the output of a batch job in S3 to titled recommendations, rankings or segments in S3.

Results lie in the job's own folder and are never written over by a later job; copies of the newest
lie under the classic keys of the pipeline that this one replaces, and only those are replaced.
"""

# pyarrow ships no types.
# pyright: standard, reportAttributeAccessIssue=false

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from personalize_assets.aws.manifests import read_manifest, write_manifest
from personalize_assets.aws.objects import Bucket
from personalize_assets.core.batch_format import ItemTitles, ResultPaths, transform_batch_output
from personalize_assets.core.columns import Columns

LIKED_TITLES = 10


@dataclass(frozen=True)
class UserPreview:
    """One user's recommendations beside what the user liked, as titles, best first.

    Of a segment: the item or attribute, its title, and the first users.
    """

    user_id: str
    liked: Sequence[str]
    recommended: Sequence[str]


@dataclass(frozen=True)
class Results:
    """Titled recommendations of one job.

    Attributes:
        keys: Keys by name: ``output``, ``transformed``, ``failed``, and the tidy table by what its
            rows are: ``recommendations``, ``rankings`` or ``segments``.
        sha256: Digest of the transformed file.
        input_lines: Lines that were asked.
        users: Lines with an answer.
        rows: Recommended items, or users of segments, in all.
        failed_lines: Lines without, with their reasons in the file ``failed``.
        unexpected_lines: Lines of the output that no input line asked for; 0, or the job is odd.
        reasons: How often each reason occurs.
        preview: A few users.
        unchanged: Whether the results had been there before.
    """

    keys: Mapping[str, str]
    sha256: str
    input_lines: int
    users: int
    rows: int
    failed_lines: int
    unexpected_lines: int
    reasons: Mapping[str, int]
    preview: Sequence[UserPreview]
    unchanged: bool = False


Rows = Literal["recommendations", "rankings", "segments"]
"""What a job answered with; the name of its tidy table."""


def transform_results(
    bucket: Bucket,
    *,
    rows: Rows = "recommendations",
    output_key: str,
    input_key: str | None,
    items_key: str | None,
    interactions_key: str,
    classic_folder: str,
) -> Results:
    """Write titled recommendations beside the job's output, and copies under the classic keys.

    Args:
        bucket: The pipeline's bucket.
        rows: What the job answered with.
        output_key: What the service wrote.
        input_key: What it was asked; None if that is not known.
        items_key: Parquet file of the cleaned items, for titles; None titles items by their ids.
        interactions_key: Parquet file of the cleaned interactions, for the preview.
        classic_folder: Folder of the newest copies, ending in a slash.

    Raises:
        ObjectNotFound: One of the keys is not there.
    """
    folder = output_key.rpartition("/")[0] + "/"
    manifest_key = f"{folder}manifest.json"
    sources = [key for key in (output_key, input_key, items_key, interactions_key) if key]
    inputs = {key: found.etag if (found := bucket.head(key)) else None for key in sources}
    results = read_manifest(bucket, manifest_key, inputs, Results)
    if results is None:
        results = _transform(
            bucket, folder, rows, output_key, input_key, items_key, interactions_key
        )
        write_manifest(bucket, manifest_key, inputs, results.keys.values(), results)
    else:
        results = replace(results, unchanged=True)
    for name in ("output", "transformed"):
        key = results.keys[name]
        _copy_if_different(bucket, key, f"{classic_folder}{key.rpartition('/')[2]}")
    return results


def _transform(
    bucket: Bucket,
    folder: str,
    rows: Rows,
    output_key: str,
    input_key: str | None,
    items_key: str | None,
    interactions_key: str,
) -> Results:
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        paths = ResultPaths.in_folder(work, rows)
        output = work / output_key.rpartition("/")[2]
        bucket.get_file(output_key, output)
        asked = None
        if input_key is not None:
            asked = work / "input" / input_key.rpartition("/")[2]
            bucket.get_file(input_key, asked)
        if rows != "segments":
            bucket.get_file(interactions_key, work / "interactions.parquet")
        titles = _titles(bucket, items_key, work / "items.parquet")
        report = transform_batch_output(
            output,
            titles,
            paths,
            expected_inputs=asked,
            member="usersList" if rows == "segments" else "recommendedItems",
        )
        stored = {
            path.stem: bucket.put_file(path, f"{folder}{path.name}")
            for path in (paths.transformed, paths.tidy, paths.failed)
        }
        shown = [asked_for for asked_for, _ in report.preview]
        if rows == "segments":
            beside = {query: titles_of(titles, [query]) for query in shown}
        else:
            # The filter works while reading: a few users of many millions of rows are kept.
            interactions = pq.read_table(
                work / "interactions.parquet",
                filters=pc.field(Columns.USER_ID).isin(pa.array(shown, pa.string())),
            )
            beside = liked_titles(interactions, titles, shown)
    return Results(
        keys={"output": output_key, **{name: file.key for name, file in stored.items()}},
        sha256=stored["transformed"].sha256,
        input_lines=report.inputs,
        users=report.users,
        rows=report.rows,
        failed_lines=report.failed,
        unexpected_lines=report.unexpected,
        reasons=report.reasons,
        preview=[UserPreview(query, beside[query], list(found)) for query, found in report.preview],
    )


def titles_of(titles: ItemTitles, ids: Sequence[str]) -> list[str]:
    """What items are called; an id that the catalogue does not know is its own title."""
    wanted = pa.array(ids, pa.string())
    rows = pc.index_in(wanted, value_set=titles.item_ids)
    return pc.coalesce(titles.titles.take(rows), wanted).to_pylist()


def liked_titles(
    interactions: pa.Table, titles: ItemTitles, users: Sequence[str]
) -> dict[str, list[str]]:
    """Labels of what each user liked most: highest EVENT_VALUE first, then newest.

    Args:
        interactions: USER_ID, ITEM_ID, TIMESTAMP, and where there is one EVENT_VALUE.
        titles: What the items are called.
        users: Ids to look up; one without interactions gets an empty list.
    """
    labels = dict(zip(titles.item_ids.to_pylist(), titles.labels.to_pylist(), strict=True))
    order = [("TIMESTAMP", "descending")]
    if Columns.EVENT_VALUE in interactions.column_names:
        order.insert(0, ("EVENT_VALUE", "descending"))
    wanted = pa.array(users, pa.string())
    rows = interactions.filter(pc.is_in(interactions[Columns.USER_ID], wanted)).sort_by(order)
    liked: dict[str, list[str]] = {user: [] for user in users}
    for row in rows.select([Columns.USER_ID, Columns.ITEM_ID]).to_pylist():
        of_user = liked[row[Columns.USER_ID]]
        if len(of_user) < LIKED_TITLES:
            of_user.append(labels.get(row[Columns.ITEM_ID], row[Columns.ITEM_ID]))
    return liked


def _titles(bucket: Bucket, items_key: str | None, path: Path) -> ItemTitles:
    if items_key is None:
        return ItemTitles.from_table(pa.table({Columns.ITEM_ID: pa.array([], pa.string())}))
    bucket.get_file(items_key, path)
    return ItemTitles.from_file(path)


def _copy_if_different(bucket: Bucket, source: str, target: str) -> None:
    newest, there = bucket.head(source), bucket.head(target)
    if newest is None or there is None or (newest.etag, newest.size) != (there.etag, there.size):
        bucket.copy(source, target)
