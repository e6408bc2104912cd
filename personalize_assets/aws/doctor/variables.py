"""Variables of the environment that have no effect, or one that nobody expects."""

from collections.abc import Mapping
from typing import Final

from personalize_assets.aws.doctor.findings import Finding, failed, ok
from personalize_assets.aws.settings import PREFIX, SETTINGS
from personalize_assets.aws.settings_file import nearest

_OF_TESTS: Final = (f"{PREFIX}TEST_", f"{PREFIX}TESTS_")
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
_LOOPBACK: Final = "127.0.0.1,localhost"


def judge_variables(environ: Mapping[str, str], source: str) -> Finding:
    """Whether every variable that begins like a setting is one.

    Args:
        environ: Names and values; only the names are looked at.
        source: Where the settings come from, for the fact.
    """
    known = {one.name: one for one in SETTINGS}
    strange = sorted(
        name
        for name in environ
        if name.startswith(PREFIX) and name not in known and not name.startswith(_OF_TESTS)
    )
    if not strange:
        return ok("settings", source)
    fact = ", ".join(f"{name} is no setting{nearest(name, known)}" for name in strange)
    return failed("settings", fact, f"unset {' '.join(strange)}")


def judge_proxies(environ: Mapping[str, str]) -> Finding:
    """Whether a proxy stands between this machine and itself.

    Our own clients pass every proxy by; others, such as the AWS CLI, ask it for loopback too.
    """
    check = "proxy"
    lowered = {name.lower(): value for name, value in environ.items() if value}
    proxies = [name for name in _PROXIES if name in lowered]
    if not proxies:
        return ok(check, "none is set; nothing leaves this machine")
    passed = {one.strip() for one in lowered.get("no_proxy", "").split(",")}
    names = ", ".join(proxies)
    if "*" in passed or set(_LOOPBACK.split(",")) <= passed:
        return ok(check, f"{names} is set, and not for loopback")
    fact = f"{names} is set; our own clients pass it by, the AWS CLI and others ask it for loopback"
    return ok(check, fact, f"export NO_PROXY={_LOOPBACK}")
