"""Cards: what a source writes cannot become markup, and what is not known is not claimed."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import address, cards, tex
from staycurrent.reading.monthly import Placed
from staycurrent.types import ItemView, Kind, LabEvidence, Repository, TopicScore

ITEM = ItemView(
    row=1,
    id="2605.00001",
    kind=Kind.PAPER,
    arxiv_id="2605.00001",
    doi=None,
    title="A plain title",
    authors=("Ada", "Ben", "Cy", "Di", "Ed"),
    abstract="An abstract.",
    url="https://arxiv.org/abs/2605.00001",
    categories=("cs.LG",),
    comment=None,
    published=None,
    updated=None,
    listed_on=date(2026, 5, 4),
    version=1,
    withdrawn=False,
    level=5,
    confidence=0.9,
    unsure=False,
    topics=(TopicScore("linear-algebra", 0.9),),
    labs=(),
    sources=("arxiv", "huggingface", "lab:openai", "paperswithcode"),
    votes=163,
    stars=None,
    repositories=(),
)
ALLOWED = {
    "article",
    "div",
    "span",
    "b",
    "i",
    "h3",
    "a",
    "p",
    "ul",
    "li",
    "details",
    "summary",
    "time",
    "bdi",
    "sup",
    "sub",
    "strong",
}


class Tags(HTMLParser):
    """Which elements a piece of HTML holds, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


def test_a_card_says_what_there_is_to_say() -> None:
    html = cards.card(ITEM)
    for words in ("Language models", "Ada", "and 2 more", "arXiv", "Hugging Face 163 votes", "Papers with Code", "OpenAI feed",
                  "4 May 2026", "Linear algebra", "Abstract"):  # fmt: skip
        assert words in html
    assert 'target="_blank" rel="noopener noreferrer"' in html


@given(st.text(max_size=200), st.text(max_size=60), st.text(max_size=80))
def test_nothing_a_source_writes_becomes_markup(text: str, name: str, url: str) -> None:
    hostile = replace(
        ITEM,
        title=f"<script>{text}</script><img src=x onerror=alert(1)>",
        abstract=f'"><iframe>{text}',
        authors=(name, f"<b onclick=x>{name}"),
        url=url,
        labs=(LabEvidence(f'"{name}', "curated", f"'><u>{text}", 0.5),),
        repositories=(Repository(url),),
        sources=(f"lab:<{name}>",),
    )
    tags = Tags(cards.placed(Placed(1, hostile, 0.5, {"votes": f"<em>{text}"}), 1))
    assert tags.names <= ALLOWED
    assert not {a for a in tags.attributes if a.startswith("on")}
    assert all(link.startswith(("https://", "http://", "./item?")) for link in tags.links)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "//evil.example", "ftp://a", "http://", "https://[bad"],
)
def test_only_plain_web_addresses_are_linked(url: str) -> None:
    assert address.outside(url) is None
    assert Tags(cards.card(replace(ITEM, url=url))).links == ["./item?id=2605.00001", "./item?id=2605.00001"]


def test_marks_that_turn_the_reading_direction_stay_within_the_title() -> None:
    html = cards.title(replace(ITEM, title="\u202egnp.exe Safe title"))
    assert "<bdi>\u202egnp.exe Safe title</bdi>" in html


def test_an_inferred_lab_is_called_inferred() -> None:
    stated = LabEvidence("qwen", "organization", "Hugging Face: Qwen", 0.9)
    guessed = LabEvidence("google-deepmind", "author-team", "Gemini Team", 0.99)
    html = cards.badges(replace(ITEM, labs=(guessed, stated)))
    assert html.index("Qwen") < html.index("Google DeepMind")
    assert html.count("<i>inferred</i>") == 1
    assert "Gemini Team" in html


def test_the_best_evidence_of_a_lab_is_what_a_source_states() -> None:
    both = (LabEvidence("qwen", "author-team", "a", 0.99), LabEvidence("qwen", "organization", "b", 0.9))
    assert [e.method for e in cards.best_evidence(both)] == ["organization"]


def test_doubt_and_withdrawal_are_said() -> None:
    html = cards.card(replace(ITEM, unsure=True, confidence=0.41, withdrawn=True))
    assert "Unsure (41%)" in html
    post = cards.card(replace(ITEM, kind=Kind.POST, unsure=True, confidence=0.99))
    assert "Unsure</span>" in post
    assert "99%" not in post
    assert "Withdrawn" in html
    assert "Not classified yet" in cards.card(replace(ITEM, level=None, confidence=None, unsure=True))


def test_the_authors_own_code_comes_before_more_starred_code() -> None:
    own, other = Repository("https://github.com/a/own", 5, official=True), Repository("https://github.com/b/other", 900)
    assert 'href="https://github.com/a/own"' in cards.marks(replace(ITEM, repositories=(other, own)))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"Sorting in $O(n^2)$", "Sorting in O(n<sup>2</sup>)"),
        (r"$\alpha$-divergence and $L_{2}$ norms", "α-divergence and L<sub>2</sub> norms"),
        (r"\emph{Really} \textbf{bold}", "Really bold"),
        (r"G\"odel, Erd\H{o}s and Fran{\c c}ois", "Gödel, Erdős and François"),
        (r"5\% better & 1{,}000 faster", "5% better &amp; 1,000 faster"),
        ("Prices from $5 to $9", "Prices from $5 to $9"),
        ("$k$-means", "k-means"),
        (r"$\mathcal{O}(\log n)$", "O(log n)"),
        (r"$x < y$ & <b>", "x &lt; y &amp; &lt;b&gt;"),
        ("$N=204$, $p<0.001$, $0.88$, $t+δ$", "N=204, p&lt;0.001, 0.88, t+δ"),
        ("from $-0.5$ to $[n, k]$, $-$6.7% and $O(K|E|)$", "from -0.5 to [n, k], -6.7% and O(K|E|)"),
        ("less than $30 for each run at $n=4$", "less than $30 for each run at n=4"),
        ("at $0.8-$1.5 a run, $5/$9, $2.5 trillion and $13 more", "at $0.8-$1.5 a run, $5/$9, $2.5 trillion and $13 more"),
        (r"\$5 and $k$", "$5 and k"),
        (r"Code: \href{https://example.org/a\_b}{here}", "Code: here (https://example.org/a_b)"),
        (r"at \href{https://example.org/}{https://example.org}", "at https://example.org"),
        (r"\textbf{Fast $x_{1}$ and \emph{slow}}", "Fast x<sub>1</sub> and slow"),
        (r"as \citep[p.~3]{key} and \citet{other} say", "as […] and […] say"),
        (r"{\em Really} \textcolor{red}{new}, \eg a tie~X and 12--17%", "Really new, e.g. a tie X and 12–17%"),
        (r"$x^<$ and $\hat{y}^{-1}$", "x<sup>&lt;</sup> and ŷ<sup>-1</sup>"),
        ("the flag --all", "the flag --all"),
        (r"$x_i < \beta^{2}$", "x<sub>i</sub> &lt; β<sup>2</sup>"),
        (r"\unknowncommand{x} stays", r"\unknowncommand{x} stays"),
        ("", ""),
    ],
)
def test_simple_tex_is_made_readable(written: str, shown: str) -> None:
    assert tex.readable(written) == shown


def test_what_is_a_price_and_what_is_math_is_told_in_page_titles_too() -> None:
    assert tex.plain("Prices from $5 to $9 at $p<0.05$") == "Prices from $5 to $9 at p<0.05"


@pytest.mark.parametrize(
    "piece", ["$", "$x", r"\a{", r"\a{x}", r"\a {{x}", r"\(", r"{\em ", "--", "~", "$5 a", r"\frac{a}{", "^{_", r"\'"]
)
def test_hostile_tex_takes_time_by_its_length_only(piece: str) -> None:
    """A hundred thousand characters, where a quadratic pattern takes minutes."""
    begun = time.process_time()
    tex.readable(piece * (100_000 // len(piece)))
    assert time.process_time() - begun < 3


@given(st.text(alphabet=r"\${}^_<>&'\"`~abHcuv ", max_size=80))
def test_no_tex_becomes_markup_beyond_sup_and_sub(text: str) -> None:
    assert Tags(tex.readable(text)).names <= {"sup", "sub"}
    assert not Tags(tex.readable(text)).attributes
