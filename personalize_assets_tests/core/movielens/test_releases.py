"""The table of releases that can be downloaded by name."""

import re

from personalize_assets.core.movielens import RELEASES


def test_releases__pinned() -> None:
    assert "ml-latest" not in RELEASES
    assert len(RELEASES) == 7
    for name, release in RELEASES.items():
        assert release.name == name
        assert release.url == f"https://files.grouplens.org/datasets/movielens/{name}.zip"
        assert re.fullmatch(r"[0-9a-f]{32}", release.md5)
        assert release.about_bytes > 0
