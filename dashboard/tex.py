"""Simple TeX for the pages; mails show titles too, so the work is done in `staycurrent.tex`."""

from __future__ import annotations

from staycurrent.i18n import DEFAULT, language
from staycurrent.tex import plain as plain
from staycurrent.tex import readable as readable


def isolated(text: str) -> str:
    """`readable` as an element of its own, so that its writing direction stays within; called English where the page is not.

    arXiv asks for titles and abstracts in English, and nearly all posts of the labs are.
    """
    foreign = "" if language() == DEFAULT else f' lang="{DEFAULT}"'
    return f"<bdi{foreign}>{readable(text)}</bdi>"
