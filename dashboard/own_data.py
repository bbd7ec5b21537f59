"""What is kept of the reader of a page, and the form that erases it. Pure: values in, escaped HTML out."""

from __future__ import annotations

from html import escape

from dashboard import pieces, words
from staycurrent.i18n import Nn_, ngettext, number
from staycurrent.i18n import gettext as _
from staycurrent.store.erasing import NOTHING, Kept

COUNTED = {
    "marks": Nn_("{n} mark", "{n} marks"),
    "notes": Nn_("{n} note", "{n} notes"),
    "tags": Nn_("{n} tag", "{n} tags"),
    "dislikes": Nn_("{n} thing you want less of", "{n} things you want less of"),
    "corrections": Nn_("{n} corrected level", "{n} corrected levels"),
}


def section(kept: Kept) -> str:
    """What is kept, and how to be rid of it."""
    if kept == NOTHING:
        body = f'<p class="sc-prose">{escape(_("Nothing is kept of you."))}</p>'
    else:
        said = _("Kept of you: {things}.").format(things=words.listing(_things(kept)))
        body = f'<p class="sc-prose">{escape(said)}</p>{_form()}'
    return pieces.section(_("What you left here"), body)


def _things(kept: Kept) -> list[str]:
    counts = [(forms, getattr(kept, name)) for name, forms in COUNTED.items()]
    said = [ngettext(*forms, n).format(n=number(n)) for forms, n in counts if n]
    said += [_("the start of your plan")] if kept.has_plan else []
    return said + ([_("when you were here last")] if kept.visits else [])


def _form() -> str:
    """Two steps, the fold and the box; the server asks for the box, too."""
    about = _(
        "All of it goes at once and for good. The levels that you corrected are given back to the classifier. "
        "A digest by mail is not touched: each mail has a link that ends it."
    )
    sure = _("Yes, erase everything that I left here.")
    return (
        f'<details class="sc-numbers sc-erase"><summary>{escape(_("Erase all of it …"))}</summary>'
        f'<p class="sc-prose">{escape(about)}</p>'
        f'<form method="post" action="./erase"><label><input type="checkbox" name="sure" value="1" required> {escape(sure)}'
        f'</label><button type="submit">{escape(_("Erase"))}</button></form></details>'
    )
