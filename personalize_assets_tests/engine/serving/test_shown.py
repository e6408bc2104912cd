from personalize_assets.engine.serving.shown import ShownItems


def test_of__the_newest_lists() -> None:
    shown = ShownItems(capacity=2)
    for name in ("RID-1", "RID-2", "RID-3"):
        shown.note(name, [name.lower(), "a"])
    assert shown.of("RID-3") == ("rid-3", "a")
    assert shown.of("RID-2") == ("rid-2", "a")
    assert shown.of("RID-1") == shown.of(None) == ()


def test_note__as_many_as_an_impression_may_name() -> None:
    shown = ShownItems()
    shown.note("RID-1", [str(at) for at in range(500)])
    assert shown.of("RID-1") == tuple(str(at) for at in range(25))
