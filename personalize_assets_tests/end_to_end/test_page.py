"""The page of recommendations in a real browser, after the main job on the sample.

Needs Chromium; where there is none these tests are skipped, and fail in CI, which installs it.
"""

import asyncio
import dataclasses
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from personalize_assets.api.app import make_app
from personalize_assets.api.calls import CALL_LIMITS
from personalize_assets.api.services import ApiOptions, Services
from personalize_assets.aws.ensure import WaitPolicy
from personalize_assets.aws.ensure_serving import CampaignConfiguration, ensure_campaign
from personalize_assets.cli.declared import find_group
from personalize_assets.local.clients import open_clients
from personalize_assets_tests.end_to_end.conftest import Pipeline

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
UI = "http://127.0.0.1:3000"
PHONE = {"width": 390, "height": 844}
TIMEOUT_MS = 20_000
SCREENSHOTS = os.environ.get("PERSONALIZE_ASSETS_TEST_SCREENSHOTS")


def serve(services: Services) -> Iterator[str]:
    """The application on a port of this machine; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(make_app(services), log_config=None, ws="none"))
        serving = server.serve(sockets=[listener])
        thread = threading.Thread(target=asyncio.run, args=(serving,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def site(pipeline: Pipeline, first_run: dg.ExecuteInProcessResult) -> Iterator[str]:
    """The page over two campaigns for users and one for items."""
    assert first_run.success
    client = open_clients(pipeline.deployment).personalize
    version = pipeline.metadata("movielens", "popularity_count", "solution_version")["arn"]
    policy = WaitPolicy(min_delay_s=0.1)
    popular = ensure_campaign(
        client, "movielens-popularity-count", CampaignConfiguration(version), policy
    )
    declared = find_group("movielens")
    group = dataclasses.replace(declared, campaigns=(*declared.campaigns, "popularity-count"))
    clients = open_clients(pipeline.deployment, limits=CALL_LIMITS)
    yield from serve(Services.make(group, clients, ApiOptions(ui_url=UI)))
    client.delete_campaign(campaignArn=popular.ensured.arn)


@pytest.fixture(scope="module")
def empty_site(pipeline: Pipeline, first_run: dg.ExecuteInProcessResult) -> Iterator[str]:
    """The page of a group that nothing was made of yet."""
    group = dataclasses.replace(find_group("movielens"), name="not-yet")
    clients = open_clients(pipeline.deployment, limits=CALL_LIMITS)
    yield from serve(Services.make(group, clients))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing, and CI must have it")
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page that asks no other machine for anything and throws no error."""
    context = browser.new_context(base_url=site)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    expect.set_options(timeout=TIMEOUT_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    foreign: list[str] = []
    page.on(
        "request",
        lambda request: None if request.url.startswith(site) else foreign.append(request.url),
    )
    yield page
    context.close()
    assert errors == []
    assert [url for url in foreign if not url.startswith("data:")] == []


def titles(place: Locator) -> list[str]:
    return place.locator("li .title b").all_inner_texts()


def picture(page: Page, name: str) -> None:
    """Keep a screenshot where the environment names a folder for them."""
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)


def test_first_visit__shows_a_user_with_history_titles_scores_and_reasons(page: Page) -> None:
    page.goto("/")

    first = page.locator("#first")
    expect(first.locator("li")).to_have_count(10)
    expect(page.locator("#history li").first).to_be_visible()
    assert page.locator("#user").input_value() != ""
    assert all(title.endswith(")") for title in titles(first))
    assert first.locator(".score .bar").count() == 10
    assert "like " in first.locator(".reason").first.inner_text()
    assert first.locator(".about").first.inner_text() != ""
    picture(page, "page")


def test_user__is_found_by_the_beginning_of_the_id(page: Page) -> None:
    page.goto("/?user=1")
    expect(page.locator("#first li")).to_have_count(10)

    page.locator("#user").fill("")
    page.locator("#user").press_sequentially("1")
    suggested = page.locator("#users option")
    expect(suggested.first).to_have_attribute("value", "1")
    page.locator("#user").fill("7")
    page.keyboard.press("Enter")

    expect(page.locator("#known-title")).to_have_text("What user 7 did")
    assert "user=7" in page.url


def test_new_user__is_told_that_popular_items_are_shown(page: Page) -> None:
    page.goto("/?user=nobody-knows-me")

    expect(page.locator("#known-said")).to_contain_text("Nobody knows this user")
    expect(page.locator("#first li")).to_have_count(10)
    expect(page.locator("#history li")).to_have_count(0)


def test_filter__with_a_value_leaves_only_its_items(page: Page) -> None:
    page.goto("/?user=5")
    expect(page.locator("#first li")).to_have_count(10)

    page.select_option("#filter", "genre")
    expect(page.locator("#filter-hint")).to_contain_text("Only movies of a genre")
    page.locator("#value-GENRE").fill("Horror")
    page.keyboard.press("Enter")

    expect(page.locator("#first .said")).to_contain_text("through the filter genre")
    assert all("Horror" in about for about in page.locator("#first .about").all_inner_texts())
    picture(page, "filter")


def test_filter__that_leaves_nothing_is_said(page: Page) -> None:
    page.goto("/?user=5&filter=genre&value.GENRE=Nonsense")

    expect(page.locator("#first .said")).to_contain_text("the filter leaves nothing")
    expect(page.locator("#first li")).to_have_count(0)


def test_watched_it__changes_history_and_list(page: Page) -> None:
    page.goto("/?user=9&filter=unwatched")
    first = page.locator("#first")
    expect(first.locator("li")).to_have_count(10)
    before = titles(first)

    first.get_by_role("button", name=f"Watched it: {before[0]}").click()

    expect(page.locator("#history li .title b").first).to_have_text(before[0])
    expect(page.locator("#notice")).to_contain_text("Taken in")
    assert before[0] not in titles(first)
    # The place in the list is kept for who goes on pressing.
    assert page.evaluate("document.activeElement.className") == "watched"
    picture(page, "watched")


def test_two_campaigns__stand_beside_each_other(page: Page) -> None:
    page.goto("/?user=5")
    expect(page.locator("#first li")).to_have_count(10)

    page.select_option("#beside", "popularity-count")

    expect(page.locator("#second li")).to_have_count(10)
    expect(page.locator("#second-title")).to_have_text("popularity-count")
    shared = set(titles(page.locator("#first"))) & set(titles(page.locator("#second")))
    expect(page.locator("#notice")).to_contain_text(f"{len(shared)} in both lists")
    assert "beside=popularity-count" in page.url
    picture(page, "compared")


def test_item__is_found_by_its_title(page: Page) -> None:
    page.goto("/?campaign=sims&item=toy story")

    expect(page.locator("#first li")).to_have_count(10)
    expect(page.locator("#history .title b")).to_contain_text("Toy Story")
    assert "Toy Story" in page.locator("#item").input_value()
    assert page.locator("#first .watched").count() == 0
    picture(page, "similar")


def test_like_this__asks_for_similar_items(page: Page) -> None:
    page.goto("/?user=5")
    title = page.locator("#first li .title b").first.inner_text()

    page.get_by_role("button", name=f"Like {title}", exact=True).click()

    expect(page.locator("#first-title")).to_have_text("sims")
    expect(page.locator("#history .title b")).to_have_text(title)
    page.go_back()
    expect(page.locator("#first-title")).to_have_text("user-personalization")


def test_versions__show_metrics_and_link_to_dagster(page: Page) -> None:
    page.goto("/")

    row = page.locator("#versions tbody tr").filter(has_text="user-personalization")
    expect(row).to_contain_text("in service")
    assert float(row.locator("td").nth(4).inner_text()) > 0.1
    link = row.get_by_role("link")
    expect(link).to_have_attribute("href", f"{UI}/assets/movielens/user_personalization/metrics")
    expect(page.get_by_role("link", name="Dagster")).to_have_attribute("href", UI)


def test_error__says_what_is_missing(page: Page) -> None:
    page.goto("/?user=5&filter=genre")

    expect(page.get_by_role("alert")).to_contain_text("the filter genre needs a value for GENRE")
    expect(page.locator("#first")).to_be_hidden()
    picture(page, "refused")


def test_service_gone__is_said_and_can_be_tried_again(page: Page, site: str) -> None:
    page.goto("/?user=5")
    expect(page.locator("#first li")).to_have_count(10)

    page.route(f"{site}/recommendations**", lambda route: route.abort())
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer")
    page.unroute(f"{site}/recommendations**")
    page.get_by_role("button", name="Try again").click()

    expect(page.locator("#first li")).to_have_count(10)
    expect(page.locator("#trouble")).to_be_hidden()


def test_no_campaign_yet__says_what_to_run(browser: Browser, empty_site: str) -> None:
    page = browser.new_page(base_url=empty_site)
    page.goto("/")

    expect(page.get_by_role("alert")).to_contain_text("run make run", timeout=TIMEOUT_MS)
    picture(page, "no-campaign")
    page.close()


def test_keyboard_alone__asks_filters_and_sends(page: Page) -> None:
    page.goto("/?user=11")
    expect(page.locator("#first li")).to_have_count(10)

    page.locator("body").press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tab_to(page, "user")
    page.keyboard.press("Control+A")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.locator("#known-title")).to_have_text("What user 12 did")
    tab_to(page, "filter")
    page.keyboard.type("unwatched")
    expect(page.locator("#first .said")).to_contain_text("through the filter unwatched")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "watched":
            break
    before = titles(page.locator("#first"))
    page.keyboard.press("Enter")

    expect(page.locator("#history li .title b").first).to_have_text(before[0])


def tab_to(page: Page, element_id: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == element_id:
            return
    pytest.fail(f"Tab never reaches #{element_id}")


def test_phone__needs_no_sideways_scrolling(browser: Browser, site: str) -> None:
    page = browser.new_page(base_url=site, viewport=PHONE, color_scheme="dark")
    page.goto("/?user=5&beside=popularity-count")
    expect(page.locator("#second li")).to_have_count(10, timeout=TIMEOUT_MS)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(page, "phone-dark")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", ["/?user=5&beside=popularity-count", "/?user=5&filter=genre"])
def test_accessibility__has_no_violations(
    browser: Browser, site: str, address: str, scheme: Any
) -> None:
    page = browser.new_page(base_url=site, color_scheme=scheme, reduced_motion="reduce")
    page.goto(address)
    expect(page.locator("#second li, #trouble p").first).to_be_visible(timeout=TIMEOUT_MS)

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    page.close()
