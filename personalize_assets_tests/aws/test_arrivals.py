"""What counts as arrived: settled, visible, listed in windows, told apart by version."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from personalize_assets.aws.arrivals import Interest, Watch, arrival_id, is_visible, set_id
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket, ObjectInfo

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def entry(key: str = "in/a.json", etag: str = "e1", age_s: float = 0.0) -> ObjectInfo:
    return ObjectInfo(key, 10, etag, NOON - timedelta(seconds=age_s))


def keys(objects: tuple[ObjectInfo, ...]) -> list[str]:
    return [found.key for found in objects]


@pytest.mark.parametrize(
    ("age_s", "is_settled"), [(0, False), (4.9, False), (5, True), (3600, True), (-60, False)]
)
def test_divide__goes_by_age_at_the_first_look(age_s: float, is_settled: bool) -> None:
    settled, unsettled = Watch(settle_s=5).divide([entry(age_s=age_s)], NOON)

    assert (len(settled), len(unsettled)) == ((1, 0) if is_settled else (0, 1))


def test_divide__takes_a_version_unchanged_over_two_looks_whatever_its_age() -> None:
    watch, future = Watch(settle_s=5), entry(age_s=-3600)

    assert watch.divide([future], NOON) == ((), (future,))
    assert watch.divide([future], NOON) == ((future,), ())
    assert watch.divide([future], NOON) == ((future,), ())


@pytest.mark.parametrize(
    "grown", [entry(etag="e2"), entry(age_s=-1)], ids=["other content", "other time"]
)
def test_divide__waits_on_while_a_file_grows(grown: ObjectInfo) -> None:
    watch = Watch(settle_s=5)
    watch.divide([entry()], NOON)

    assert watch.divide([grown], NOON) == ((), (grown,))
    assert watch.divide([grown], NOON) == ((grown,), ())


def test_divide__forgets_a_file_that_was_away_for_a_look() -> None:
    watch = Watch(settle_s=5)
    watch.divide([entry()], NOON)
    watch.divide([], NOON)

    assert watch.divide([entry()], NOON) == ((), (entry(),))


@pytest.mark.parametrize(
    "name",
    [
        "users.json",
        "two words.json",
        "Zoë käse 日本.json",
        "a...b.json",
        "2026/03/users.json",
        "part-00000",
        "100% + more?&=#.json",
        "users.tmp.json",
        "a_b.json",
    ],
)
def test_is_visible__takes_odd_names(name: str) -> None:
    assert is_visible(f"in/{name}", "in/")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "folder/",
        ".users.json.Xa3f",
        "...json",
        "_SUCCESS",
        "_temporary/0/users.json",
        ".cache/users.json",
        "users.json.tmp",
        "users.json.part",
        "users.json.partial",
        "users.json~",
    ],
)
def test_is_visible__passes_over_hidden_and_temporary_names(name: str) -> None:
    assert not is_visible(f"in/{name}", "in/")


def test_is_visible__does_not_judge_the_prefix_itself() -> None:
    assert is_visible("_drop/.in/users.json", "_drop/.in/")


def test_arrival_id__differs_by_key_etag_and_time() -> None:
    versions = [entry(), entry(key="in/b.json"), entry(etag="e2"), entry(age_s=1)]

    assert len({arrival_id(version) for version in versions}) == 4
    assert arrival_id(entry()) == arrival_id(entry())
    assert len(arrival_id(entry())) == 32


def test_arrival_id__is_the_same_in_every_time_zone() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=2)))

    assert arrival_id(entry()) == arrival_id(ObjectInfo("in/a.json", 10, "e1", elsewhere))


def test_set_id__is_of_the_versions_and_not_of_their_order() -> None:
    ratings, movies = entry(key="ratings.csv"), entry(key="movies.csv")
    one = set_id({"interactions": ratings, "items": movies})

    assert one == set_id({"items": movies, "interactions": ratings})
    assert one != set_id({"interactions": ratings, "items": entry(key="movies.csv", etag="e2")})
    assert one != set_id({"interactions": ratings})


ODD_KEYS = ["a b.json", "a+b.json", "a...b.json", "ü.json", "日本.json", "😀.json"]


def test_look__lists_odd_names_from_s3_in_order(bucket: Bucket, unique: str) -> None:
    prefix = f"{unique}/"
    for name in reversed(ODD_KEYS):
        bucket.write_bytes(f"{prefix}{name}", b"{}")
    for name in [".hidden", "_SUCCESS", "x.tmp"]:
        bucket.write_bytes(f"{prefix}{name}", b"{}")

    look = Watch(settle_s=0).look(bucket, Interest("w", prefix), "", datetime.now(UTC))

    assert keys(look.settled) == [f"{prefix}{name}" for name in ODD_KEYS]
    assert (look.unsettled, look.after) == ((), "")


def test_look__goes_through_a_prefix_in_windows(bucket: Bucket, unique: str) -> None:
    prefix, watch = f"{unique}/", Watch(settle_s=0, window=2)
    names = ["a b.json", "c.json", "c...d.json", "ü.json", "日本.json"]
    for name in names:
        bucket.write_bytes(f"{prefix}{name}", b"{}")
    after, seen, sizes = "", [], []

    while True:
        look = watch.look(bucket, Interest("w", prefix), after, datetime.now(UTC))
        seen += keys(look.settled)
        sizes.append(len(look.settled))
        after = look.after
        if not after:
            break

    assert sizes == [2, 2, 1]
    assert seen == sorted(f"{prefix}{name}" for name in names)


def test_look__a_full_last_window_begins_anew(bucket: Bucket, unique: str) -> None:
    for name in ("a", "b"):
        bucket.write_bytes(f"{unique}/{name}", b"{}")

    look = Watch(settle_s=0, window=2).look(
        bucket, Interest("w", f"{unique}/"), "", datetime.now(UTC)
    )

    assert (len(look.settled), look.after) == (2, "")


def test_look__goes_on_after_a_key_that_was_deleted(bucket: Bucket, unique: str) -> None:
    prefix, watch = f"{unique}/", Watch(settle_s=0, window=1)
    for name in ("a", "b", "c"):
        bucket.write_bytes(f"{prefix}{name}", b"{}")
    first = watch.look(bucket, Interest("w", prefix), "", datetime.now(UTC))
    bucket.delete(f"{prefix}a")

    second = watch.look(bucket, Interest("w", prefix), first.after, datetime.now(UTC))

    assert (first.after, keys(second.settled)) == (f"{prefix}a", [f"{prefix}b"])


def test_look__counts_what_it_passes_over_as_part_of_the_window(
    bucket: Bucket, unique: str
) -> None:
    prefix = f"{unique}/"
    for name in (".a", ".b", "c.out"):
        bucket.write_bytes(f"{prefix}{name}", b"{}")

    look = Watch(settle_s=0, window=2).look(
        bucket, Interest("w", prefix, ".out"), "", datetime.now(UTC)
    )

    assert (look.settled, look.after) == ((), f"{prefix}.b")


def test_look__fails_where_there_is_no_bucket(bucket: Bucket, unique: str) -> None:
    missing = Bucket(bucket.s3, unique)

    with pytest.raises(ClientError, match="NoSuchBucket"):
        Watch(settle_s=0).look(missing, Interest("w", "in/"), "", datetime.now(UTC))


def test_look__lists_more_than_a_thousand_keys(
    bucket: Bucket, deployment: Deployment, unique: str
) -> None:
    interest, watch = Interest("w", f"{unique}/"), Watch(settle_s=0)
    folder = deployment.bucket_folder / unique
    folder.mkdir()
    for number in range(2_010):
        (folder / f"{number:04}.json").write_text("{}")

    whole = watch.look(bucket, interest, "", datetime.now(UTC))
    # Time is up after each page: the look ends there, and the next goes on.
    page = watch.look(bucket, interest, "", datetime.now(UTC), is_late=lambda: True)
    rest = watch.look(bucket, interest, page.after, datetime.now(UTC))

    assert (len(whole.settled), whole.after) == (2_010, "")
    assert (len(page.settled), page.after) == (1_000, f"{unique}/0999.json")
    assert page.settled + rest.settled == whole.settled


@pytest.mark.parametrize(
    ("key", "is_wanted"),
    [
        ("out/a/b.out", True),
        ("out/a/b.json", False),
        ("in/b.out", False),
        ("out/.a/b.out", False),
        ("out/.out", False),
    ],
)
def test_interest__wants_visible_keys_of_its_prefix_and_suffix(key: str, is_wanted: bool) -> None:
    assert Interest("w", "out/", ".out").wants(key) is is_wanted
