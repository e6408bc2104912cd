import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_assets.core.arns import Arn, ArnError, Kind, make_arn, parse_arn

NAMES = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}", fullmatch=True)


@pytest.mark.parametrize(
    ("kind", "parts", "tail"),
    [
        (Kind.DATASET_GROUP, ("movies",), "dataset-group/movies"),
        (Kind.SCHEMA, ("s",), "schema/s"),
        (Kind.DATASET, ("movies", "INTERACTIONS"), "dataset/movies/INTERACTIONS"),
        (Kind.DATASET_IMPORT_JOB, ("j-1",), "dataset-import-job/j-1"),
        (Kind.SOLUTION, ("my-solution",), "solution/my-solution"),
        (Kind.SOLUTION_VERSION, ("my-solution", "83cc95fc"), "solution/my-solution/83cc95fc"),
        (Kind.SOLUTION_VERSION, ("my-solution", "$LATEST"), "solution/my-solution/$LATEST"),
        (Kind.BATCH_INFERENCE_JOB, ("b",), "batch-inference-job/b"),
        (Kind.EVENT_TRACKER, ("ca4f41f3",), "event-tracker/ca4f41f3"),
        (Kind.CAMPAIGN, ("c",), "campaign/c"),
    ],
)
def test_make_arn__forms(kind: Kind, parts: tuple[str, ...], tail: str) -> None:
    arn = make_arn(kind, "eu-west-1", "123456789012", *parts)
    assert arn == f"arn:aws:personalize:eu-west-1:123456789012:{tail}"
    assert parse_arn(arn) == Arn("aws", "eu-west-1", "123456789012", kind, parts)


@pytest.mark.parametrize("kind", [Kind.RECIPE, Kind.ALGORITHM, Kind.FEATURE_TRANSFORMATION])
def test_make_arn__what_the_service_owns_has_no_account(kind: Kind) -> None:
    arn = make_arn(kind, "eu-west-1", "123456789012", "aws-sims")
    assert arn == f"arn:aws:personalize:::{kind.value}/aws-sims"
    assert parse_arn(arn) == Arn("aws", "", "", kind, ("aws-sims",))


@settings(deadline=None)
@given(kind=st.sampled_from(list(Kind)), data=st.data())
def test_parse_arn__inverts_make_arn(kind: Kind, data: st.DataObject) -> None:
    parts = tuple(data.draw(NAMES) for _ in range(kind.n_parts))
    arn = make_arn(kind, "us-east-1", "000000000000", *parts)
    assert parse_arn(arn).parts == parts
    assert parse_arn(arn).kind is kind
    assert str(parse_arn(arn)) == arn


@settings(deadline=None)
@given(st.text(max_size=80))
def test_parse_arn__any_text_gives_an_arn_or_an_arn_error(text: str) -> None:
    for candidate in (text, f"arn:aws:personalize:us-east-1:123456789012:{text}"):
        with contextlib.suppress(ArnError):
            assert str(parse_arn(candidate)) == candidate


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("", "is not an ARN of Amazon Personalize"),
        ("arn:aws:s3:::bucket", "is not an ARN of Amazon Personalize"),
        ("arn:aws:personalize:us-east-1:1234:schema/s", "is not an ARN of Amazon Personalize"),
        ("arn:aws:personalize:us-east-1:123456789012:schema", "has 0 names"),
        ("arn:aws:personalize:us-east-1:123456789012:schema/", "no schema can have"),
        ("arn:aws:personalize:us-east-1:123456789012:schema/a/b", "has 2 names"),
        ("arn:aws:personalize:us-east-1:123456789012:dataset/a", "has 1 names"),
        ("arn:aws:personalize:us-east-1:123456789012:solution/a/b/c", "has 3 names"),
        ("arn:aws:personalize:us-east-1:123456789012:solution-version/a", "names no kind"),
        ("arn:aws:personalize:us-east-1:123456789012:thing/a", "names no kind"),
        ("arn:aws:personalize:us-east-1:123456789012:recipe/a", "neither region nor account"),
        ("arn:aws:personalize:::schema/a", "names its region and account"),
        ("arn:aws:personalize:us-east-1::schema/a", "names its region and account"),
    ],
)
def test_parse_arn__refuses(arn: str, message: str) -> None:
    with pytest.raises(ArnError, match=message):
        parse_arn(arn)


@pytest.mark.parametrize(
    ("kind", "account", "parts", "message"),
    [
        (Kind.DATASET, "123456789012", ("only-group",), "has 2 names"),
        (Kind.SCHEMA, "123456789012", ("a/b",), "'a/b' is no name of a schema"),
        (Kind.SCHEMA, "123456789012", ("",), "'' is no name of a schema"),
        (Kind.SCHEMA, "12345", ("a",), "a 12-digit account"),
    ],
)
def test_make_arn__refuses(kind: Kind, account: str, parts: tuple[str, ...], message: str) -> None:
    with pytest.raises(ArnError, match=message):
        make_arn(kind, "us-east-1", account, *parts)
