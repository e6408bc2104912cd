import asyncio

from personalize_assets.engine.wire.gate import Gate


def test_closed__waits_for_those_inside_and_holds_back_others() -> None:
    async def scene() -> list[str]:
        gate, seen = Gate(), list[str]()

        async def exchange() -> None:
            async with gate.closed():
                seen.append("closed")
                await asyncio.sleep(0)
            seen.append("opened")

        async def pass_through() -> None:
            async with gate.passed():
                seen.append("passed")

        await gate.enter()
        tasks = [asyncio.create_task(exchange())]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(pass_through()))
        await asyncio.sleep(0)
        seen.append("leaving")
        gate.leave()
        await asyncio.wait_for(asyncio.gather(*tasks), 5)
        return seen

    assert asyncio.run(scene()) == ["leaving", "closed", "opened", "passed"]


def test_closed__one_after_another() -> None:
    async def scene() -> list[int]:
        gate, seen = Gate(), list[int]()

        async def exchange(number: int) -> None:
            async with gate.closed():
                seen.append(number)
                await asyncio.sleep(0)
                seen.append(number)

        await asyncio.wait_for(asyncio.gather(*map(exchange, (1, 2, 3))), 5)
        return seen

    assert asyncio.run(scene()) == [1, 1, 2, 2, 3, 3]


def test_closed__opens_after_a_failure() -> None:
    async def scene() -> None:
        gate = Gate()
        try:
            async with gate.closed():
                raise ValueError
        except ValueError:
            pass
        await asyncio.wait_for(gate.enter(), 5)

    asyncio.run(scene())
