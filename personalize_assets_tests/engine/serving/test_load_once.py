import threading

import pytest

from personalize_assets.engine.serving.load_once import LoadOnce


def test_get__makes_a_value_once() -> None:
    made: list[str] = []
    held: LoadOnce[str, int] = LoadOnce(2)
    for key in ("a", "a", "b", "a"):
        held.get(key, lambda key=key: made.append(key) or len(made))
    assert made == ["a", "b"]


def test_get__the_value_that_was_asked_longest_ago_goes() -> None:
    made: list[str] = []
    held: LoadOnce[str, int] = LoadOnce(2)
    for key in ("a", "b", "a", "c", "a", "b"):
        held.get(key, lambda key=key: made.append(key) or len(made))
    assert made == ["a", "b", "c", "b"]


def test_get__several_threads_wait_for_the_first() -> None:
    held: LoadOnce[str, int] = LoadOnce(2)
    begun, go_on, made, found = threading.Event(), threading.Event(), [0], list[int]()

    def make() -> int:
        made[0] += 1
        begun.set()
        assert go_on.wait(10)
        return 7

    threads = [threading.Thread(target=lambda: found.append(held.get("a", make)))]
    threads[0].start()
    assert begun.wait(10)
    threads += [threading.Thread(target=lambda: found.append(held.get("a", make)))]
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert (found, made) == ([7, 7], [1])


def test_get__what_failed_is_tried_again() -> None:
    held: LoadOnce[str, int] = LoadOnce(1)
    with pytest.raises(ZeroDivisionError):
        held.get("a", lambda: 1 // 0)
    assert held.get("a", lambda: 3) == 3
