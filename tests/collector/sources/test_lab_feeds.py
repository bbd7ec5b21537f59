from __future__ import annotations

from pathlib import Path

import pytest

from collector.sources.labs import Feed, load_feeds
from staycurrent.errors import SettingsError

GOOD = '[[feed]]\nlab = "ada"\nname = "Ada\'s Lab"\nurl = "http://127.0.0.1:9/a.xml"\nkind = "official"\nalarm_days = 9\n'


def test_the_packaged_feeds_are_sound() -> None:
    feeds = load_feeds()
    assert len(feeds) >= 15
    assert len({feed.source for feed in feeds}) == len({feed.url for feed in feeds}) == len(feeds)
    assert all(feed.url.startswith("https://") for feed in feeds)
    assert all(feed.official is not feed.url.startswith("https://raw.githubusercontent.com/") for feed in feeds)
    assert {"lab:openai", "lab:deepseek", "lab:qwen", "lab:anthropic", "lab:google-deepmind", "lab:meta-fair"} <= {
        feed.source for feed in feeds
    }


def test_an_own_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text(GOOD + GOOD.replace("alarm_days = 9", 'id = "more"'))
    assert load_feeds(file) == (
        Feed("ada", "Ada's Lab", "http://127.0.0.1:9/a.xml", "official", 9),
        Feed("ada", "Ada's Lab", "http://127.0.0.1:9/a.xml", "official", 30, "more"),
    )
    assert load_feeds(file)[1].source == "lab:ada-more"


def test_a_file_without_feeds_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text("# none\n")
    assert load_feeds(file) == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[feed", "not TOML"),
        ("feed = 3", "only"),
        ("[feeds]", "only"),
        ("feed = [3]", "not a table"),
        (GOOD.replace("name", "nmae"), "nmae"),
        (GOOD.replace('lab = "ada"\n', ""), "needs 'lab'"),
        (GOOD.replace('"ada"', '"Ada Lab"'), "slug"),
        (GOOD.replace('"official"', '"scraped"'), "kind 'scraped'"),
        (GOOD.replace("http://127", "file://127"), "not an http"),
        (GOOD.replace("9\n", '"9"\n'), "alarm_days"),
        (GOOD.replace("= 9\n", "= true\n"), "alarm_days"),
        (GOOD + GOOD, "both lab:ada"),
    ],
)
def test_a_mistake_is_told_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=says) as raised:
        load_feeds(file)
    assert "\n" not in str(raised.value)
    assert str(file) in str(raised.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load_feeds(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not TOML"):
        load_feeds(tmp_path / "binary.toml")
