"""The recorder of calls, in this process and in a child; and how calls compare with policies."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from personalize_assets.aws.checksums import PART_BYTES
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.local.clients import open_clients
from personalize_assets_tests.recorded_calls import (
    Call,
    Comparison,
    Exceptions,
    Principal,
    compare,
    describe,
    granted_actions,
    read_calls,
)
from personalize_assets_tests.recording import calls_hook

NOTHING = Exceptions({}, {})
NEEDS = {
    "s3:HeadObject": ["s3:GetObject"],
    "s3:GetObject": ["s3:GetObject"],
    "s3:PutObject": ["s3:PutObject"],
    "s3:CreateBucket": ["s3:CreateBucket"],
}
CHILD = """
import sys
from pathlib import Path
from personalize_assets import loopback
from personalize_assets.aws.objects import Bucket
client = loopback.make_client("s3", sys.argv[1])
bucket = Bucket(client, sys.argv[2])
bucket.put_file(Path(sys.argv[3]), "recorded/large")
client.list_objects_v2(Bucket=sys.argv[2])
"""


def called(*operations: str, by: str = "aws/objects.py") -> list[Call]:
    return [Call(operation, (by,)) for operation in operations]


def compared(calls: list[Call], granted: set[str], exceptions: Exceptions = NOTHING) -> Comparison:
    return compare(calls, Principal.OPERATOR, frozenset(granted), NEEDS.__getitem__, exceptions)


def test_hook__records_child_processes_and_threads_of_transfers(
    deployment: Deployment, tmp_path: Path
) -> None:
    bucket = Bucket.of(open_clients(deployment))
    bucket.ensure(create=True)
    large, target = tmp_path / "large", tmp_path / "calls"
    large.write_bytes(bytes(PART_BYTES + 1))
    environ = {calls_hook.VARIABLE: str(target)}
    assert calls_hook.inherit(environ) == target

    subprocess.run(
        [sys.executable, "-c", CHILD, bucket.s3.meta.endpoint_url, bucket.name, str(large)],
        env={name: value for name, value in environ.items() if name != calls_hook.VARIABLE},
        cwd=Path(__file__).parents[1],
        check=True,
    )

    calls = read_calls(target)
    operations = {call.operation for call in calls}
    assert {"s3:CreateMultipartUpload", "s3:UploadPart", "s3:CompleteMultipartUpload"} < operations
    assert "s3:ListObjectsV2" not in operations, "not called by the package"
    assert {call.principal for call in calls} == {Principal.OPERATOR}


def test_acting_modules__of_a_pool_are_those_that_gave_the_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        ThreadPoolExecutor, "submit", calls_hook._carrying(ThreadPoolExecutor.submit)
    )
    code = compile(
        "def work(pool, task): return pool.submit(task).result()",
        f"{calls_hook._PACKAGE}aws/anything.py",
        "exec",
    )
    package: dict = {}
    exec(code, package)
    look = eval(compile("lambda: __import__('sys')._getframe()", "elsewhere.py", "eval"))

    with ThreadPoolExecutor(1) as pool:
        by_package = package["work"](pool, lambda: calls_hook._acting.get())
        by_test = pool.submit(lambda: calls_hook._acting.get()).result()

    assert by_package == ("aws/anything.py",)
    assert by_test == ()
    assert calls_hook.acting_modules(look()) == ()


@pytest.mark.parametrize(
    ("modules", "principal"),
    [
        (("aws/objects.py", "components/checks.py"), Principal.OPERATOR),
        (("engine/jobs/s3_objects.py", "engine/jobs/worker.py"), Principal.SERVICE),
        (("aws/glue.py", "aws/bootstrap/apply.py"), Principal.BOOTSTRAP),
        (("local/clients.py",), Principal.STACK),
    ],
)
def test_principal__is_told_by_the_modules(modules: tuple[str, ...], principal: Principal) -> None:
    assert Call("s3:PutObject", modules).principal is principal


def test_inherit__without_variable_changes_nothing() -> None:
    environ: dict[str, str] = {"PATH": "/bin"}

    assert calls_hook.inherit(environ) is None
    assert environ == {"PATH": "/bin"}


def test_read_calls__names_a_line_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    path.write_text("s3:GetObject\taws/objects.py\nnonsense\n")

    with pytest.raises(ValueError, match=r"calls, line 2: expected service:Operation"):
        read_calls(path)


def test_granted_actions__of_all_statements() -> None:
    policy = {
        "Statement": [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"},
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"},
        ]
    }

    assert granted_actions(policy) == {"s3:ListBucket", "s3:GetObject", "s3:PutObject"}
    with pytest.raises(ValueError, match="expected a statement that allows"):
        granted_actions({"Statement": [{"Effect": "Deny", "Action": "s3:*"}]})


def test_compare__agrees_where_all_that_is_granted_is_called() -> None:
    found = compared(called("s3:HeadObject", "s3:PutObject"), {"s3:GetObject", "s3:PutObject"})

    assert found.agrees
    assert found.called["s3:GetObject"] == {"s3:HeadObject"}
    assert describe(found) == "operator: 2 actions called, 2 granted"


def test_compare__finds_what_is_not_granted_and_what_is_never_called() -> None:
    found = compared(called("s3:HeadObject"), {"s3:PutObject"})

    assert (found.missing, found.unused) == ({"s3:GetObject"}, {"s3:PutObject"})
    assert "called but not granted: s3:GetObject (by s3:HeadObject)" in describe(found)
    assert "granted but never called: s3:PutObject" in describe(found)


def test_compare__takes_wildcards_as_granted_and_as_used() -> None:
    assert compared(called("s3:HeadObject"), {"s3:Get*"}).agrees


def test_compare__counts_only_calls_of_the_principal() -> None:
    by_engine = called("s3:PutObject", by="engine/jobs/s3_objects.py")

    assert compared([*called("s3:GetObject"), *by_engine], {"s3:GetObject"}).agrees


def test_compare__wants_explanations_that_explain_something() -> None:
    calls = called("s3:CreateBucket")

    explained = Exceptions({"s3:CreateBucket": "local"}, {"iam:PassRole": "no call of its own"})
    assert compared(calls, {"iam:PassRole"}, explained).agrees
    assert compared([], {"iam:PassRole"}, explained).stale == {"s3:CreateBucket"}
    assert compared(calls, set(), explained).stale == {"iam:PassRole"}


def test_compare__leaves_open_what_is_called_seldom() -> None:
    seldom = Exceptions({}, {}, {"s3:PutObject": "only where there is something to write"})

    assert compared(called("s3:GetObject"), {"s3:GetObject", "s3:PutObject"}, seldom).agrees
    both = called("s3:GetObject", "s3:PutObject")
    assert compared(both, {"s3:GetObject", "s3:PutObject"}, seldom).agrees
    assert compared(both, {"s3:GetObject"}, seldom).missing == {"s3:PutObject"}
