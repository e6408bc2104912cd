"""Variables that are no settings, and proxies."""

import pytest

from personalize_assets.aws.doctor.variables import judge_proxies, judge_variables


def test_judge_variables() -> None:
    known = {"PERSONALIZE_ASSETS_BUCKET": "films", "PERSONALIZE_ASSETS_TEST_DATA": "x", "HOME": "/"}
    assert judge_variables(known, "of the environment").fact == "of the environment"

    found = judge_variables({**known, "PERSONALIZE_ASSETS_BUKET": "films"}, "")

    assert (found.status, found.fix) == ("failed", "unset PERSONALIZE_ASSETS_BUKET")
    assert found.fact.endswith("is no setting; did you mean PERSONALIZE_ASSETS_BUCKET?")


@pytest.mark.parametrize(
    ("environ", "fact", "fix"),
    [
        ({}, "none is set", ""),
        ({"HTTP_PROXY": ""}, "none is set", ""),
        ({"https_proxy": "http://p", "NO_PROXY": "*"}, "https_proxy is set, and not for", ""),
        (
            {"ALL_PROXY": "http://p", "no_proxy": "a, localhost,127.0.0.1"},
            "all_proxy is set, and",
            "",
        ),
        (
            {"HTTP_PROXY": "http://user:secret@p"},
            "pass it by",
            "export NO_PROXY=127.0.0.1,localhost",
        ),
    ],
)
def test_judge_proxies(environ: dict[str, str], fact: str, fix: str) -> None:
    found = judge_proxies(environ)

    assert (found.status, found.fix) == ("ok", fix)
    assert fact in found.fact
    assert "secret" not in found.fact
