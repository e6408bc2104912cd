"""Rules for what nobody calls: time that passes, jobs that run, engines that end and begin."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from personalize_assets.core.arns import Kind
from personalize_assets.engine.store import Job
from personalize_assets.engine.store.records import job_of
from personalize_assets_tests.engine.life_cycles import works
from personalize_assets_tests.engine.life_cycles.base import Base
from personalize_assets_tests.engine.life_cycles.figures import FIGURES
from personalize_assets_tests.engine.life_cycles.site import End
from personalize_assets_tests.engine.life_cycles.world import Work

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_SPANS: Final = (6, _MINUTE, 16 * _MINUTE, 31 * _MINUTE, _HOUR, 2 * _HOUR, _DAY, 7 * _DAY + _HOUR)
_WHICH: Final = st.integers(0, 40)


class Working(Base):
    """What happens by itself."""

    @rule(span=st.sampled_from(_SPANS))
    def pass_time(self, span: int) -> None:
        """Schedules come due."""
        self.tick(span)

    @precondition(lambda self: self.world.works)
    @rule(which=_WHICH, fault=st.sampled_from((False, False, False, True)))
    def run_a_job(self, which: int, fault: bool) -> None:
        """A job that is due; heavy ones only begin."""
        due = self.world.due()
        if due:
            self.begin(due[which % len(due)], fault=fault)

    @precondition(lambda self: self.world.works)
    @rule(which=_WHICH)
    def run_a_job_to_its_end(self, which: int) -> None:
        """A job that is due, which succeeds if it can."""
        due = self.world.due()
        if due:
            self.run(due[which % len(due)])

    @precondition(lambda self: self.world.works)
    @rule(most=st.integers(1, 6), how=st.sampled_from((*["done"] * 4, "failed", "crashed")))
    def run_some_jobs(self, most: int, how: End) -> None:
        """What is due, one after another."""
        self.run_jobs(most, how=how)

    def run_jobs(self, most: int = 12, *, heavy: bool = True, how: End = "done") -> None:
        """Do what is due, but not for ever: some jobs come again at once."""
        for _ in range(most):
            due = [work for work in self.world.due() if heavy or work.kind not in works.HEAVY]
            if not due:
                return
            self.run(due[0], how)

    @rule(span=st.sampled_from(_SPANS))
    def pass_time_and_run_jobs(self, span: int) -> None:
        """Schedules come due and are kept."""
        self.tick(span)
        self.run_jobs(5)

    @precondition(lambda self: any(work.running for work in self.world.works))
    @rule(which=_WHICH, how=st.sampled_from(("done", "failed", "crashed")))
    def end_a_job(self, which: int, how: End) -> None:
        """A heavy job that runs ends well or badly; nobody may wait for it any more."""
        running = [work for work in self.world.works if work.running]
        work = running[which % len(running)]
        unwanted = works.wanted(self.world, work) is None
        self.end(work, "unwanted" if unwanted and which % 2 else how)

    @precondition(lambda self: self.world.things)
    @rule(graceful=st.booleans())
    def restart(self, graceful: bool) -> None:
        """The engine ends and begins again on what is there."""
        self.tick()
        for work in [work for work in self.world.works if work.running]:
            (works.put_back if graceful else works.crash)(self.world, work)
        self.site.restart(graceful=graceful)

    def run(self, work: Work, how: End = "done") -> None:
        """Do a job from its beginning to its end."""
        self.begin(work)
        if work.running:
            self.end(work, how)

    def begin(self, work: Work, *, fault: bool = False) -> None:
        """Do a light job, or begin a heavy one."""
        self.tick()
        job = self._row_of(work)
        self.site.runner.begin(job, fault=fault)
        FIGURES.works[work.kind] += 1
        heavy = work.kind in works.HEAVY
        (works.begin if heavy else works.do)(self.world, work, fault=fault)
        self.touched = work.arn
        if work.kind == "auto-train":
            self._learn_version(work.arn)

    def end(self, work: Work, how: End) -> None:
        """End a heavy job."""
        self.tick()
        self.site.runner.end(self._row_of(work).id, how)
        self.touched = work.arn
        if how == "done":
            works.finish(self.world, work)
        elif how == "failed":
            works.fail(self.world, work)
        elif how == "crashed":
            works.crash(self.world, work)
        else:
            self.world.end(work)

    def _row_of(self, work: Work) -> Job:
        """The engine's job that is this work: both are in the order of submission."""
        place = next(at for at, each in enumerate(self.world.works) if each is work)
        [row] = self.site.store.database.query(
            "SELECT * FROM jobs WHERE state IN ('pending', 'running') ORDER BY id LIMIT 1 OFFSET ?",
            place,
        )
        assert (row["kind"], row["resource_arn"]) == (work.kind, work.arn)
        return job_of(row)

    def _learn_version(self, solution: str) -> None:
        """Learn the id of a version that the engine made by itself."""
        placeholder = self.world.things.pop(f"{solution}/?", None)
        if placeholder is None:
            return
        self.world.counts[placeholder.kind] -= 1
        found = self.site.store.resources.find(Kind.SOLUTION_VERSION, parent=solution, limit=1)
        assert [each for each in found if each.arn not in self.world.things], f"{solution} has none"
        placeholder.arn, tail = found[0].arn, found[0].arn.rpartition("/")[2]
        placeholder.name = placeholder.name.replace("?", tail)
        self.world.add(placeholder)
        for work in self.world.works:
            if work.arn == f"{solution}/?":
                work.arn = placeholder.arn
