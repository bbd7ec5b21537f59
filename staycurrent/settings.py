"""Every setting, in one table that is code and documentation at once.

Order of precedence: environment, `.env` in the working directory, the TOML file that `STAYCURRENT_CONFIG` names (else
`staycurrent.toml` in the working directory), the defaults below. Each of the three may also name a file that a secret
is read from, by the same name with `_FILE` at the end. Only the two composition roots (`staycurrent.cli` and
`dashboard`) read this; everything else gets plain arguments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from staycurrent import settings_files
from staycurrent.errors import SettingsError

PREFIX = settings_files.PREFIX
ARXIV_DELAY_FLOOR = 3.0
"""Seconds between two requests that arXiv's terms ask for (info.arxiv.org/help/api/tou, "Rate limits")."""
SHORTEST_TOKEN = 16
FOOTER_LINES = 2
FOOTER_WIDTH = 200
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]{2}|\.[a-z]+-[a-z]+)?")


class Settings(BaseSettings):
    """The product's settings. Field descriptions are the documentation; `tests/test_docs.py` holds them to the README."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,  # `NAME=` in a compose file or `.env` leaves the default
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # a traceback must not show the secrets beside the wrong setting
    )

    database_url: SecretStr = Field(SecretStr(""), description="Database; by default SQLite in `DATA_DIR`")
    data_dir: Path = Field(Path("data"), description="Where the database and locks live")
    host: str = Field("127.0.0.1", description="Address that the web server binds to")
    port: int = Field(8501, ge=0, le=65535, description="Port of the web server; 0 picks a free one")
    public_url: str = Field("", description="Address under which readers reach the product, for links that leave it")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1", "::1"), description="Addresses and networks of proxies whose `X-Forwarded-For` is believed"
    )
    secret_key: SecretStr = Field(SecretStr(""), description="Key that signs tokens; made and kept in `DATA_DIR` if empty")
    oidc_url: str = Field(
        "", description="Optional sign-in: address of an OpenID Connect provider, or of its metadata; needs `PUBLIC_URL`"
    )
    oidc_client_id: str = Field("", description="What the provider calls this installation")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="The secret that goes with it")
    oidc_readers: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Who may sign in: subjects, verified mail addresses, `@domain`; by default all of that provider"
    )
    oidc_admins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Who sees how the installation does: subjects or verified mail addresses, comma-separated"
    )
    contact: str = Field("", description="Mail or web address of the operator; goes into the User-Agent")
    today: date | None = Field(None, description="Replay: pretend that it is this day (UTC)")
    arxiv_oai_url: str = Field("https://oaipmh.arxiv.org/oai", description="arXiv's OAI-PMH address")
    arxiv_api_url: str = Field("https://export.arxiv.org/api/query", description="arXiv's query API")
    arxiv_rss_url: str = Field("https://rss.arxiv.org/rss", description="arXiv's RSS, up to `/rss`")
    arxiv_categories: Annotated[tuple[str, ...], NoDecode] = Field(
        ("cs.LG", "cs.CL", "cs.CV", "cs.AI", "stat.ML"), description="arXiv categories to collect, comma-separated"
    )
    arxiv_delay: float = Field(
        ARXIV_DELAY_FLOOR, ge=0, le=3600, description="Seconds between two arXiv requests; under 3 only for other hosts"
    )
    huggingface_url: str = Field("https://huggingface.co", description="Hugging Face")
    huggingface_token: SecretStr = Field(SecretStr(""), description="Optional token; only raises Hugging Face's quota")
    paperswithcode_url: str = Field("https://paperswithcode.co", description="Papers with Code")
    paperswithcode_archive_url: str = Field("", description="Address of the archived paper-to-code links, for `import`")
    lab_feeds: Path | None = Field(None, description="TOML file of lab feeds; the packaged one by default")
    model_dir: Path | None = Field(
        None, description="Folder of a model of your own, as `train --out` writes it; the packaged one by default"
    )
    smtp_url: SecretStr = Field(SecretStr(""), description="Mail server, `smtps://user:password@host:465`")
    mail_from: str = Field("", description="From address of the digests")
    mail_dir: Path | None = Field(
        None, description="Folder for mails as files where there is no `SMTP_URL`; else in `DATA_DIR`"
    )
    mail_rate: float = Field(10.0, ge=0, le=10_000, description="Mails a second to one domain; 0 sets no bound")
    mail_bounces: str = Field("", description="Address whose `+tag` forms reach `digest bounce`; the return path of mails")
    mail_footer: str = Field(
        "", description="One or two lines at the end of every mail, as who sends it, postal address, and privacy page"
    )
    llm_url: str = Field("", description="Optional: any OpenAI-compatible endpoint for a second opinion")
    llm_model: str = Field("", description="Model to ask there")
    llm_api_key: SecretStr = Field(SecretStr(""), description="Key for that endpoint")
    log_format: Literal["text", "json"] = Field("text", description="Log lines for people or for machines")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Who bears it may read `/metrics`; without it this machine only"
    )
    database_read_url: SecretStr = Field(
        SecretStr(""), description="A PostgreSQL that follows the first one; `web` reads there, and writes to the first"
    )
    database_pool: int = Field(
        20,
        ge=2,
        le=500,
        description="Connections that a process holds to PostgreSQL at most; `up` twice as many",
    )
    worker_jobs: int = Field(2, ge=1, le=64, description="Jobs that a worker does at once, slow sources and others apart")
    worker_beat: float = Field(
        10.0, ge=0.1, le=60, description="Seconds between two signs of life of a worker; after three its jobs go to others"
    )
    schedule_every: float = Field(60.0, ge=0.1, le=3600, description="Seconds between two looks at what is due")
    retention_runs: int = Field(365, ge=0, description="Days for which collector runs are kept; 0 keeps them")
    retention_counts: int = Field(400, ge=0, description="Days for which every day's votes and stars are kept; 0 keeps them")
    retention_answers: int = Field(400, ge=0, description="Days for which answers of older models are kept; 0 keeps them")
    owner_only: bool = Field(
        False,
        description="Only this machine reaches the port, whatever HOST says, as a container's on 127.0.0.1: it is the owner's",
    )
    retention_mails: int = Field(
        400, ge=0, description="Days for which it is kept who was sent which digest when; 0 keeps it. Nothing is sent twice"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        def of_files(names: Mapping[str, Any]) -> InitSettingsSource:
            return InitSettingsSource(settings_cls, settings_files.secrets(names, _secrets()))

        toml = settings_files.toml(set(cls.model_fields), _secrets())
        env, dotenv = _variables(env_settings), _variables(dotenv_settings)
        direct = InitSettingsSource(settings_cls, {k: v for k, v in toml.items() if k in cls.model_fields})
        return init_settings, env_settings, of_files(env), dotenv_settings, of_files(dotenv), direct, of_files(toml)

    @field_validator("arxiv_categories", "trusted_proxies", "oidc_readers", "oidc_admins", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(str(p).strip() for p in parts if str(p).strip()) if isinstance(parts, list | tuple) else parts

    @field_validator("arxiv_categories")
    @classmethod
    def _known_shape(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [c for c in value if not _CATEGORY.fullmatch(c)]
        if wrong or not value:
            raise ValueError(f"not an arXiv category: {', '.join(wrong) or 'nothing given'}")
        return tuple(dict.fromkeys(value))

    @field_validator(
        "arxiv_oai_url",
        "arxiv_api_url",
        "arxiv_rss_url",
        "huggingface_url",
        "paperswithcode_url",
        "public_url",
        "llm_url",
        "oidc_url",
    )
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", value)):
            raise ValueError("not an http(s) address")
        _ = parts.port  # raises ValueError for what is no port
        return value.rstrip("/")

    @field_validator("host")
    @classmethod
    def _one_word(cls, value: str) -> str:
        if not re.fullmatch(r"[\w.:%-]+", value):
            raise ValueError("not an address or a name of this machine")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network)  # raises ValueError, which names it
        return value

    @field_validator("today", mode="before")
    @classmethod
    def _written_as_a_day(cls, value: object) -> object:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if value is not None and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value)):
            raise ValueError("not a day; write it as YYYY-MM-DD")
        return value

    @field_validator("contact", "mail_from", "mail_bounces")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if re.search(r"[\x00-\x1f\x7f]", value) or not value.isascii():
            raise ValueError("must be one line of plain ASCII")
        return value

    @field_validator("mail_footer")
    @classmethod
    def _two_lines(cls, value: str) -> str:
        lines = [line.strip() for line in value.replace("\\n", "\n").splitlines()]
        lines = [line for line in lines if line]
        if len(lines) > FOOTER_LINES or any(len(line) > FOOTER_WIDTH or not line.isprintable() for line in lines):
            raise ValueError(f"must be one or two lines of plain text, of {FOOTER_WIDTH} characters each at most")
        return "\n".join(lines)

    @model_validator(mode="after")
    def _polite(self) -> Settings:
        hosts = (urlsplit(u).hostname or "" for u in (self.arxiv_oai_url, self.arxiv_api_url, self.arxiv_rss_url))
        if self.arxiv_delay < ARXIV_DELAY_FLOOR and any(f".{h.rstrip('.')}".endswith(".arxiv.org") for h in hosts):
            raise ValueError("ARXIV_DELAY under 3 seconds is against arXiv's terms of use")
        return self

    @model_validator(mode="after")
    def _replica_follows(self) -> Settings:
        both = (self.database_url.get_secret_value(), self.database_read_url.get_secret_value())
        if both[1] and not all(url.startswith("postgresql") for url in both):
            raise ValueError("DATABASE_READ_URL must be a PostgreSQL that follows the one in DATABASE_URL")
        return self

    @model_validator(mode="after")
    def _sign_in_is_whole(self) -> Settings:
        needed = {
            "OIDC_CLIENT_ID": self.oidc_client_id,
            "OIDC_CLIENT_SECRET": self.oidc_client_secret.get_secret_value(),
            "PUBLIC_URL": self.public_url,
        }
        missing = [f"{PREFIX}{name}" for name, value in needed.items() if not value]
        if self.oidc_url and missing:
            raise ValueError(f"OIDC_URL needs {', '.join(missing)} too")
        return self

    @field_validator("metrics_token")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < SHORTEST_TOKEN:
            raise ValueError(f"must have at least {SHORTEST_TOKEN} characters")
        return value

    @property
    def is_loopback(self) -> bool:
        """Whether only people at this machine reach the server: a public address says that a proxy brings in strangers."""
        bound = None if self.owner_only else self.host
        return all(_is_local(host) for host in (bound, urlsplit(self.public_url).hostname) if host)

    @property
    def resolved_database_url(self) -> str:
        """The database's address, the default one made out of `data_dir`."""
        given = self.database_url.get_secret_value()
        return given or f"sqlite:///{(self.data_dir / 'staycurrent.db').absolute()}"


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load() -> Settings:
    """Settings from the environment, `.env` and TOML.

    Raises `SettingsError` with one line that names every wrong setting.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_explain(error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"settings cannot be read: {error}") from error


def unknown_names() -> list[str]:
    """Variables with our prefix, in the environment and in `.env`, that are no setting: a slip of the pen, mostly."""
    sources = (EnvSettingsSource(Settings), DotEnvSettingsSource(Settings))
    named = {name for source in sources for name in _variables(source)}
    known = {*Settings.model_fields, "config", *(f"{name}_file" for name in _secrets())}
    return sorted(f"{PREFIX}{name.upper()}" for name in named - known)


def _secrets() -> frozenset[str]:
    return frozenset(name for name, info in Settings.model_fields.items() if info.annotation is SecretStr)


def _variables(source: PydanticBaseSettingsSource) -> dict[str, str]:
    """The variables of the environment or of `.env`, without the prefix, in lower case."""
    found = source.env_vars if isinstance(source, EnvSettingsSource) else {}
    prefix = PREFIX.lower()
    return {name.removeprefix(prefix): value for name, value in found.items() if value and name.startswith(prefix)}


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        name = f"{PREFIX}{str(problem['loc'][0]).upper()}: " if problem["loc"] else ""
        lines.append(f"{name}{problem['msg'].removeprefix('Value error, ')}")
    return "settings: " + "; ".join(lines)
