"""What the links of a mail do: confirming and unsubscribing. A GET only looks, since scanners of mails open every link."""

from __future__ import annotations

from http import HTTPStatus

from dashboard import words
from dashboard.mail import fields, pages, told
from dashboard.mail.pages import Button, Notice
from dashboard.mail.visit import Answer, Visit
from staycurrent.digest import accounts, addresses
from staycurrent.digest.tokens import Purpose, TokenError
from staycurrent.i18n import gettext as _
from staycurrent.i18n import language, speaking
from staycurrent.store.subscribers import Kind, State, Subscription


def confirm(visit: Visit) -> Answer:
    """Ask for the yes, or take it. Raises `TokenError`."""
    if visit.form is not None:
        digest = accounts.confirm(visit.engine, visit.keys, visit.token, visit.now)
        with speaking(digest.plan.language):
            return _told(visit, _confirmed(visit, digest, _("Done: you get the digest")))
    digest, waits = accounts.question(visit.engine, visit.keys, visit.token, visit.now)
    with speaking(digest.plan.language):
        if waits:
            return _told(visit, _question(digest))
        if digest.state is State.ACTIVE:
            return _told(visit, _confirmed(visit, digest, _("You get this digest already")))
        raise TokenError("this link does not count any more; ask for the digest again", expired=True)


def _question(digest: Subscription) -> Notice:
    text = _("One press, and it comes. If it was not you who asked for it, close this page, and nothing is sent.")
    if digest.state is State.ACTIVE:
        text = _("You get it already, and one press makes it like this. If it was not you who asked, close this page.")
    return Notice(
        _("Do you want this digest?"),
        (text,),
        _facts(digest, quoting=False),  # anybody may have asked for it to this address, in any words
        (Button("confirm", _("Yes, send it"), "first"),),
    )


def _confirmed(visit: Visit, digest: Subscription, title: str) -> Notice:
    links = ((visit.preferences(digest.uid), _("Change what you get")), (visit.home, _("This month's reading")))
    return Notice(title, (told.state(digest),), _facts(digest, quoting=False), links=links)


def unsubscribe(visit: Visit) -> Answer:
    """Ask whether to stop, stop, or ask for the digest again. Raises `TokenError` for a token that is not ours."""
    try:
        if visit.form is None:
            return _looked(visit)
        if visit.action == "again":
            return _again(visit)
        if visit.action == "link":
            return _link(visit)
        digest = accounts.unsubscribe(visit.engine, visit.keys, visit.token, visit.now)
    except TokenError as error:
        if not error.expired:
            raise
        return _told(visit, _nothing_left())  # its owner had it erased; whoever wants no mail has got what they want
    with speaking(digest.plan.language):
        return _told(visit, _stopped(visit, digest))


def _looked(visit: Visit) -> Answer:
    digest = accounts.look(visit.engine, visit.keys, Purpose.UNSUBSCRIBE, visit.token, visit.now)
    with speaking(digest.plan.language):
        if digest.state in (State.UNSUBSCRIBED, State.SUPPRESSED):
            return _told(visit, _stopped(visit, digest))
        button = Button("unsubscribe", _("Unsubscribe"), "first")
        text = _("One press, and nothing more of it is sent.")
        return _told(visit, Notice(_("Stop this digest?"), (text,), _facts(digest), (button,)))


def _stopped(visit: Visit, digest: Subscription) -> Notice:
    can_return = digest.kind is Kind.MAIL and digest.state is State.UNSUBSCRIBED
    return Notice(
        _("You are unsubscribed"),
        (_("Nothing more of this digest is sent. If it was a mistake, you can have it again."),)
        if can_return
        else (_("Nothing more of this digest is sent."),),
        _facts(digest),
        (Button("again", _("Get it again")), Button("link", _("Mail me the way to all my digests"))) if can_return else (),
        ((visit.home, _("This month's reading")),),
    )


def decline(visit: Visit) -> Answer:
    """Ask whether nobody is to ask again, see to it, or take it back. Raises `TokenError`."""
    if visit.form is not None:
        deed = accounts.undo_declining if visit.action == "allow" else accounts.decline
        deed(visit.engine, visit.keys, visit.token, visit.now)
    digest, is_declined = accounts.look_at_declining(visit.engine, visit.keys, visit.token, visit.now)
    with speaking(digest.plan.language if digest and digest.address else language()):
        return _told(visit, _never(digest) if is_declined else _ask_whether_never(digest))


def _ask_whether_never(digest: Subscription | None) -> Notice:
    return Notice(
        _("Never ask this address again?"),
        (_("Whoever asks for a digest here, no mail asks you for a yes any more. Digests that you get go on."),),
        _to(digest),
        (Button("decline", _("Never ask again"), "first"),),
    )


def _never(digest: Subscription | None) -> Notice:
    texts = (
        _("This address is not asked any more, whoever asks for a digest here."),
        _("Only a fingerprint that tells nobody the address is kept for it."),
    )
    return Notice(_("You are not asked again"), texts, _to(digest), (Button("allow", _("I may be asked again")),))


def _to(digest: Subscription | None) -> tuple[tuple[str, str], ...]:
    return ((_("To"), addresses.mask(digest.address)),) if digest and digest.address else ()


def _nothing_left() -> Notice:
    return Notice(_("You are unsubscribed"), (_("Nothing is sent, and nothing is kept of your address."),))


def _again(visit: Visit) -> Answer:
    """Coming back needs a yes from the mailbox, as the first time: an old link may be in anybody's hands."""
    digest = accounts.look(visit.engine, visit.keys, Purpose.UNSUBSCRIBE, visit.token, visit.now)
    with speaking(digest.plan.language):
        if digest.kind is Kind.MAIL and digest.state is State.UNSUBSCRIBED:
            asked = fields.again(digest.plan)
            accounts.request(visit.engine, visit.keys, digest.address or "", asked, client=visit.client, now=visit.now)
        return _told(visit, asked_again())


def _link(visit: Visit) -> Answer:
    """The preferences need a link from the mailbox: a link for leaving never ends, and may be in anybody's hands."""
    digest = accounts.look(visit.engine, visit.keys, Purpose.UNSUBSCRIBE, visit.token, visit.now)
    with speaking(digest.plan.language):
        accounts.send_link(visit.engine, visit.keys, visit.token, client=visit.client, now=visit.now)
        text = _("If this address can get mail, a link is on its way that opens all your digests.")
        return _told(visit, Notice(_("Look into your mailbox"), (text,)))


def asked_again() -> Notice:
    """The same whether a mail goes out or not."""
    return Notice(
        _("One more step"),
        (_("If this address can get mail, a confirmation is on its way. The digest comes once you open the link in it."),),
    )


def unusable(visit: Visit, error: TokenError) -> Answer:
    """The page for a link that does not count, with the way on."""
    way = ((f"{visit.home}digest", _("Ask for the digest")),)
    if error.expired:
        text = _("It is too old, or was replaced by a newer one. The newest mail has a link that works; or ask again.")
        return _told(visit, Notice(_("This link no longer works"), (text,), links=way), HTTPStatus.GONE)
    text = _("Perhaps a part of it was lost on the way: open it from the mail once more, whole. Or ask for a new one.")
    return _told(visit, Notice(_("This link is not one of ours"), (text,), links=way), HTTPStatus.NOT_FOUND)


def refused(visit: Visit, status: HTTPStatus, title: str, text: str) -> Answer:
    """A page that says why not."""
    return _told(visit, Notice(title, (text,)), status)


def _facts(digest: Subscription, *, quoting: bool = True) -> tuple[tuple[str, str], ...]:
    return (
        (_("To"), addresses.mask(digest.address)),
        (_("What"), words.sentence(told.what(digest.plan, quoting=quoting))),
        (_("When"), told.when(digest.plan)),
        *([(_("Time for it"), words.minutes(digest.plan.minutes))] if digest.plan.minutes else []),
    )


def _told(visit: Visit, shown: Notice, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(pages.notice(shown, visit.home), status)
