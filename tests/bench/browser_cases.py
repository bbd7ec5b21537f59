"""Cases in a real Chromium on the real `web` process: a first visit, a change of filter, and many readers at once."""

from __future__ import annotations

import asyncio
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from typing import Any

from tests.bench import proxy, sockets
from tests.dashboard.browsing import CHROMIUM, FLAGS

TODAY = "2025-12-31"
VISITS = 15
CHANGES = 20
READERS = 20
THINKING = 3.0
"""Mean seconds between two acts of a reader; drawn anew each time, so that readers do not march in step."""
LASTING = 60.0
HURRYING = 4
"""Readers without a browser and without a thought, who show what a process holds."""
LEVELS = (3, 4, 5, 6, 7)
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")
_SHOWS_ONLY = """level => {
  const shown = [...document.querySelectorAll('.sc-section.sc-grouped')].map(e => e.dataset.level);
  return level === null ? shown.length > 1 : shown.length === 1 && shown[0] === String(level);
}"""


def pages(kind: str, items: int) -> dict[str, float]:
    """One reader: from the address to all cards, and from a click on a level to the page of that level."""
    from tests.bench.cases import filled_engine

    with filled_engine(kind, items) as engine, web(_url(engine)) as port:
        return asyncio.run(_one_reader(port))


def sessions(kind: str, items: int) -> dict[str, float]:
    """Twenty readers at random times, on one process and on three; and as many changes as one process can take."""
    from tests.bench.cases import filled_engine

    with filled_engine(kind, items) as engine, ExitStack() as stack:
        ports = [stack.enter_context(web(_url(engine))) for _ in range(3)]
        return asyncio.run(_many_readers(ports))


@contextmanager
def web(url: str, today: str = TODAY) -> Iterator[int]:
    """A `staycurrent web` on that database; yields its port."""
    environment = os.environ | {"STAYCURRENT_DATABASE_URL": url, "STAYCURRENT_TODAY": today}
    command = [sys.executable, "-m", "staycurrent", "web", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    try:
        yield _port(process)
    finally:
        process.kill()
        process.communicate()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if found := _ADDRESS.search(line):
            return int(found[1])
    raise RuntimeError(f"the web process did not start:\n{said}")


def _url(engine: Any) -> str:
    return str(engine.url.render_as_string(hide_password=False))


@asynccontextmanager
async def _browser() -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        await started.close()


async def _one_reader(port: int) -> dict[str, float]:
    from dashboard.data import FRESH  # Streamlit comes with it, and would weigh on the memory of every other case

    async with _browser() as browser:
        visits = [await _visit(browser, port) for _ in range(VISITS + 1)][1:]
        async with _reader(browser, port, 0) as page:
            anew = [await _change(page, random.Random(n), after=FRESH + 0.5) for n in range(CHANGES)]
            kept = [await _change(page, random.Random(n)) for n in range(CHANGES)]
    found = {"first visit, p50 ms": statistics.median(visits)}
    return found | _percentiles("filter change", anew) | _percentiles("filter change, answer kept", kept)


async def _visit(browser: Any, port: int) -> float:
    """Milliseconds to all cards, in a browser that was never here."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    started = time.perf_counter()
    await page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
    await page.wait_for_selector(".sc-grouped .sc-card", state="attached")
    taken = (time.perf_counter() - started) * 1000
    await context.close()
    return taken


@asynccontextmanager
async def _reader(browser: Any, port: int, number: int) -> AsyncIterator[Any]:
    """A page at the front, in a browser of its own."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    cookie = {"name": proxy.COOKIE, "value": str(number), "url": f"http://127.0.0.1:{port}"}
    await context.add_cookies([cookie])
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{port}/")
    await page.wait_for_selector(".sc-grouped .sc-card", state="attached")
    yield page
    await context.close()


async def _change(page: Any, dice: random.Random, *, after: float = 0.0) -> float:
    """Choose a level and see it alone, then give it up; milliseconds of the first of the two.

    `after` so many seconds no answer is kept any more, and the page asks the database.
    """
    level = dice.choice(LEVELS)
    await asyncio.sleep(after)
    taken = await _toggle(page, level, level)
    await _toggle(page, level, None)
    return taken


async def _toggle(page: Any, level: int, expected: int | None) -> float:
    started = time.perf_counter()
    await page.locator("[data-testid=stButtonGroup] button", has_text=re.compile(f"^{level} ")).click()
    await page.wait_for_function(_SHOWS_ONLY, arg=expected, polling="raf")
    return (time.perf_counter() - started) * 1000


async def _many_readers(ports: Sequence[int]) -> dict[str, float]:
    async with _browser() as browser:
        one = await _acting(browser, ports[0])
        async with proxy.balancing(ports) as port:
            three = await _acting(browser, port)
    held, _ = await sockets.reruns(ports[0], HURRYING, LASTING / 3)
    found = _percentiles(f"{READERS} readers, one process", one)
    found |= _percentiles(f"{READERS} readers, three processes", three)
    # Twenty pages of a browser take more of this machine than what is measured; so once more without them.
    for some, where in ((ports[:1], "one process"), (ports, "three processes")):
        found |= _percentiles(f"{READERS} readers without a browser, {where}", await _without_browser(some))
    return found | {"reruns that a process holds, 1/s": held}


async def _without_browser(ports: Sequence[int]) -> list[float]:
    """What every rerun took of as many readers, who come by web socket and are spread over the processes."""
    shares = [len(range(n, READERS, len(ports))) for n in range(len(ports))]
    asked = (sockets.reruns(p, share, LASTING, thinking=THINKING) for p, share in zip(ports, shares, strict=True))
    return [taken for _, one in await asyncio.gather(*asked) for taken in one]


async def _acting(browser: Any, port: int) -> list[float]:
    """What every change of every reader took."""
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(_reader(browser, port, n)) for n in range(READERS)]
        end = time.perf_counter() + LASTING
        return [taken for one in await asyncio.gather(*(_act(p, n, end) for n, p in enumerate(readers))) for taken in one]


async def _act(page: Any, number: int, end: float) -> list[float]:
    dice, taken = random.Random(number), []
    while True:
        await asyncio.sleep(dice.expovariate(1 / THINKING))
        if time.perf_counter() > end:
            return taken
        level = dice.choice(LEVELS)
        taken.append(await _toggle(page, level, level))
        await asyncio.sleep(dice.expovariate(1 / THINKING))
        taken.append(await _toggle(page, level, None))


def _percentiles(name: str, taken: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(taken, n=20)
    return {f"{name}, p50 ms": cuts[9], f"{name}, p95 ms": cuts[18]}
