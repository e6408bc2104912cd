"""Generated parts of README.md and docs/recipes.md: `--write` brings them up to date."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from personalize_assets.aws.deployment import SETTINGS
from personalize_assets.engine.coverage import coverage
from personalize_assets.recipes.registry import RECIPES
from personalize_assets_tests import recipe_page

README = Path(__file__).parent.parent / "README.md"


def sections() -> Mapping[str, str]:
    """The text of each generated part by its name."""
    return {"recipes": _recipes(), "operations": _operations(), "settings": _settings()}


def render(text: str, parts: Mapping[str, str] | None = None) -> str:
    """Put generated parts between their marks in ``text``: those of README.md, or others."""
    for name, content in (sections() if parts is None else parts).items():
        mark = rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)"
        text, found = re.subn(mark, lambda m, c=content: f"{m[1]}{c}\n{m[2]}", text, flags=re.S)
        if found != 1:
            raise ValueError(f"the page needs the marks of the part {name!r} exactly once")
    return text


def _recipes() -> str:
    lines = ["| recipe | type | domain | what it answers |", "|---|---|---|---|"]
    lines += [
        f"| {spec.name} | {spec.recipe_type} | {spec.domain or ''} | {spec.description} |"
        for spec in RECIPES.values()
        if spec.trainable
    ]
    return "\n".join(lines)


def _operations() -> str:
    rows = coverage()
    supported = sum(row.supported for row in rows)
    lines = [f"{supported} of {len(rows)} operations are supported.", ""]
    lines += ["| service | operations |", "|---|---|"]
    for service in dict.fromkeys(row.service for row in rows):
        names = [row.operation for row in rows if row.service == service and row.supported]
        lines.append(f"| {service} | {', '.join(names)} |")
    return "\n".join(lines)


def _settings() -> str:
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    lines += [
        f"| `{s.name}` | {f'`{s.default}`' if s.default else ''} | {s.help} |" for s in SETTINGS
    ]
    return "\n".join(lines)


def main() -> int:
    """Write or check the pages; 1 if one is out of date."""
    stale = 0
    for path, parts in ((README, sections()), (recipe_page.PAGE, recipe_page.sections())):
        current = path.read_text(encoding="utf-8")
        wanted = render(current, parts)
        stale |= current != wanted
        if "--write" in sys.argv:
            path.write_text(wanted, encoding="utf-8")
    return 0 if "--write" in sys.argv else int(stale)


if __name__ == "__main__":
    sys.exit(main())
