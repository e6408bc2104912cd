"""The table of tags. Knows no limits and no rules of keys."""

from collections.abc import Collection, Mapping

from personalize_assets.engine.store.database import Database


class TagTable:
    """Tags of all resources.

    Args:
        database: Where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, arn: str) -> dict[str, str]:
        """Values by key of one resource, ordered by key."""
        rows = self._database.query(
            "SELECT tag_key, tag_value FROM tags WHERE arn = ? ORDER BY tag_key", arn
        )
        return {row["tag_key"]: row["tag_value"] for row in rows}

    def put(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to a resource, replacing values of keys that it has."""
        for key, value in tags.items():
            self._database.write(
                "INSERT INTO tags (arn, tag_key, tag_value) VALUES (?, ?, ?)"
                " ON CONFLICT (arn, tag_key) DO UPDATE SET tag_value = excluded.tag_value",
                arn,
                key,
                value,
            )

    def remove(self, arn: str, keys: Collection[str]) -> None:
        """Take tags from a resource; keys that it does not have are no fault."""
        for key in keys:
            self._database.write("DELETE FROM tags WHERE arn = ? AND tag_key = ?", arn, key)
