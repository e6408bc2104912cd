"""Takes the pictures of README.md from a running `make dev` with headless Chromium.

python docs/make_screenshots.py [http://127.0.0.1:3000 [http://127.0.0.1:3001]]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

IMAGES = Path(__file__).parent / "images"
GROUPS = (
    *("raw", "prepared", "imported", "trained", "evaluated", "deployed", "recommended"),
    "operated",
)
EXPANDED = ",".join(f"personalize_assets:__repository__:{group}" for group in GROUPS)
PAGES = {
    "graph": (f"/asset-groups?expanded={EXPANDED}", "1900,900"),
    "metrics": ("/assets/movielens/user_personalization/metrics", "1500,1000"),
    "promoted": ("/assets/movielens/user_personalization/promoted_version", "1500,1300"),
}
PAGE = ("/?user=15&filter=unwatched", "1280,800")
OPTIONS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--virtual-time-budget=30000"),
]


def main() -> None:
    """Write one PNG a page."""
    given = dict(enumerate(sys.argv[1:]))
    dagster = given.get(0, "http://127.0.0.1:3000")
    api = given.get(1, "http://127.0.0.1:3001")
    pages = {name: (dagster + page, size) for name, (page, size) in PAGES.items()}
    pages["page"] = (api + PAGE[0], PAGE[1])
    IMAGES.mkdir(exist_ok=True)
    for name, (page, size) in pages.items():
        with tempfile.TemporaryDirectory() as profile:
            subprocess.run(
                [
                    *("chromium", *OPTIONS, f"--window-size={size}"),
                    f"--user-data-dir={profile}",
                    f"--screenshot={IMAGES / name}.png",
                    page,
                ],
                check=True,
                timeout=120,
            )


if __name__ == "__main__":
    main()
