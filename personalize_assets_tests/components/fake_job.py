"""A double of the Spark job: the embedded engine carries out its orders, in parts as Spark does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.core.cleaning import (
    CleaningReport,
    CleaningRules,
    EntitiesReport,
    EventRule,
    OutputPaths,
)
from personalize_assets.core.movielens import Layout, RawDataError
from personalize_assets.core.preparing import prepare_interactions, prepare_items, prepare_users
from personalize_assets.spark.order import REFUSAL, REPORT, Order
from personalize_assets.spark.report import Field, Part, Report

PARTS = 3


@dataclass(frozen=True)
class Work:
    """Files of an order on this machine."""

    order: Order
    raw: Path
    items: Path | None
    folder: Path

    def carry_out(self) -> dict[str, bytes]:
        """Clean; return what the job would write, by name, the report last."""
        out = OutputPaths.in_folder(self.folder / "whole", self.order.dataset)
        try:
            cleaned = self._clean(out)
        except RawDataError as error:
            return {REFUSAL: json.dumps({"message": str(error)}).encode()}
        header, _, body = out.csv.read_bytes().partition(b"\n")
        rows = _cut(body)
        written = {
            "csv": {f"part-{n:05}.txt": part for n, part in enumerate(rows)},
            "quarantine": {
                f"part-{n:05}.txt": part
                for n, part in enumerate(_cut(out.quarantine.read_bytes().partition(b"\n")[2]))
            },
            "parquet": self._parquet(pq.read_table(out.parquet)),
        }
        report = _report(cleaned, header.decode(), written)
        files = {f"{folder}/{n}": c for folder, parts in written.items() for n, c in parts.items()}
        return {**files, REPORT: report.to_json().encode()}

    def _clean(self, out: OutputPaths) -> CleaningReport | EntitiesReport:
        assert self.order.layout is not None
        name = self.order.name
        source = Layout(self.order.layout, name, name, name)
        if self.order.dataset == "items":
            return prepare_items(self.raw, source, out)
        if self.order.dataset == "users":
            return prepare_users(self.raw, source, out)
        known = None if self.items is None else pq.read_table(self.items, columns=["ITEM_ID"])[0]
        declared = self.order.rules
        events = tuple(
            EventRule(event_type=rule.event_type, above=rule.above_micros / 1e6)
            for rule in declared.events
        )
        rules = CleaningRules(events=events, mode=declared.mode, fraction=declared.fraction)
        return prepare_interactions(self.raw, source, known, rules, out)

    def _parquet(self, table: pa.Table) -> dict[str, bytes]:
        # Spark writes every column as one that may be empty.
        loose = table.cast(pa.schema([field.with_nullable(True) for field in table.schema]))
        half, parts = loose.num_rows // 2, {}
        for number, piece in enumerate((loose.slice(0, half), loose.slice(half))):
            path = self.folder / "piece.parquet"
            pq.write_table(piece, path)
            parts[f"part-{number:05}.snappy.parquet"] = path.read_bytes()
        return parts


def _cut(content: bytes) -> list[bytes]:
    """Lines in a few parts; as in Spark, some may be large and others small."""
    lines = content.splitlines(keepends=True)
    step = len(lines) // PARTS + 1
    return [b"".join(lines[n : n + step]) for n in range(0, len(lines), step)]


def _report(
    cleaned: CleaningReport | EntitiesReport,
    header: str,
    written: Mapping[str, Mapping[str, bytes]],
) -> Report:
    of_events = isinstance(cleaned, CleaningReport)
    return Report(
        header=header,
        schema=[Field(one.name, str(one.type), one.nullable) for one in cleaned.schema],
        accounts=vars(cleaned.accounts),
        reasons=dict(cleaned.reasons),
        preview=[list(row.values()) for row in cleaned.preview.to_pylist()],
        parts={
            folder: [Part(name, len(content)) for name, content in parts.items()]
            for folder, parts in written.items()
        },
        seconds=cleaned.seconds,
        spark="0.0-double",
        users=cleaned.users if of_events else None,
        items=cleaned.items if of_events else None,
        users_with_two_or_more=cleaned.users_with_two_or_more if of_events else None,
        event_counts=dict(cleaned.event_counts) if of_events else {},
        min_timestamp=cleaned.min_timestamp if of_events else None,
        max_timestamp=cleaned.max_timestamp if of_events else None,
    )
