"""Settings: from four places in a fixed order, and each mistake is one line that names the setting and shows no secret."""

from __future__ import annotations

import traceback
from datetime import date
from pathlib import Path

import pytest

from staycurrent.errors import SettingsError
from staycurrent.settings import Settings, load, unknown_names

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Each test has a working directory of its own, without any setting."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STAYCURRENT_DATA_DIR")
    return tmp_path


def put(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"STAYCURRENT_{name.upper()}", value)


def refusal() -> str:
    with pytest.raises(SettingsError) as refused:
        load()
    shown = "".join(traceback.format_exception(refused.value))
    assert SECRET not in shown, "not even in the traceback"
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_without_any_setting_the_defaults_hold(tmp_path: Path) -> None:
    settings = load()
    assert settings.port == 8501
    assert settings.arxiv_categories == ("cs.LG", "cs.CL", "cs.CV", "cs.AI", "stat.ML")
    assert settings.arxiv_delay == 3
    assert settings.today is None
    assert settings.resolved_database_url == f"sqlite:///{tmp_path / 'data' / 'staycurrent.db'}"


def test_the_four_places_in_their_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n")
    (tmp_path / "staycurrent.toml").write_text('secret_key = "from-toml"\ncontact = "toml"\nhost = "toml"\nport = 1\n')
    (tmp_path / ".env").write_text("STAYCURRENT_SECRET_KEY=from-dotenv\nSTAYCURRENT_CONTACT=dotenv\nSTAYCURRENT_HOST=dotenv\n")
    put(monkeypatch, host="env", secret_key_file=str(tmp_path / "key"))
    settings = load()
    assert (settings.host, settings.contact, settings.port) == ("env", "dotenv", 1)
    assert settings.secret_key.get_secret_value() == "from-file"
    put(monkeypatch, secret_key="from-env")
    assert load().secret_key.get_secret_value() == "from-env"


def test_a_named_settings_file_stands_in_for_the_usual_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "staycurrent.toml").write_text("port = 1")
    (tmp_path / "other.toml").write_text('PORT = 2\ntoday = 2026-05-20\narxiv_categories = ["cs.LG", "hep-th"]')
    put(monkeypatch, config="other.toml")
    settings = load()
    assert (settings.port, settings.today, settings.arxiv_categories) == (2, date(2026, 5, 20), ("cs.LG", "hep-th"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("port = ", "not TOML"),
        ("= 1", "not TOML"),
        ("prot = 1", "unknown settings: 'prot'"),
        ('"a\\nb" = 1', "unknown settings"),
        ('port = "many"', "STAYCURRENT_PORT"),
        ("port = 70000", "STAYCURRENT_PORT"),
        ("host = 5", "STAYCURRENT_HOST"),
        (f'secret_key = ["{SECRET}"]', "STAYCURRENT_SECRET_KEY"),
        (f'secret_key = "{SECRET}"\nport = -1', "STAYCURRENT_PORT"),
        (f'secret_key = "{SECRET}\n', "not TOML"),
        ("arxiv_categories = 5", "STAYCURRENT_ARXIV_CATEGORIES"),
        ("today = 2026-05-20T10:00:00", "STAYCURRENT_TODAY"),
        ("today = 0", "STAYCURRENT_TODAY"),
    ],
)
def test_a_wrong_settings_file_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "staycurrent.toml").write_text(text)
    assert said in refusal()


def test_a_settings_file_that_cannot_be_read_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put(monkeypatch, config="missing.toml")
    assert "missing.toml cannot be read" in refusal()
    put(monkeypatch, config=str(tmp_path))
    assert "cannot be read" in refusal()
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    put(monkeypatch, config="bytes.toml")
    assert "bytes.toml cannot be read" in refusal()


def test_a_dotenv_of_other_bytes_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"STAYCURRENT_HOST=\xff\n")
    assert "cannot be read" in refusal()


def test_a_missing_secret_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put(monkeypatch, smtp_url_file=str(tmp_path / "nowhere"))
    assert "STAYCURRENT_SMTP_URL_FILE cannot be read" in refusal()


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (".env", "STAYCURRENT_SECRET_KEY_FILE=key"),
        (".env", "staycurrent_secret_key_file=key"),
        ("staycurrent.toml", 'secret_key_file = "key"'),
    ],
)
def test_a_secret_file_may_be_named_wherever_settings_stand(tmp_path: Path, file: str, line: str) -> None:
    (tmp_path / "key").write_text("from-file\n")
    (tmp_path / file).write_text(f"{line}\n")
    assert load().secret_key.get_secret_value() == "from-file"


def test_a_secret_itself_goes_before_the_name_of_a_file_beside_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n")
    (tmp_path / ".env").write_text("STAYCURRENT_SECRET_KEY=from-dotenv\nSTAYCURRENT_SECRET_KEY_FILE=key\n")
    assert load().secret_key.get_secret_value() == "from-dotenv"
    put(monkeypatch, secret_key_file="key")
    assert load().secret_key.get_secret_value() == "from-file", "the environment, before all of .env"


def test_an_empty_secret_file_is_no_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(" \n")
    put(monkeypatch, database_url_file="url")
    assert refusal() == "STAYCURRENT_DATABASE_URL_FILE: url is empty"


def test_names_that_nothing_reads_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("STAYCURRENT_PROT=1\nSTAYCURRENT_HOST_FILE=x\nSTAYCURRENT_SECRET_KEY_FILE=\nOTHER=1\n")
    put(monkeypatch, contct="me", config="x.toml", contact="me")
    assert unknown_names() == ["STAYCURRENT_CONTCT", "STAYCURRENT_HOST_FILE", "STAYCURRENT_PROT"]


@pytest.mark.parametrize("value", ["not a host", "http://127.0.0.1", "127.0.0.1/8", "a;b"])
def test_a_host_is_a_name_or_an_address(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    put(monkeypatch, host=value)
    assert "STAYCURRENT_HOST" in refusal()


@pytest.mark.parametrize("value", ["::1", "0.0.0.0", "fe80::1%eth0", "my-host.example.org", "localhost"])
def test_a_host_may_be_written_in_any_usual_way(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    put(monkeypatch, host=value)
    assert load().host == value


@pytest.mark.parametrize(
    ("first", "second"),
    [("", "postgresql://db/x"), ("sqlite:///x.db", "postgresql://db/x"), ("postgresql://db/x", f"mysql://me:{SECRET}@db")],
)
def test_a_replica_is_of_postgresql(monkeypatch: pytest.MonkeyPatch, first: str, second: str) -> None:
    put(monkeypatch, database_url=first, database_read_url=second)
    assert "DATABASE_READ_URL must be a PostgreSQL" in refusal()


def test_only_secrets_come_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "host").write_text("example.org")
    put(monkeypatch, host_file=str(tmp_path / "host"))
    assert load().host == "127.0.0.1"


@pytest.mark.parametrize("value", ["0", "2.9"])
@pytest.mark.parametrize(
    "address", ["https://oaipmh.arxiv.org/oai", "https://arxiv.org/oai", "http://EXPORT.ARXIV.ORG.:80/oai"]
)
def test_arxiv_is_never_asked_faster_than_its_terms_allow(monkeypatch: pytest.MonkeyPatch, value: str, address: str) -> None:
    local = "http://127.0.0.1:9000"
    put(monkeypatch, arxiv_oai_url=address, arxiv_api_url=local, arxiv_rss_url=local, arxiv_delay=value)
    assert "ARXIV_DELAY" in refusal()


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "notarxiv.org", "arxiv.org.example.net"])
def test_other_hosts_may_be_asked_faster(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    address = f"http://{host}/oai/"
    put(monkeypatch, arxiv_oai_url=address, arxiv_api_url=address, arxiv_rss_url=address, arxiv_delay="0")
    assert load().arxiv_delay == 0
    assert load().arxiv_oai_url == f"http://{host}/oai", "without the slash at the end"


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "4000", "soon"])
def test_a_delay_is_a_number_of_seconds(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    put(monkeypatch, arxiv_delay=value)
    assert "STAYCURRENT_ARXIV_DELAY" in refusal()


def test_categories_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, arxiv_categories=" cs.LG, stat.ML,,cs.LG,hep-th,cond-mat.dis-nn ")
    assert load().arxiv_categories == ("cs.LG", "stat.ML", "hep-th", "cond-mat.dis-nn")


@pytest.mark.parametrize("value", [",", "cs.lgx", "CS.LG", "cs.LG;cs.CL", "../etc", "cs.LG cs.CL"])
def test_what_is_no_category_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    put(monkeypatch, arxiv_categories=value)
    assert "STAYCURRENT_ARXIV_CATEGORIES: not an arXiv category" in refusal()


@pytest.mark.parametrize("value", ["yesterday", "2026-5-1", "2026-02-30", "0", "20260520", "2026-05-20T00:00:00", "٢٠٢٦-٠٥-٢٠"])
def test_today_is_a_day(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    put(monkeypatch, today=value)
    assert "STAYCURRENT_TODAY" in refusal()


def test_an_empty_variable_leaves_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, **dict.fromkeys(Settings.model_fields, ""))
    assert load() == Settings.model_construct(**{n: f.get_default() for n, f in Settings.model_fields.items()})


@pytest.mark.parametrize(
    "value",
    [
        "ftp://example.org",
        "example.org",
        "http://",
        "http://[x",
        "javascript:alert(1)",
        "http://h:99999",
        "http://h:x/y",
        "http://a b",
    ],
)
@pytest.mark.parametrize("name", ["huggingface_url", "public_url", "llm_url", "arxiv_rss_url"])
def test_an_address_is_http(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    put(monkeypatch, **{name: value})
    assert f"STAYCURRENT_{name.upper()}" in refusal()


@pytest.mark.parametrize("value", ["a\nBcc: b", "ä@example.org", "a\x7fb"])
def test_what_goes_into_headers_is_one_line_of_ascii(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    put(monkeypatch, contact=value)
    assert "STAYCURRENT_CONTACT" in refusal()


def test_all_wrong_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, port="x", log_format="xml")
    said = refusal()
    assert "STAYCURRENT_PORT" in said
    assert "STAYCURRENT_LOG_FORMAT" in said


def test_secrets_show_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, database_url=f"postgresql://me:{SECRET}@db/x", smtp_url=SECRET, secret_key=SECRET, llm_api_key=SECRET)
    settings = load()
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert settings.resolved_database_url == f"postgresql://me:{SECRET}@db/x"
    put(monkeypatch, arxiv_delay="1", huggingface_token=SECRET)
    refusal()


def test_settings_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Club, 1 Main Street", "Club, 1 Main Street"),
        ("Club\\nhttps://example.org/privacy", "Club\nhttps://example.org/privacy"),
        (" Club \r\n\r\n Straße 1 \n", "Club\nStraße 1"),
    ],
)
def test_a_footer_has_one_or_two_lines(monkeypatch: pytest.MonkeyPatch, given: str, kept: str) -> None:
    monkeypatch.setenv("STAYCURRENT_MAIL_FOOTER", given)
    assert load().mail_footer == kept


@pytest.mark.parametrize("given", ["a\nb\nc", "x" * 201, "a\x1bb", "a\u202eb"])
def test_a_footer_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("STAYCURRENT_MAIL_FOOTER", given)
    with pytest.raises(SettingsError, match="MAIL_FOOTER: must be one or two lines"):
        load()
