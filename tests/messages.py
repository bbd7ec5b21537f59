"""Every message of the code into the German catalogue: `./run messages`, then translate what is new.

The catalogue holds no dates and no line numbers, so that it changes only where a text does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from staycurrent import i18n

ROOT = Path(__file__).parents[1]
CODE = ("staycurrent", "classifier", "collector", "dashboard")
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2), "Nn_": (1, 2)}
METHOD = [("**.py", "tests.messages:calls")]
Found = tuple[int, str, tuple[str | None, ...], list[str]]
"""Line, function, its arguments (None for what is no plain text), comments: as Babel wants it."""
GERMAN = i18n.FOLDER / "de" / "LC_MESSAGES" / f"{i18n.DOMAIN}.po"


def template() -> Catalog:
    """All messages of the code as it is."""
    found = Catalog(project="staycurrent", charset="utf-8", fuzzy=False)
    for folder in CODE:
        for path, _line, message, _comments, _context in extract_from_dir(ROOT / folder, METHOD, keywords=KEYWORDS):
            found.add(message, locations=[(f"{folder}/{path}", 0)])
    return found


def calls(source: IO[bytes], keywords: Iterable[str], comment_tags: object, options: object) -> Iterator[Found]:
    """An extractor for Babel, whose own for Python sees nothing inside an f-string before Python 3.12."""
    for node in _in_order(ast.parse(source.read())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in keywords:
            texts = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else None for a in node.args]
            if texts:
                yield node.lineno, node.func.id, tuple(texts), []


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """The tree in the order of its text."""
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)


def catalogue(path: Path = GERMAN) -> Catalog:
    """A catalogue as it is written; an empty one where there is none yet."""
    if not path.exists():
        return Catalog(locale="de", project="staycurrent", charset="utf-8", fuzzy=False)
    with path.open("rb") as source:
        return read_po(source, locale="de")


def updated(path: Path = GERMAN) -> bytes:
    """The catalogue with every message of the code, and with none that is gone."""
    known = catalogue(path)
    found = template()
    found.locale = known.locale
    for message in found:
        old = known.get(message.id) if message.id else None
        if old is not None and old.pluralizable == message.pluralizable:
            message.string = old.string
    written = BytesIO()
    write_po(written, found, width=0, omit_header=False, include_lineno=False, sort_output=False, sort_by_file=True)
    kept = [line for line in written.getvalue().splitlines() if not line.startswith(_VARYING) and line != b"#"]
    return b"\n".join(kept).strip() + b"\n"


def forms(text: object) -> list[str]:
    """A message or its translation as a list: of one, or of all its forms for numbers."""
    return [str(form or "") for form in text] if isinstance(text, list | tuple) else [str(text or "")]


_VARYING = (
    b'"POT-Creation-Date',
    b'"PO-Revision-Date',
    b'"Last-Translator',
    b'"Report-Msgid',
    b'"Language-Team',
    b'"Generated-By',
    b"# ",
)


def main() -> None:
    GERMAN.parent.mkdir(parents=True, exist_ok=True)
    GERMAN.write_bytes(updated())
    missing = [message for message in catalogue() if message.id and not all(forms(message.string))]
    for message in missing:
        print(f"no German yet: {forms(message.id)[0]}")  # noqa: T201
    print(f"{len(template())} messages, {len(missing)} without German")  # noqa: T201


if __name__ == "__main__":
    main()
