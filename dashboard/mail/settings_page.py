"""What the preferences page does with the digests of an address."""

from __future__ import annotations

import json
from http import HTTPStatus

from dashboard.mail import fields, links, pages, preferences
from dashboard.mail.pages import Button, Notice
from dashboard.mail.preferences import CHANGEABLE, RUNNING, Attempt
from dashboard.mail.visit import Answer, Visit
from staycurrent.digest import accounts
from staycurrent.digest.accounts import Preferences
from staycurrent.digest.tokens import TokenError
from staycurrent.errors import UsageError
from staycurrent.i18n import N_, speaking
from staycurrent.i18n import gettext as _
from staycurrent.store.subscribers import Kind, State, Subscription

_DONE = {
    "change": N_("Saved. It counts from the next digest on."),
    "pause": N_("Paused. Nothing is sent until you go on."),
    "resume": N_("It goes on, at its next time."),
    "leave": N_("Stopped. Nothing more of it is sent."),
    "leave-all": N_("All stopped. Nothing more is sent."),
}
_MOVES = {"pause": accounts.pause, "resume": accounts.resume, "leave": accounts.leave}


def show(visit: Visit) -> Answer:
    """The page, or what its form asks for. Raises `TokenError`."""
    found = accounts.preferences(visit.engine, visit.keys, visit.token, visit.now)
    with speaking(found.digests[0].plan.language):
        if visit.form is None:
            return Answer(preferences.page(found, visit.home, said=_(_DONE[visit.done]) if visit.done in _DONE else ""))
        return _done(visit, found)


def _done(visit: Visit, found: Preferences) -> Answer:
    action = visit.action
    if action in _MOVES:
        _MOVES[action](visit.engine, visit.keys, visit.token, visit.now, uid=_named(visit, found).uid)
        return _back(action)
    if action == "leave-all":
        for digest in (d for d in found.digests if d.state in RUNNING):
            accounts.leave(visit.engine, visit.keys, visit.token, visit.now, uid=digest.uid)
        return _back(action)
    others = {"change": _change, "again": _again, "export": _export, "erase": _ask_to_erase, "erase-sure": _erase}
    if action not in others:
        text = preferences.page(found, visit.home, said=_("Nothing was changed."))
        return Answer(text, HTTPStatus.BAD_REQUEST)
    return others[action](visit, found)


def _named(visit: Visit, found: Preferences) -> Subscription:
    """The digest that the form is about."""
    uid = (visit.form or {}).get("digest", [""])[-1]
    named = next((d for d in found.digests if d.uid == uid), None)
    if named is None:
        raise TokenError("this digest is not there any more", expired=True)
    return named


def _back(action: str) -> Answer:
    """To the page itself, so that reloading it asks for nothing twice."""
    return Answer(status=HTTPStatus.SEE_OTHER, location=f"?done={action}")


def _change(visit: Visit, found: Preferences) -> Answer:
    digest, written = _named(visit, found), fields.of_form(visit.form or {})
    if digest.state not in CHANGEABLE:
        text = preferences.page(found, visit.home, said=_("Nothing was changed."))
        return Answer(text, HTTPStatus.BAD_REQUEST)
    chosen = fields.choice(written, digest.plan)
    if isinstance(chosen, dict):
        return _wrong(visit, found, Attempt(digest.uid, written, chosen), _("Nothing was saved yet: see below."))
    try:
        accounts.change(visit.engine, visit.keys, visit.token, chosen, visit.now, uid=digest.uid)
    except TokenError:
        raise
    except UsageError:  # every field is sound by itself, so it is the digest as a whole
        return _wrong(visit, found, Attempt(digest.uid, written), _("Nothing was saved: another of your digests is like this."))
    return _back("change")


def _wrong(visit: Visit, found: Preferences, attempt: Attempt, said: str) -> Answer:
    return Answer(preferences.page(found, visit.home, said=said, attempt=attempt), HTTPStatus.BAD_REQUEST)


def _again(visit: Visit, found: Preferences) -> Answer:
    digest = _named(visit, found)
    if digest.kind is Kind.MAIL and digest.state is State.UNSUBSCRIBED:
        asked = fields.again(digest.plan)
        accounts.request(visit.engine, visit.keys, digest.address or "", asked, client=visit.client, now=visit.now)
    return Answer(pages.notice(links.asked_again(), visit.home))


def _export(visit: Visit, _found: Preferences) -> Answer:
    data = accounts.export(visit.engine, visit.keys, visit.token, visit.now)
    text = json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n"
    return Answer(text, media_type="application/json", attachment="staycurrent-digest.json")


def _ask_to_erase(visit: Visit, found: Preferences) -> Answer:
    gone = _("All digests to {address} stop. The address, what you chose and what you were sent are forgotten for good.")
    stays = _("What stays is a fingerprint that tells nobody the address: it keeps lists from bringing it back.")
    texts = (gone.format(address=found.masked), stays)
    button = Button("erase-sure", _("Yes, erase it"), "grave")
    shown = Notice(_("Erase your address?"), texts, buttons=(button,), links=(("?", _("No, go back")),))
    return Answer(pages.notice(shown, visit.home))


def _erase(visit: Visit, _found: Preferences) -> Answer:
    accounts.erase(visit.engine, visit.keys, visit.token, visit.now)
    text = _("Nothing is sent any more. The links in mails that you have no longer work.")
    return Answer(
        pages.notice(Notice(_("Your address is erased"), (text,), links=((visit.home, _("This month's reading")),)), visit.home)
    )
