"""The table of resources: insert, read, change, list.

Holds rows of every kind alike. Knows no rules of the API: who may be deleted or how many there may
be is decided by operations.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.engine.store.database import Database
from personalize_assets.engine.store.records import Resource, resource_of


class DuplicateResource(Exception):
    """The ARN, or the name of a solution version within its solution, is taken."""


class ResourceTable:
    """Resources of all accounts and regions.

    Args:
        database: Where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, resource: Resource) -> None:
        """Add a resource.

        Raises:
            DuplicateResource: Its ARN or name is taken.
        """
        try:
            self._database.write(
                "INSERT INTO resources (arn, kind, account, region, name, parent_arn, group_arn,"
                " status, failure_reason, created_at, updated_at, body, hidden)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                resource.arn,
                resource.kind.value,
                resource.account,
                resource.region,
                resource.name,
                resource.parent_arn,
                resource.group_arn,
                resource.status,
                resource.failure_reason,
                resource.created_at.timestamp(),
                resource.updated_at.timestamp(),
                json.dumps(resource.body),
                json.dumps(resource.hidden),
            )
        except sqlite3.IntegrityError as error:
            if "UNIQUE" not in str(error):
                raise
            raise DuplicateResource(resource.arn) from error

    def get(self, arn: str) -> Resource | None:
        """The resource with that ARN, or None."""
        rows = self._database.query("SELECT * FROM resources WHERE arn = ?", arn)
        return resource_of(rows[0]) if rows else None

    def set_status(
        self, arn: str, status: str, now: datetime, failure_reason: str | None = None
    ) -> None:
        """Record a new status, with the reason if it is a failure."""
        self._database.write(
            "UPDATE resources SET status = ?, failure_reason = ?, updated_at = ? WHERE arn = ?",
            status,
            failure_reason,
            now.timestamp(),
            arn,
        )

    def merge(
        self,
        arn: str,
        *,
        body: Mapping[str, Any] | None = None,
        hidden: Mapping[str, Any] | None = None,
    ) -> None:
        """Add or replace members of the body and of what is hidden; a value None removes one."""
        self._database.write(
            "UPDATE resources SET body = json_patch(body, ?), hidden = json_patch(hidden, ?)"
            " WHERE arn = ?",
            json.dumps(dict(body or {})),
            json.dumps(dict(hidden or {})),
            arn,
        )

    def set_member(self, arn: str, member: str, value: Any) -> None:
        """Replace one member of the body whole, where `merge` would mix nested objects."""
        self._database.write(
            "UPDATE resources SET body = json_set(body, ?, json(?)) WHERE arn = ?",
            f"$.{member}",
            json.dumps(value),
            arn,
        )

    def delete(self, arn: str) -> None:
        """Remove a resource with its tags and jobs; its children must be gone."""
        self._database.write("DELETE FROM resources WHERE arn = ?", arn)

    def remove(
        self, *, account: str | None = None, region: str | None = None, group: str | None = None
    ) -> int:
        """Remove resources, whatever depends on them, with all rows that belong to them.

        Args:
            account: Only of this account.
            region: Only of this region.
            group: Only this dataset group and what is in it.

        Returns:
            How many there were.
        """
        # Parents may go before children here, because both go.
        self._database.write("PRAGMA defer_foreign_keys = ON")
        return self._database.write(
            "DELETE FROM resources WHERE (?1 IS NULL OR account = ?1)"
            " AND (?2 IS NULL OR region = ?2) AND (?3 IS NULL OR arn = ?3 OR group_arn = ?3)",
            account,
            region,
            group,
        )

    def statistics(self) -> Counter[tuple[str, str | None]]:
        """How many resources there are by kind and status."""
        rows = self._database.query(
            "SELECT kind, status, count(*) FROM resources GROUP BY kind, status"
        )
        return Counter({(row[0], row[1]): row[2] for row in rows})

    def find(
        self,
        kind: Kind,
        *,
        account: str | None = None,
        region: str | None = None,
        parent: str | None = None,
        group: str | None = None,
        statuses: Collection[str] | None = None,
        before: int | None = None,
        limit: int = -1,
    ) -> list[Resource]:
        """Resources of one kind, the newest first.

        Args:
            kind: What to list.
            account: Only of this account.
            region: Only of this region.
            parent: Only children of this ARN.
            group: Only of this dataset group.
            statuses: Only in one of these states.
            before: Only what was made before the resource with this sequence number.
            limit: At most so many; -1 gives all.
        """
        where, values = _conditions(kind, account, region, parent, group, statuses)
        if before is not None:
            where += " AND sequence < ?"
            values.append(before)
        rows = self._database.query(
            f"SELECT * FROM resources WHERE {where} ORDER BY sequence DESC LIMIT ?",
            *values,
            limit,
        )
        return [resource_of(row) for row in rows]

    def count(
        self,
        kind: Kind,
        *,
        account: str | None = None,
        region: str | None = None,
        parent: str | None = None,
        group: str | None = None,
        statuses: Collection[str] | None = None,
    ) -> int:
        """How many resources `find` would list."""
        where, values = _conditions(kind, account, region, parent, group, statuses)
        rows = self._database.query(
            f"SELECT count(*) FROM resources WHERE {where}",
            *values,
        )
        return int(rows[0][0])

    def hidden_values(self, member: str) -> set[str]:
        """All values of one hidden member, such as the paths of all artifacts in use."""
        rows = self._database.query(
            "SELECT DISTINCT json_extract(hidden, ?) FROM resources"
            " WHERE json_extract(hidden, ?) IS NOT NULL",
            f"$.{member}",
            f"$.{member}",
        )
        return {row[0] for row in rows}


def _conditions(
    kind: Kind,
    account: str | None,
    region: str | None,
    parent: str | None,
    group: str | None,
    statuses: Collection[str] | None,
) -> tuple[str, list[Any]]:
    where, values = "kind = ?", [kind.value]
    columns = {"account": account, "region": region, "parent_arn": parent, "group_arn": group}
    for column, value in columns.items():
        if value is not None:
            where += f" AND {column} = ?"
            values.append(value)
    if statuses is not None:
        where += f" AND status IN ({', '.join('?' for _ in statuses)})"
        values.extend(statuses)
    return where, values
